import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'

const ROOT = join(import.meta.dirname, '../..')

export interface CliResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface CliCommand {
  /** Arguments behind the command's name. Output is not a terminal. */
  run(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<CliResult>
  remove(): Promise<void>
}

/** One command of cli/ built from source as a program of its own, since Node 20 can't run TypeScript. */
export async function buildCliCommand(name: string): Promise<CliCommand> {
  // directly in .tmp: there the package root is one folder up, as it is for cli/
  const outfile = join(ROOT, '.tmp', `cli-${name}-${randomUUID()}.mjs`)
  await build({
    stdin: {
      contents: `import { command } from './cli/${name}.ts'\nawait command().parseAsync(process.argv.slice(2), { from: 'user' })\n`,
      resolveDir: ROOT,
      loader: 'ts',
    },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    logLevel: 'error',
  })
  return {
    run: (args, env = {}) =>
      new Promise((resolve, reject) => {
        const child = spawn(process.execPath, [outfile, ...args], { env: { ...process.env, NO_COLOR: '1', ...env } })
        const output = { stdout: '', stderr: '' }
        for (const stream of ['stdout', 'stderr'] as const) {
          child[stream].setEncoding('utf8').on('data', (text: string) => {
            output[stream] += text
          })
        }
        child.once('error', reject)
        child.once('close', (code) => resolve({ code, ...output }))
      }),
    remove: () => rm(outfile, { force: true }),
  }
}
