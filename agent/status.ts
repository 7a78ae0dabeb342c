import { hostname, type as osType, release } from 'node:os'
import type { Clock } from '../core/lifecycle/clock.ts'
import { pause } from '../core/lifecycle/pause.ts'
import type { Log } from '../core/log/log.ts'
import type { AgentStatus } from '../core/wire/payloads.ts'
import type { Spool } from './spool.ts'

export interface StatusDeps {
  readonly spool: Spool
  readonly version: string
  readonly config: () => number
  /** Why a newer configuration was not taken. */
  readonly rejected: () => string | null
  /** Publishes the text retained on the own status topic; nothing happens when not connected. */
  readonly publish: (payload: string) => Promise<void>
  readonly clock: Clock
  readonly log: Log
}

export const TWO_AGENTS = 'two agents use this name'
export const STATUS_EVERY_MS = 60_000
const FOREIGN_MEMORY_MS = 10 * 60_000
/** One foreign status may be the will of the process before this one; the second can't. */
const FOREIGN_LIMIT = 2
/** No fight at full speed with the other one. */
const ASSERT_GAP_MS = 1_000
const SESSIONS_TOLD = 20
/** A broker that hangs must not hold up the end. */
const GOODBYE_MS = 1_000

/** What the agent says about itself: retained, as will, each minute, and again when somebody else writes there (DESIGN §5). */
export class StatusTeller {
  readonly #deps: StatusDeps
  readonly #started: number
  readonly #own = new Set<string>()
  #foreign: number[] = []
  #connectedBefore = false
  #leaving = false
  #asserted = Number.NEGATIVE_INFINITY
  #later: NodeJS.Timeout | null = null
  #timer: NodeJS.Timeout | null = null

  constructor(deps: StatusDeps) {
    this.#deps = deps
    this.#started = deps.clock.now()
  }

  /** Text of the will: what the broker says when this process can't. */
  will(): string {
    return JSON.stringify(this.#build('offline', 'lost'))
  }

  onConnect(): void {
    this.tell()
    this.#connectedBefore = true
    this.#timer ??= setInterval(() => this.tell(), STATUS_EVERY_MS)
  }

  /** Says it now. Called at every change worth knowing. */
  tell(): void {
    const reason = this.#contested() ? TWO_AGENTS : this.#deps.rejected() === null ? 'start' : 'configuration rejected'
    this.#asserted = this.#deps.clock.monotonic()
    this.#publish(this.#build('online', reason))
  }

  /** Something stands on the own status topic. */
  onOwnStatus(payload: Buffer, retained: boolean): void {
    // The own goodbye comes back here.
    if (this.#leaving) return
    const seen = parse(payload)
    if (seen?.state === 'online' && this.#own.has(seen.session)) return
    const foreign = seen !== null && seen.session !== '' && !this.#own.has(seen.session)
    // What is retained at the first connect is the process before this one.
    if (foreign && (this.#connectedBefore || !retained)) this.#meet(seen)
    if (this.#connectedBefore) this.#assertSoon()
  }

  /** Says goodbye; the caller disconnects then. */
  async stop(): Promise<void> {
    this.#leaving = true
    if (this.#timer) clearInterval(this.#timer)
    if (this.#later) clearTimeout(this.#later)
    const goodbye = this.#deps.publish(JSON.stringify(this.#build('offline', 'stop'))).catch(() => undefined) // else the will says it
    const said = new AbortController()
    await Promise.race([goodbye, pause(GOODBYE_MS, said.signal)])
    said.abort()
  }

  #meet(seen: AgentStatus): void {
    const before = this.#contested()
    this.#foreign.push(this.#deps.clock.monotonic())
    if (this.#contested() && !before)
      this.#deps.log.error({ host: seen.host, session: seen.session }, `${TWO_AGENTS}: give one of them another name or stop it`)
  }

  #contested(): boolean {
    const since = this.#deps.clock.monotonic() - FOREIGN_MEMORY_MS
    this.#foreign = this.#foreign.filter((at) => at >= since)
    return this.#foreign.length >= FOREIGN_LIMIT
  }

  #assertSoon(): void {
    if (this.#later) return
    const wait = Math.max(0, this.#asserted + ASSERT_GAP_MS - this.#deps.clock.monotonic())
    this.#later = setTimeout(() => {
      this.#later = null
      this.tell()
    }, wait)
  }

  #publish(status: AgentStatus): void {
    this.#deps.publish(JSON.stringify(status)).catch((error: unknown) => this.#deps.log.debug({ err: error }, 'status not sent'))
  }

  #build(state: AgentStatus['state'], reason: string): AgentStatus {
    const { spool, version, config, rejected } = this.#deps
    for (const { id } of spool.sessions) this.#own.add(id)
    return {
      state,
      reason,
      session: spool.current.id,
      sessions: spool.sessions.slice(0, SESSIONS_TOLD).map(({ id }) => id),
      oldest: spool.oldest,
      lost: spool.lost,
      backlog: spool.backlog,
      version,
      host: hostname(),
      os: `${osType()} ${release()}`,
      started: this.#started,
      config: config(),
      rejected: rejected(),
    }
  }
}

function parse(payload: Buffer): AgentStatus | null {
  try {
    const value = JSON.parse(payload.toString('utf8')) as AgentStatus | null
    return value && typeof value.session === 'string' ? value : null
  } catch {
    return null // not ours: the caller says its own again
  }
}
