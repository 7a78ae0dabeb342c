import type { InfluxSettings } from '../../core/config/settings.ts'
import { type Backoff, createBackoff } from '../../core/lifecycle/backoff.ts'
import type { Clock } from '../../core/lifecycle/clock.ts'
import type { Counters } from '../../core/lifecycle/counters.ts'
import { pause } from '../../core/lifecycle/pause.ts'
import type { Running } from '../../core/lifecycle/stack.ts'
import type { Log } from '../../core/log/log.ts'
import { type Cursor, openCursor } from '../../core/segment/cursor.ts'
import { type DeadLetterFile, deadLetterFile } from '../../core/segment/dead-letters.ts'
import type { RecordSource } from '../../core/segment/types.ts'
import { deliver, type SourceLine } from './deliver.ts'
import { type Endpoint, endpointOf } from './endpoint.ts'
import { createPoster, type Outcome, type Poster, type WaitKind } from './post.ts'
import { type Settled, trackSettled } from './settled.ts'

/** Lasting ones are a WaitKind and end; `rejected` lines went to dead letters, `overtaken` and `journal` are single events. */
export type InfluxProblem = WaitKind | 'rejected' | 'overtaken' | 'journal'

export interface InfluxOptions {
  readonly source: RecordSource
  /** File that keeps how far the database has everything. */
  readonly cursorPath: string
  readonly deadLetterDir: string
  /** Secrets resolved. */
  readonly settings: InfluxSettings
  readonly log: Log
  readonly counters: Counters
  readonly clock: Clock
  readonly onProblem: (kind: InfluxProblem, text: string) => void
  readonly onRecovered: (kind: WaitKind) => void
  /** First and longest wait after a failure; default 0.5 s and 60 s. */
  readonly backoff?: { readonly firstMs: number; readonly capMs: number }
  /** Fresh records are gathered this long before they are sent; default 500 ms. */
  readonly gatherMs?: number
  /** What was acknowledged less than this before a connection broke, or before a stop, is sent again; default 30 s. */
  readonly settleMs?: number
}

export interface InfluxState {
  /** Everything below this offset is in the database or was given up for good. */
  readonly position: number
  readonly lagBytes: number
  /** What keeps it from writing, null when nothing does. */
  readonly waiting: { readonly why: WaitKind; readonly message: string; readonly since: number; readonly attempts: number } | null
}

export interface InfluxWriter extends Running {
  state(): InfluxState
}

const READ_BYTES = 1024 * 1024
/** A record unpacks to 256 kB at most: a body stays below the 25 MB that InfluxDB takes. */
const MAX_RECORDS = 64
const GATHER_MS = 500
/** A database that asks for more is asked again after this. */
const MAX_RETRY_AFTER_MS = 3_600_000
const SAVE_MS = 5000
const SETTLE_MS = 30_000

/** Starts the consumer that carries the journal's data records into the database, in order, without an end. */
export async function startInflux(options: InfluxOptions): Promise<InfluxWriter> {
  const endpoint = endpointOf(options.settings)
  const cursor = await openCursor(options.cursorPath)
  const letters = deadLetterFile({
    dir: options.deadLetterDir,
    name: 'influx',
    onDropped: (bytes) => options.counters.add('jifang_influx_dead_letters_dropped_bytes_total', bytes),
  })
  const line: { onLost: () => void } = { onLost: () => {} }
  const poster = createPoster(endpoint, options.settings.timeout, options.clock, () => line.onLost())
  const writer = new JournalWriter(options, { endpoint, cursor, letters, poster })
  line.onLost = () => writer.lost()
  return writer
}

interface Parts {
  readonly endpoint: Endpoint
  readonly cursor: Cursor
  readonly letters: DeadLetterFile
  readonly poster: Poster
}

class JournalWriter implements InfluxWriter {
  readonly #o: InfluxOptions
  readonly #parts: Parts
  readonly #backoff: Backoff
  readonly #stopping = new AbortController()
  readonly #running: Promise<void>
  readonly #settled: Settled
  #position: number
  #savedAt = 0
  /** The connection broke since the last acknowledgement. */
  #broken = false
  #waiting: InfluxState['waiting'] = null
  #wake: () => void = () => {}

  constructor(options: InfluxOptions, parts: Parts) {
    this.#o = options
    this.#parts = parts
    this.#backoff = createBackoff(options.backoff ?? { firstMs: 500, capMs: 60_000 })
    this.#position = this.#start()
    this.#settled = trackSettled(this.#position, options.settleMs ?? SETTLE_MS)
    this.#running = this.#run()
  }

