import type { Clock } from '../core/lifecycle/clock.ts'
import type { Counters } from '../core/lifecycle/counters.ts'
import type { Running } from '../core/lifecycle/stack.ts'
import type { Log } from '../core/log/log.ts'
import type { AckPayload, CollectorStatus } from '../core/wire/payloads.ts'
import { dataMessage } from './message.ts'
import type { Spool } from './spool.ts'
import type { HeldRecord, SpoolSession } from './spool-session.ts'
import { Collectors, SendWindow } from './window.ts'

export interface PublisherDeps {
  readonly spool: Spool
  /** Publishes one data message (QoS 1); rejects when the connection ends. */
  readonly send: (message: Buffer) => Promise<void>
  readonly connected: () => boolean
  /** Share of the window that older sessions may use, 0..1. */
  readonly backlogShare: number
  /** A new session was begun. */
  readonly onRotated?: () => void
  readonly clock: Clock
  readonly log: Log
  readonly counters: Counters
}

export interface Publisher extends Running {
  onConnect(): void
  onAck(ack: AckPayload): void
  onCollector(id: string, status: CollectorStatus, retained: boolean): void
  /** The collectors of the configuration in force. */
  setCollectors(ids: readonly string[]): void
}

const WINDOW_MESSAGES = 64
const WINDOW_BYTES = 4 * 1024 * 1024
const READ_BYTES = 256 * 1024
/** However large the share of older sessions is: what is measured now must get through. */
const LARGEST_SHARE = 0.875
/** Backlog that the broker has not taken yet: more would stand in the socket before what is measured now. */
const BACKLOG_ON_THE_WIRE_BYTES = 256 * 1024
/** Older than this and unacknowledged at a reconnect: what is measured from now on goes first, in a new session (DESIGN §5). */
const ROTATE_AFTER_MS = 30_000
const TICK_MS = 1_000

/** Brings the spool to the collectors: newest session first, at most a window ahead of their acknowledgements. */
export function createPublisher(deps: PublisherDeps): Publisher {
  return new WindowedPublisher(deps)
}

class WindowedPublisher implements Publisher {
  readonly #deps: PublisherDeps
  readonly #collectors = new Collectors()
  readonly #windows = new Map<string, SendWindow>()
  #tick: NodeJS.Timeout | undefined
  readonly #unsubscribe: () => void
  #backlogOnTheWire = 0
  #pumping: Promise<void> | null = null
  #again = false
  #stopped = false

  constructor(deps: PublisherDeps) {
    this.#deps = deps
    this.#arm()
    this.#unsubscribe = deps.spool.onAppended(() => this.#onAppended())
  }

  onConnect(): void {
    this.#startOver()
  }

  onCollector(id: string, status: CollectorStatus, retained: boolean): void {
    const { session, state, journal } = status
    const mayHaveMissed = this.#collectors.status(id, session, state === 'online', retained, journal === 'failing')
    if (mayHaveMissed && this.#collectors.counts(id)) this.#startOver()
  }

  setCollectors(ids: readonly string[]): void {
    this.#collectors.list(ids)
    for (const session of this.#deps.spool.sessions) this.#release(session)
    this.#pump()
  }

  onAck(ack: AckPayload): void {
    const session = this.#deps.spool.sessions.find((candidate) => candidate.id === ack.session)
    if (!this.#collectors.counts(ack.collector)) return void this.#deps.counters.add('jifang_publisher_acks_ignored_total')
    if (!session || ack.seq >= session.next) return
    this.#windowOf(session).ack(ack.collector, ack.seq, this.#now())
    this.#release(session)
    this.#pump()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#tick)
    this.#unsubscribe()
    await this.#pumping
  }

  /** After a break nothing in flight can be relied on. */
  #startOver(): void {
    const { spool, clock } = this.#deps
    const old = spool.current.oldest !== null && clock.now() - spool.current.oldest > ROTATE_AFTER_MS
    const rotated = old ? spool.rotate().then(() => this.#deps.onRotated?.()) : Promise.resolve()
    rotated
      .catch((error: unknown) => this.#deps.log.warn({ err: error }, 'could not start a new session'))
      .finally(() => {
        for (const session of spool.sessions) this.#windowOf(session).restart(this.#now())
        this.#pump()
      })
  }

  /** Ticks only while something is held: an idle agent sleeps. */
  #arm(): void {
    if (this.#stopped || this.#tick !== undefined || this.#deps.spool.backlog === 0) return
    this.#tick = setTimeout(() => {
      this.#tick = undefined
      this.#onTick()
      this.#arm()
    }, TICK_MS)
  }

  #onTick(): void {
    const now = this.#now()
    for (const session of this.#deps.spool.sessions) {
      const window = this.#windows.get(session.id)
      if (!window?.stalled(now)) continue
      this.#deps.counters.add('jifang_publisher_stalls_total')
      window.restart(now)
    }
    this.#pump()
  }

  #onAppended(): void {
    this.#arm()
    const { current } = this.#deps.spool
    const window = this.#windowOf(current)
    const behind = !this.#room(window, current) && window.stuck(this.#now())
    if (!behind || !this.#collectors.watching || !this.#deps.connected()) this.#pump()
    else this.#preview(current).catch((error: unknown) => this.#deps.log.debug({ err: error }, 'could not show a record ahead'))
  }

  /**
   * A collector that says that it can't write its journal acknowledges nothing but still judges alarms from what it sees: so with the
   * window stuck, what is measured now is shown once ahead of its turn. It stays held and is published again in order.
   */
  async #preview(session: SpoolSession): Promise<void> {
    const [record] = await session.read(session.next - 1, 1)
    if (record) await this.#deps.send(this.#message(session, record))
  }

