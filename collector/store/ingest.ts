import { createBackoff } from '../../core/lifecycle/backoff.ts'
import type { Clock } from '../../core/lifecycle/clock.ts'
import type { Counters } from '../../core/lifecycle/counters.ts'
import { pause } from '../../core/lifecycle/pause.ts'
import type { Log } from '../../core/log/log.ts'
import type { Cursor } from '../../core/segment/cursor.ts'
import type { RecordSource } from '../../core/segment/types.ts'
import { type Database, failureOf } from './database.ts'
import type { DayFile } from './day-file.ts'
import type { Days } from './days.ts'
import { DAY_MS, type DayRows, type RowCounts, RowReader } from './rows.ts'

const READ_BYTES = 512 * 1024
/** A commit costs about 4 ms of CPU however small: small ones are gathered this long, so that a sample is seen within a second. */
const GATHER_MS = 700
/** How much is read again after a crash; the files know what they have. */
const SAVE_CURSOR_MS = 5 * 60_000
/** A sample may be this far ahead of the collector's clock; more is a broken clock, which the skew rule tells. */
const AHEAD_MS = DAY_MS

export interface IngestDeps {
  readonly source: RecordSource
  readonly days: Days
  readonly db: Database
  readonly cursor: Cursor
  readonly retentionMs: number
  readonly clock: Clock
  readonly log: Log
  readonly counters: Counters
  readonly onProblem: (kind: string, text: string) => void
  readonly onRecovered: (kind: string) => void
  /** Everything below this offset is committed. */
  readonly onProgress: (position: number) => void
}

/** Says of which file a commit failed. */
class CommitError extends Error {
  readonly file: DayFile | null
  constructor(file: DayFile | null, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.file = file
  }
}

/** Reads the journal and commits its points to the day files, batch by batch. */
export class Ingest {
  readonly #deps: IngestDeps
  readonly #rows = new RowReader()
  readonly #backoff = createBackoff({ firstMs: 200, capMs: 30_000 })
  #position: number
  /** receivedAt up to which the journal has been read, ms. */
  #time = 0
  #savedAt: number
  #failing = false

  constructor(deps: IngestDeps, position: number) {
    this.#deps = deps
    this.#position = position
    this.#savedAt = deps.clock.monotonic()
  }

  get position(): number {
    return this.#position
  }

  /** Everything received before this time (ms) is in the day files. */
  get coveredUntil(): number {
    return this.#position >= this.#deps.source.synced ? this.#deps.clock.now() : this.#time
  }

  /** Runs until the signal aborts. @throws when the database must be opened anew by another process */
  async run(signal: AbortSignal): Promise<void> {
    let wake: () => void = () => {}
    const unsubscribe = this.#deps.source.onSynced(() => wake())
    try {
      while (!signal.aborted) {
        const bytes = await this.#turn(signal)
        if (signal.aborted) break
        if (bytes < 0) await pause(this.#backoff.next(), signal)
        else if (bytes === 0 && this.#position >= this.#deps.source.synced) await pause(1000, signal, (done) => (wake = done))
        else if (bytes < READ_BYTES / 2) await pause(GATHER_MS, signal)
      }
    } finally {
      unsubscribe()
    }
  }

  /** One batch. Returns the bytes that were read, -1 after a failure that is worth another try. */
  async #turn(signal: AbortSignal): Promise<number> {
    const { source, days, clock, counters } = this.#deps
    const rewind = days.takeRewind()
    if (rewind !== null) this.#position = Math.max(Math.min(rewind, this.#position), source.first)
    try {
      const batch = await source.read(this.#position, READ_BYTES)
      this.#countLoss(batch.overtaken, batch.skipped)
      const bytes = batch.next - this.#position
      if (bytes === 0) return 0
      const limits = { oldest: clock.now() - this.#deps.retentionMs, aheadMs: AHEAD_MS }
      const { days: byDay, counts } = this.#rows.read(batch.records, limits)
      await this.#deps.db.writing.run(() => this.#commit(byDay, batch.next))
      this.#time = batch.records.at(-1)?.receivedAt ?? this.#time
      this.#position = batch.next
      this.#count(counts)
      counters.set('jifang_store_position', batch.next)
      await this.#progress()
      return bytes
    } catch (error) {
      if (signal.aborted) return 0
      await this.#failed(error)
      return -1
    }
  }

  async #commit(byDay: ReadonlyMap<number, DayRows>, next: number): Promise<void> {
    for (const [day, rows] of byDay) {
      let file: DayFile | null = null
      try {
        const target = await this.#deps.days.target(day, this.#position)
        file = target.file
        const from = rows.firstAfter(target.applied)
        if (from >= rows.length) continue
        await file.append(rows, from, next)
        file.writtenAt = this.#deps.clock.now()
      } catch (error) {
        throw new CommitError(file, error)
      }
    }
    await this.#deps.days.finishRefills(next)
  }

  async #progress(): Promise<void> {
    this.#backoff.reset()
    if (this.#failing) {
      this.#failing = false
      this.#deps.onRecovered('write')
    }
    this.#deps.onProgress(this.#position)
    const now = this.#deps.clock.monotonic()
    if (now - this.#savedAt < SAVE_CURSOR_MS) return
    const whole = await this.#deps.db.writing.run(() => this.#deps.days.checkpoint())
    if (!whole) return
    this.#savedAt = now
    await this.#deps.cursor.save(this.#position)
  }

  async #failed(error: unknown): Promise<void> {
    const failure = failureOf(error)
    const file = error instanceof CommitError ? error.file : null
    if (failure === 'fatal') throw error
    if (failure === 'corrupt' && file) {
      await this.#deps.db.writing.run(() => this.#deps.days.setAside(file, error, this.#position))
      return
    }
    this.#deps.counters.add('jifang_store_write_errors_total')
    if (this.#failing) return
    this.#failing = true
    const reason = error instanceof Error ? error.message : String(error)
    this.#deps.onProblem('write', `the store can't write and tries again; the journal keeps the data: ${reason}`)
  }

  #countLoss(overtaken: number, skipped: number): void {
    if (skipped > 0) this.#deps.counters.add('jifang_store_corrupt_records_total', skipped)
    if (overtaken === 0) return
    this.#deps.counters.add('jifang_store_overtaken_bytes_total', overtaken)
    this.#deps.onProblem('overtaken', `the journal dropped ${overtaken} bytes before the store had read them`)
  }

  #count(counts: RowCounts): void {
    const { counters } = this.#deps
    counters.add('jifang_store_values_total', counts.values)
    if (counts.badLines > 0) counters.add('jifang_store_refused_total', counts.badLines, { reason: 'line' })
    if (counts.badPayloads > 0) counters.add('jifang_store_refused_total', counts.badPayloads, { reason: 'payload' })
    if (counts.beyondRetention > 0) counters.add('jifang_store_refused_total', counts.beyondRetention, { reason: 'retention' })
    if (counts.future > 0) counters.add('jifang_store_refused_total', counts.future, { reason: 'future' })
  }
}
