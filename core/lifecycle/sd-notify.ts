import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Log } from '../log/log.ts'
import type { Running } from './stack.ts'

/** Talks to systemd (sd_notify(3)); does nothing where no $NOTIFY_SOCKET is. `stop` ends the watchdog and says STOPPING. */
export interface ServiceNotifier extends Running {
  /** READY=1 with a line for `systemctl status`; starts the watchdog. Later calls change the line only. */
  ready(status: string): Promise<void>
  status(text: string): Promise<void>
}

export interface ServiceNotifierDeps {
  readonly env: NodeJS.ProcessEnv
  readonly log: Log
  /** The watchdog is fed only while this grows. */
  progress(): number
  /** Default: the program systemd-notify; Node can't open a datagram socket of the Unix kind itself. */
  readonly send?: (assignments: readonly string[]) => Promise<void>
}

const SEND_DEADLINE_MS = 5_000

export function createServiceNotifier(deps: ServiceNotifierDeps): ServiceNotifier {
  return deps.env.NOTIFY_SOCKET ? new SystemdNotifier(deps) : { ready: async () => {}, status: async () => {}, stop: async () => {} }
}

class SystemdNotifier implements ServiceNotifier {
  readonly #deps: ServiceNotifierDeps
  readonly #send: (assignments: readonly string[]) => Promise<void>
  /** One after the other, so that an old line never comes after a new one. */
  #queue: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  #fedAt = Number.NaN
  #isReady = false
  #stopped: Promise<void> | null = null

  constructor(deps: ServiceNotifierDeps) {
    this.#deps = deps
    this.#send = deps.send ?? systemdNotify
  }

  ready(status: string): Promise<void> {
    if (this.#isReady) return this.status(status)
    this.#isReady = true
    const everyMs = watchdogMs(this.#deps.env) / 3
    if (everyMs > 0) {
      this.#timer = setInterval(() => this.#feed(), everyMs)
      this.#timer.unref()
    }
    return this.#tell(['READY=1', statusLine(status)])
  }

  status(text: string): Promise<void> {
    return this.#tell([statusLine(text)])
  }

  stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#stopped ??= this.#tell(['STOPPING=1', 'STATUS=stopping'])
    return this.#stopped
  }

  #feed(): void {
    const progress = this.#deps.progress()
    if (progress === this.#fedAt) {
      this.#deps.log.warn({ progress }, 'no progress since the last watchdog turn: systemd is not fed')
      return
    }
    this.#fedAt = progress
    void this.#tell(['WATCHDOG=1'])
  }

  #tell(assignments: readonly string[]): Promise<void> {
    this.#queue = this.#queue
      .then(() => this.#send(assignments))
      .catch((error: unknown) => this.#deps.log.warn({ err: error, assignments }, 'systemd could not be told'))
    return this.#queue
  }
}

/** $WATCHDOG_USEC when it is meant for this process (sd_watchdog_enabled(3)); 0 for none. */
function watchdogMs(env: NodeJS.ProcessEnv): number {
  if (env.WATCHDOG_PID !== undefined && Number(env.WATCHDOG_PID) !== process.pid) return 0
  const usec = Number(env.WATCHDOG_USEC ?? 0)
  return Number.isFinite(usec) && usec > 0 ? usec / 1000 : 0
}

const statusLine = (text: string): string => `STATUS=${text.replace(/[\r\n]+/g, ' ')}`

async function systemdNotify(assignments: readonly string[]): Promise<void> {
  await promisify(execFile)('systemd-notify', [...assignments], { timeout: SEND_DEADLINE_MS, killSignal: 'SIGKILL' })
}
