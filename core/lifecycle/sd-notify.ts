import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Log } from '../log/log.ts'

/** Talks to systemd (sd_notify(3)); every call does nothing where no $NOTIFY_SOCKET is, and none throws. */
export interface SdNotify {
  /** READY=1, with a line for `systemctl status`. From now on the watchdog is fed, but only while `progress` grows. */
  ready(progress: () => number, status?: string): Promise<void>
  /** Another line for `systemctl status`. */
  status(text: string): Promise<void>
  /** STOPPING=1; ends the watchdog. */
  stopping(): Promise<void>
}

export interface SdNotifyDeps {
  readonly log: Log
  /** Default: the process's own. */
  readonly env?: NodeJS.ProcessEnv
  /** Default: the program systemd-notify; Node can't open a datagram socket of the Unix kind itself. */
  readonly send?: (assignments: readonly string[]) => Promise<void>
}

const SEND_DEADLINE_MS = 5_000

export function createSdNotify({ log, env = process.env, send = systemdNotify }: SdNotifyDeps): SdNotify {
  const silent = async (): Promise<void> => {}
  return env.NOTIFY_SOCKET ? new SystemdNotify(log, env, send) : { ready: silent, status: silent, stopping: silent }
}

class SystemdNotify implements SdNotify {
  readonly #log: Log
  readonly #env: NodeJS.ProcessEnv
  readonly #send: (assignments: readonly string[]) => Promise<void>
  /** One after the other, so that an old line never comes after a new one. */
  #queue: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  #fedAt = Number.NaN
  #stopped: Promise<void> | null = null

  constructor(log: Log, env: NodeJS.ProcessEnv, send: (assignments: readonly string[]) => Promise<void>) {
    this.#log = log
    this.#env = env
    this.#send = send
  }

  ready(progress: () => number, status = 'running'): Promise<void> {
    clearInterval(this.#timer)
    const everyMs = watchdogMs(this.#env) / 3
    if (everyMs > 0) {
      this.#timer = setInterval(() => this.#feed(progress()), everyMs)
      this.#timer.unref()
    }
    return this.#tell(['READY=1', statusLine(status)])
  }

  status(text: string): Promise<void> {
    return this.#tell([statusLine(text)])
  }

  stopping(): Promise<void> {
    clearInterval(this.#timer)
    this.#stopped ??= this.#tell(['STOPPING=1', 'STATUS=stopping'])
    return this.#stopped
  }

  #feed(progress: number): void {
    if (progress === this.#fedAt) {
      this.#log.warn({ progress }, 'no progress since the last watchdog turn: systemd is not fed')
      return
    }
    this.#fedAt = progress
    void this.#tell(['WATCHDOG=1'])
  }

  #tell(assignments: readonly string[]): Promise<void> {
    this.#queue = this.#queue
      .then(() => this.#send(assignments))
      .catch((error: unknown) => this.#log.warn({ err: error, assignments }, 'systemd could not be told'))
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
