// Brings a fresh clone to the point where it runs: dependencies installed, dist/ built. Does only what is missing or out of date.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const SOURCES = [
  'cli',
  'agent',
  'collector',
  'broker',
  'alarm',
  'notify',
  'probes',
  'protocols',
  'core',
  'console',
  'bench',
  'tsconfig.json',
  'package.json',
]

function run(what, command, args) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  })
  if (status !== 0) {
    console.error(`${what} failed${error ? `: ${error.message}` : ` (exit code ${status})`}`)
    process.exit(1)
  }
}

const modified = (path) => {
  try {
    return statSync(path).mtimeMs
  } catch {
    return 0
  }
}

function newest(path) {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (!stat) return 0
  if (!stat.isDirectory()) return stat.mtimeMs
  return readdirSync(path).reduce((latest, name) => Math.max(latest, newest(join(path, name))), 0)
}

export function prepare() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(`jifang needs Node.js 20.19 or newer; this is ${process.versions.node}`)
    process.exit(1)
  }
  if (modified(join(root, 'node_modules/.package-lock.json')) < modified(join(root, 'package-lock.json'))) {
    console.error('installing dependencies …')
    run('npm install', 'npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'])
  }
  const built = modified(join(root, 'dist/.built'))
  if (!existsSync(join(root, 'dist/cli/main.js')) || SOURCES.some((source) => newest(join(root, source)) > built)) {
    console.error('building …')
    run('build', process.execPath, [join(root, 'packaging/build.mjs')])
  }
}
