import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { ProbeError } from '../../core/model/reason.ts'

export interface ToolResult {
  /** null when a signal ended it. */
  readonly code: number | null
  /** What it printed on both streams, as latin1: only ASCII in it means anything here. */
  readonly text: string
}

const OUTPUT_LIMIT = 64 * 1024
const EXTRA_FOLDERS = ['/usr/bin', '/bin', '/usr/sbin', '/sbin', '/usr/local/bin', '/usr/local/sbin', '/opt/homebrew/bin']

/** Full path of a program, also where a service's PATH does not reach; null when it is not installed. */
export function findTool(name: string): string | null {
  const windows = process.platform === 'win32'
  for (const dir of [...(process.env.PATH ?? '').split(delimiter), ...(windows ? [] : EXTRA_FOLDERS)]) {
    try {
      const path = join(dir, windows ? `${name}.exe` : name)
      accessSync(path, constants.X_OK)
      return path
    } catch {
      // the next folder
    }
  }
  return null
}

/** Resolves when the program has really ended; at the abort it is killed first. So whoever waits never starts a second beside a hung one. */
export function runTool(path: string, args: readonly string[], signal: AbortSignal): Promise<ToolResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true, env: { ...process.env, LC_ALL: 'C' } })
    let text = ''
    const take = (chunk: Buffer): void => {
      if (text.length < OUTPUT_LIMIT) text += chunk.toString('latin1')
    }
    const kill = (): void => void child.kill('SIGKILL')
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    child.once('error', (error) => {
      signal.removeEventListener('abort', kill)
      reject(new ProbeError('missing_tool', `${path} can't be started: ${error.message}`, { cause: error }))
    })
    child.once('close', (code) => {
      signal.removeEventListener('abort', kill)
      resolve({ code, text })
    })
    if (signal.aborted) kill()
    else signal.addEventListener('abort', kill, { once: true })
  })
}
