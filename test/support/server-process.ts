import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { until } from './until.ts'

/** A real server that a test runs: can be killed and started again on the same port and data. */
export interface ServerProcess {
  readonly url: string
  start(): Promise<void>
  /** kill -9 by pid; resolves when it is gone. */
  kill(): Promise<void>
}

export function serverProcess(options: {
  program: string
  args: readonly string[]
  url: string
  logFile: string
  ready: () => Promise<boolean>
}): ServerProcess {
  let child: ChildProcess | null = null
  return {
    url: options.url,
    async start() {
      const log = openSync(options.logFile, 'a')
      const started = spawn(options.program, options.args, { stdio: ['ignore', log, log] })
      closeSync(log)
      child = started
      await until(
        async () => {
          if (started.exitCode !== null) throw new Error(`${options.program} ended: ${readFileSync(options.logFile, 'utf8').slice(-2000)}`)
          return options.ready().catch(() => false)
        },
        { timeoutMs: 30_000, everyMs: 50, what: `${options.program} ready` },
      )
    },
    async kill() {
      const running = child
      child = null
      if (!running || running.exitCode !== null || running.signalCode !== null) return
      const gone = new Promise((resolve) => running.once('exit', resolve))
      running.kill('SIGKILL')
      await gone
    },
  }
}