  #release(session: SpoolSession): void {
    const { spool } = this.#deps
    spool.ackTo(session, this.#windowOf(session).done)
    if (!spool.sessions.includes(session)) this.#windows.delete(session.id)
  }

  #windowOf(session: SpoolSession): SendWindow {
    const known = this.#windows.get(session.id)
    if (known) {
      known.dropped(session.base)
      return known
    }
    const window = new SendWindow(this.#collectors, session.base)
    this.#windows.set(session.id, window)
    return window
  }

  /** Runs until there is nothing to send or no room; never two at once, so that records leave in order. */
  #pump(): void {
    this.#again = true
    this.#pumping ??= this.#run()
      .catch((error: unknown) => this.#deps.log.error({ err: error }, 'reading the spool failed'))
      .finally(() => {
        this.#pumping = null
        if (this.#again && !this.#stopped && this.#deps.connected()) setTimeout(() => this.#pump(), TICK_MS)
      })
  }

  async #run(): Promise<void> {
    while (this.#again && !this.#stopped) {
      this.#again = false
      for (;;) {
        const session = this.#choose()
        if (!session || !(await this.#sendSome(session))) break
      }
    }
  }

  /** The newest session that has something to send and room to send it. */
  #choose(): SpoolSession | undefined {
    if (!this.#deps.connected() || !this.#collectors.worthSending || this.#stopped) return undefined
    return this.#deps.spool.sessions.find((session) => {
      const window = this.#windowOf(session)
      return window.cursor < session.next && this.#room(window, session)
    })
  }

  /** The window is shared: as much of it as older sessions need, up to their share, is theirs; the newest has the rest. */
  #room(window: SendWindow, session: SpoolSession): boolean {
    const { spool, backlogShare } = this.#deps
    const share = Math.min(backlogShare, LARGEST_SHARE)
    const older = spool.sessions.filter((other) => other !== spool.current)
    const sum = (of: (other: SpoolSession) => number): number => older.reduce((total, other) => total + of(other), 0)
    if (session === spool.current) {
      const messages = Math.min(
        sum(({ count }) => count),
        WINDOW_MESSAGES * share,
      )
      const bytes = Math.min(
        sum((other) => other.bytes),
        WINDOW_BYTES * share,
      )
      return window.inFlight + messages < WINDOW_MESSAGES && window.bytesInFlight + bytes < WINDOW_BYTES
    }
    if (this.#backlogOnTheWire > BACKLOG_ON_THE_WIRE_BYTES) return false
    const messages = sum(({ id }) => this.#windows.get(id)?.inFlight ?? 0)
    const bytes = sum(({ id }) => this.#windows.get(id)?.bytesInFlight ?? 0)
    return messages < WINDOW_MESSAGES * share && bytes < WINDOW_BYTES * share
  }

  /** Publishes the next records of a session; false when it has none to give. */
  async #sendSome(session: SpoolSession): Promise<boolean> {
    const window = this.#windowOf(session)
    const cursor = window.cursor
    const records = await session.read(cursor, READ_BYTES)
    // A hole (damage on disk): what is behind it can go when everything before it is acknowledged, then `base` says so.
    if (records[0] && records[0].seq > cursor && window.cursor === cursor) return false
    for (const record of records) {
      // An acknowledgement or a step back may have moved the cursor while the disk was read.
      if (this.#windowOf(session).cursor !== record.seq || !this.#deps.connected() || !this.#room(window, session)) return true
      this.#publish(session, window, record)
    }
    return records.length > 0 || window.cursor !== cursor
  }

  #publish(session: SpoolSession, window: SendWindow, record: HeldRecord): void {
    const message = this.#message(session, record)
    const backlog = session !== this.#deps.spool.current
    window.sent(record.seq, message.length, this.#now())
    if (backlog) this.#backlogOnTheWire += message.length
    this.#deps.counters.add('jifang_publisher_messages_total')
    this.#deps
      .send(message)
      .catch(() => this.#deps.counters.add('jifang_publisher_unsent_total')) // sent again at the next connect
      .finally(() => {
        if (!backlog) return
        this.#backlogOnTheWire -= message.length
        this.#pump()
      })
  }

  #message(session: SpoolSession, record: HeldRecord): Buffer {
    const header = { session: session.id, seq: record.seq, base: session.base, sent: this.#deps.clock.now(), config: record.config }
    return dataMessage(header, record.body)
  }

  #now(): number {
    return this.#deps.clock.monotonic()
  }
}
