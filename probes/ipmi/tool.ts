import { type ChildProcess, spawn } from 'node:child_process'
import { ProbeError, reasonOf } from '../../core/model/reason.ts'

export interface ToolRun {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** One external program that may hang: never two at once, and one that overstays is killed with all its children. */
export interface Tool {
  /** Throws ProbeError: missing_tool, busy while the last run has not ended, timeout when aborted. */
  run(args: readonly string[], signal: AbortSignal): Promise<ToolRun>
  /** Kills what runs and waits until it is gone. */
  close(): Promise<void>
}

const OUTPUT_LIMIT = 4 << 20
/** A killed process that is stuck in the kernel is waited for no longer than this when closing. */
const CLOSE_WAIT_MS = 2000

export function createTool(program: string): Tool {
  let running: { child: ChildProcess; ended: Promise<void> } | null = null

  function kill(child: ChildProcess): void {
    if (child.pid === undefined) return
    try {
      // The negative id is the whole group: the tool may have started helpers that hold its pipes.
      process.kill(-child.pid, 'SIGKILL')
    } catch {
      child.kill('SIGKILL')
    }
  }

  return {
    run(args, signal) {
      if (running) {
        kill(running.child)
        return Promise.reject(new ProbeError('busy', `${program} of the last run has not ended yet: none is started beside it`))
      }
      if (signal.aborted) return Promise.reject(new ProbeError('timeout', `${program} was not started: the run was over`))
      const child = spawn(program, args, {
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { PATH: process.env.PATH, LC_ALL: 'C' },
      })
      let markEnded = (): void => {}
      const ended = new Promise<void>((resolve) => (markEnded = resolve))
      running = { child, ended }
      return new Promise<ToolRun>((resolve, reject) => {
        const stdout = collect(child.stdout, () => kill(child))
        const stderr = collect(child.stderr, () => kill(child))
        const onAbort = (): void => {
          kill(child)
          reject(new ProbeError('timeout', `${program} did not end in time and was killed`))
        }
        signal.addEventListener('abort', onAbort, { once: true })
        const finish = (): void => {
          signal.removeEventListener('abort', onAbort)
          running = null
          markEnded()
        }
        child.once('error', (error) => {
          finish()
          reject(new ProbeError(reasonOf(error), `cannot start ${program}: ${error.message}`, { cause: error }))
        })
        child.once('close', (code) => {
          finish()
          resolve({ code, stdout: stdout(), stderr: stderr() })
        })
      })
    },
    async close() {
      if (!running) return
      kill(running.child)
      let timer: NodeJS.Timeout | undefined
      const patience = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, CLOSE_WAIT_MS)
      })
      await Promise.race([running.ended, patience])
      clearTimeout(timer)
    },
  }
}

/** What a stream says, up to a limit; beyond it the program is stopped. */
function collect(stream: NodeJS.ReadableStream | null, tooMuch: () => void): () => string {
  const chunks: Buffer[] = []
  let size = 0
  stream?.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > OUTPUT_LIMIT) tooMuch()
    else chunks.push(chunk)
  })
  return () => Buffer.concat(chunks).toString('utf8')
}
