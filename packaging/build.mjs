// Builds dist/: the programs by tsc, the console by Vite. Needs node_modules.
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

function step(name, command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], shell: false })
  if (status !== 0) {
    console.error(`build: ${name} failed${error ? `: ${error.message}` : ''}`)
    process.exit(1)
  }
}

const bin = (path) => fileURLToPath(new URL(`../node_modules/${path}`, import.meta.url))
step('tsc', process.execPath, [bin('typescript/bin/tsc'), '-p', 'tsconfig.json'])
if (existsSync(new URL('../console/vite.config.ts', import.meta.url))) {
  step('vite', process.execPath, [bin('vite/bin/vite.js'), 'build', '--config', 'console/vite.config.ts', '--logLevel', 'warn'])
}
const { loadProfiles } = await import('../dist/core/profile/parse.js')
const { data, issues } = await loadProfiles([fileURLToPath(new URL('../config/profiles', import.meta.url))])
for (const issue of issues) console.error(`${issue.file}:${issue.line}:${issue.col} ${issue.path}: ${issue.message}`)
if (issues.some((issue) => issue.level === 'error')) process.exit(1)
writeFileSync(new URL('../dist/profiles.json', import.meta.url), JSON.stringify(data))

chmodSync(new URL('../dist/cli/main.js', import.meta.url), 0o755)
writeFileSync(new URL('../dist/.built', import.meta.url), '')
