import { type ChildProcess, fork } from 'node:child_process'
import { type Backoff, createBackoff } from '../../core/lifecycle/backoff.ts'
import type { Log } from '../../core/log/log.ts'
import type { FromStore, ToStore } from './messages.ts'

const STEADY_MS = 60_000
const CHECK_MS = 10_000
/** Checks in a row without a word from the process until it counts as hung: a minute. */
const MAX_SILENT_CHECKS = 6
/** Below the 3 s in which the store has to be gone. */
const KILL_AFTER_MS = 2500

export interface ChildDeps {
  /** The compiled program of the child. */
  readonly entry: URL
  readonly log: Log
  /** How often it is looked whether the process still speaks; default 10 s. */
  readonly checkMs?: number
  readonly restart: { readonly firstMs: number; readonly capMs: number }
  /** Called for each new process, the first one included, before it gets anything else. */
  readonly onStart: () => ToStore
  readonly onMessage: (message: FromStore) => void
  /** A process ended that was not told to; the next one starts in `delayMs`. */
  readonly onLost: (how: string, delayMs: number) => void
}

/** Keeps one process alive: one that ends by itself is started again, ever more slowly while it keeps ending. */
export class KeptChild {
  readonly #deps: ChildDeps
  readonly #backoff: Backoff
  #child: ChildProcess | null = null
  #restart: NodeJS.Timeout | null = null
  #stopped: Promise<void> | null = null
  #silentChecks = 0
  readonly #watch: NodeJS.Timeout

  constructor(deps: ChildDeps) {
    this.#deps = deps
    this.#backoff = createBackoff(deps.restart)
    this.#watch = setInterval(() => this.#check(), deps.checkMs ?? CHECK_MS).unref()
    this.#start()
  }

  /** Process id of the running child; null between two. */
  get pid(): number | null {
    return this.#child?.pid ?? null
  }

  /** False when there is no process to tell. */
  send(message: ToStore): boolean {
    if (!this.#child?.connected) return false
    this.#child.send(message, (error) => {
      if (error) this.#deps.log.debug({ err: error }, 'the store did not take a message')
    })
    return true
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  #start(): void {
    const child = fork(this.#deps.entry, [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], serialization: 'advanced', execArgv: [] })
    const started = performance.now()
    this.#child = child
    this.#silentChecks = 0
    child.on('message', (message) => {
      this.#silentChecks = 0
      this.#deps.onMessage(message as FromStore)
    })
    child.on('error', (error) => this.#deps.log.error({ err: error }, 'the process of the store'))
    child.once('exit', (code, signal) => this.#exited(child, started, signal ?? `exit code ${code}`))
    this.send(this.#deps.onStart())
  }

  #exited(child: ChildProcess, started: number, how: string): void {
    if (this.#child === child) this.#child = null
    if (this.#stopped) return
    if (performance.now() - started > STEADY_MS) this.#backoff.reset()
    const delayMs = this.#backoff.next()
    this.#deps.onLost(how, delayMs)
    this.#restart = setTimeout(() => this.#start(), delayMs)
  }

  #check(): void {
    if (!this.#child || ++this.#silentChecks < MAX_SILENT_CHECKS) return
    this.#deps.log.error({ pid: this.#child.pid }, 'the store hangs and is killed')
    this.#child.kill('SIGKILL')
  }

  async #stop(): Promise<void> {
    clearInterval(this.#watch)
    if (this.#restart) clearTimeout(this.#restart)
    const child = this.#child
    if (!child) return
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    child.send({ type: 'stop' } satisfies ToStore, () => undefined)
    const timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS)
    await gone
    clearTimeout(timer)
  }
}