  state(): InfluxState {
    return { position: this.#position, lagBytes: Math.max(0, this.#o.source.synced - this.#position), waiting: this.#waiting }
  }

  /** The database may have been killed: what it acknowledged last is sent again. */
  lost(): void {
    this.#broken = true
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
    this.#parts.poster.close()
  }

  /** A fresh cursor starts with what the journal has; one beyond its end belongs to a journal that is gone. */
  #start(): number {
    const { offset } = this.#parts.cursor
    const { first, synced } = this.#o.source
    if (offset <= synced) return offset === 0 ? first : offset
    this.#o.onProblem(
      'journal',
      `the journal ends at ${synced}, before ${offset}, up to where it had been written: it was replaced and is read from its beginning`,
    )
    return first
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    const unsubscribe = this.#o.source.onSynced(() => this.#wake())
    try {
      while (!signal.aborted) {
        const bytes = await this.#turn().catch((error: unknown) => this.#internal(error))
        if (bytes === 0) await pause(1000, signal, (done) => (this.#wake = done))
        else if (bytes < READ_BYTES / 2) await pause(this.#o.gatherMs ?? GATHER_MS, signal)
      }
      await this.#parts.cursor.save(this.#settled.position(this.#o.clock.monotonic()))
    } catch (error) {
      this.#o.log.error({ err: error }, 'could not save the cursor of the influx writer')
    } finally {
      unsubscribe()
    }
  }

  /** Sends what there is, up to one batch; returns how many bytes of the journal were done. */
  async #turn(): Promise<number> {
    const { source, counters } = this.#o
    const batch = await source.read(this.#position, READ_BYTES)
    if (batch.overtaken > 0) this.#overtaken(batch.overtaken)
    if (batch.skipped > 0) counters.add('jifang_influx_corrupt_records_total', batch.skipped)
    const before = this.#position
    for (let at = 0; at < batch.records.length; at += MAX_RECORDS) {
      const part = batch.records.slice(at, at + MAX_RECORDS)
      const data = part.filter((record) => record.kind === 'data')
      if (!(await deliver(data, this.#deliverDeps()))) return 0
      const next = part.at(-1)?.next ?? this.#position
      await this.#advance(next, data.length)
      if (this.#position < next) return READ_BYTES
    }
    if (batch.next > this.#position) await this.#advance(batch.next, 0)
    return this.#position - before
  }

  async #advance(position: number, sent: number): Promise<void> {
    const { counters, clock, source } = this.#o
    const now = clock.monotonic()
    this.#recovered()
    this.#position = this.#broken ? this.#sendAgain(now) : position
    if (this.#position === position) this.#settled.acknowledged(position, now)
    counters.add('jifang_influx_records_total', sent)
    counters.set('jifang_influx_lag_bytes', Math.max(0, source.synced - this.#position))
    if (now - this.#savedAt < SAVE_MS) return
    await this.#parts.cursor.save(this.#settled.position(now))
    this.#savedAt = now
  }

  /** After the connection broke: back to what the database surely has. */
  #sendAgain(now: number): number {
    this.#broken = false
    const from = Math.max(this.#settled.position(now), this.#o.source.first)
    this.#settled.restart(from)
    return from
  }

  #deliverDeps() {
    return {
      post: (body: Buffer) => this.#postUntilDecided(body),
      onDead: (lines: readonly SourceLine[], reason: string) => this.#dead(lines, reason),
      onBeyondRetention: (count: number) => this.#o.counters.add('jifang_influx_beyond_retention_total', count),
    }
  }

  /** Waits and tries again for as long as it takes. */
  async #postUntilDecided(body: Buffer): Promise<Exclude<Outcome, { kind: 'wait' }> | null> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      const outcome = await this.#parts.poster.post(body, signal)
      if (signal.aborted && outcome.kind === 'wait') return null
      this.#o.counters.add('jifang_influx_posts_total', 1, { outcome: outcome.kind === 'wait' ? outcome.why : outcome.kind })
      if (outcome.kind !== 'wait') {
        if (this.#waiting?.why !== 'local') this.#recovered()
        return outcome
      }
      if (outcome.broken) this.#broken = true
      this.#blocked(outcome.why, outcome.message)
      const delay = this.#backoff.next()
      await pause(outcome.retryAfterMs === null ? delay : Math.min(Math.max(outcome.retryAfterMs, 1), MAX_RETRY_AFTER_MS), signal)
    }
    return null
  }

  #blocked(why: WaitKind, message: string): void {
    const before = this.#waiting
    const attempts = (before?.attempts ?? 0) + 1
    this.#waiting = { why, message, since: before?.since ?? this.#o.clock.now(), attempts }
    if (before?.why === why) return
    if (before) this.#o.onRecovered(before.why)
    const { title } = this.#parts.endpoint
    this.#o.log.warn({ database: title, why, message }, 'data does not get into the database; trying again without an end')
    this.#o.onProblem(why, `${title}: ${message}; the journal keeps the data`)
  }

  #recovered(): void {
    this.#backoff.reset()
    const before = this.#waiting
    if (!before) return
    this.#waiting = null
    const seconds = Math.round((this.#o.clock.now() - before.since) / 1000)
    this.#o.log.info({ database: this.#parts.endpoint.title, attempts: before.attempts, seconds }, 'the database takes data again')
    this.#o.onRecovered(before.why)
  }

  async #dead(lines: readonly SourceLine[], reason: string): Promise<void> {
    const at = this.#o.clock.now()
    await this.#parts.letters.add(lines.map(({ line, record: { agent, session, seq } }) => ({ at, reason, agent, session, seq, line })))
    this.#o.counters.add('jifang_influx_dead_letters_total', lines.length)
    this.#o.onProblem('rejected', `${this.#parts.endpoint.title} refuses ${lines.length} line(s), now in dead letters: ${reason}`)
  }

  #overtaken(bytes: number): void {
    this.#o.counters.add('jifang_influx_overtaken_bytes_total', bytes)
    this.#o.onProblem('overtaken', `the journal dropped ${bytes} bytes before ${this.#parts.endpoint.title} had taken them`)
  }

  /** The journal or the dead letters can't be read or written: nothing is passed over, it is tried again. */
  async #internal(error: unknown): Promise<number> {
    this.#o.counters.add('jifang_influx_errors_total')
    this.#blocked('local', error instanceof Error ? error.message : String(error))
    await pause(this.#backoff.next(), this.#stopping.signal)
    return READ_BYTES
  }
}
