import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Counters } from '../core/lifecycle/counters.ts'
import type { Log } from '../core/log/log.ts'
import { type Cursor, openCursor } from '../core/segment/cursor.ts'
import { openSegmentLog } from '../core/segment/log.ts'
import type { LogRecord, SegmentLog } from '../core/segment/types.ts'
import { decodeSpoolPayload, encodeSpoolPayload, type SpoolPayload } from './spool-record.ts'

export interface HeldRecord extends SpoolPayload {
  readonly seq: number
}

interface Entry {
  readonly seq: number
  readonly offset: number
  readonly samples: number
  /** When it was put into the spool, ms. */
  readonly at: number
}

interface SessionDeps {
  readonly dir: string
  readonly id: string
  readonly agent: string
  readonly segmentBytes: number
  readonly log: Log
  readonly counters: Counters
}

/** Records this recent are published from memory instead of being read back. */
const TAIL_BYTES = 1024 * 1024
/** How often the acknowledged seq is written down; after a crash what was acknowledged since is sent again and known as duplicate. */
const ACKED_EVERY_MS = 60_000
/** While a backlog drains its segments are to go soon. */
const TRIM_EVERY_MS = 1_000

/** One session's folder: an ordered stream of records seq 1, 2, 3 … of which the acknowledged beginning is gone (DESIGN §5). */
export class SpoolSession {
  readonly id: string
  readonly #o: SessionDeps
  readonly #log: SegmentLog
  readonly #ackedFile: Cursor
  readonly #tail = new Map<number, HeldRecord>()
  #tailBytes = 0
  #entries: Entry[]
  #next: number
  #acked: number
  /** Samples that the disk gives back no more; of a record damaged before it was opened, 1. */
  #damaged: number
  #ackedSavedAt = 0
  #housekeeping: Promise<void> = Promise.resolve()

  private constructor(o: SessionDeps, log: SegmentLog, ackedFile: Cursor, entries: Entry[]) {
    this.id = o.id
    this.#o = o
    this.#log = log
    this.#ackedFile = ackedFile
    this.#acked = ackedFile.offset
    this.#next = Math.max(entries.at(-1)?.seq ?? 0, this.#acked) + 1
    this.#entries = entries.filter((entry) => entry.seq > this.#acked)
    this.#damaged = this.#entries.reduce((sum, { seq }, index) => sum + seq - (this.#entries[index - 1]?.seq ?? seq - 1) - 1, 0)
  }

  /** Opens the folder, or makes it; reads what it holds. */
  static async open(o: SessionDeps): Promise<SpoolSession> {
    const { log, counters, segmentBytes } = o
    const records = await openSegmentLog({ dir: o.dir, segmentBytes, log, counters, name: 'spool' })
    const entries = await readEntries(records, counters)
    return new SpoolSession(o, records, await openCursor(join(o.dir, 'acked')), entries)
  }

  /** Lowest seq still held; `next` when there is none. */
  get base(): number {
    return this.#entries[0]?.seq ?? this.#next
  }

  /** The seq that the next record gets. */
  get next(): number {
    return this.#next
  }

  get count(): number {
    return this.#entries.length
  }

  get oldest(): number | null {
    return this.#entries[0]?.at ?? null
  }

  /** Bytes on disk. */
  get bytes(): number {
    return this.#log.synced - this.#log.first
  }

  /** Samples lost to damage on disk. */
  get damaged(): number {
    return this.#damaged
  }

  /** On disk when it resolves. One call at a time. */
  async append(payload: SpoolPayload, at: number): Promise<void> {
    const seq = this.#next
    const record = {
      kind: 'data',
      receivedAt: at,
      agent: this.#o.agent,
      session: this.id,
      seq,
      payload: encodeSpoolPayload(payload),
    } as const
    const offset = await this.#log.append(record)
    this.#next = seq + 1
    this.#entries.push({ seq, offset, samples: payload.samples, at })
    this.#remember({ ...payload, seq })
  }

  /** Records from `seq` on, in order, about `maxBytes` of them; at least one unless there is none. Stops before a hole. */
  async read(seq: number, maxBytes: number): Promise<readonly HeldRecord[]> {
    if (this.#tail.has(seq)) return this.#readTail(seq, maxBytes)
    const entry = this.#entries[this.#indexOf(seq)]
    if (!entry) return []
    const batch = await this.#log.read(entry.offset, maxBytes)
    if (batch.skipped > 0) this.#giveUp(entry.offset, batch.records[0]?.offset ?? batch.next)
    const held: HeldRecord[] = []
    for (const record of batch.records) {
      const payload = decodeSpoolPayload(record.payload)
      if (payload && (held.length === 0 || record.seq === (held.at(-1)?.seq ?? 0) + 1)) held.push({ ...payload, seq: record.seq })
      else break
    }
    return held
  }

  /** Records that stood in [from, to) are damaged: what is behind them must not wait for them for ever. */
  #giveUp(from: number, to: number): void {
    const lost = this.#entries.filter(({ offset }) => offset >= from && offset < to)
    if (lost.length === 0) return
    this.#entries = this.#entries.filter((entry) => !lost.includes(entry))
    const samples = lost.reduce((sum, entry) => sum + entry.samples, 0)
    this.#damaged += samples
    this.#o.counters.add('jifang_spool_damaged_total', lost.length)
    this.#o.log.error({ session: this.id, records: lost.length, samples }, 'the disk has damaged records of the spool: they are lost')
  }

  /** Lets go of everything up to and including `seq`. */
  ackTo(seq: number, now: number): void {
    if (seq <= this.#acked) return
    this.#acked = Math.min(seq, this.#next - 1)
    this.#entries.splice(0, this.#indexOf(this.#acked + 1))
    for (const known of this.#tail.keys()) {
      if (known > this.#acked) break
      this.#forget(known)
    }
    const every = this.bytes < this.#o.segmentBytes ? ACKED_EVERY_MS : TRIM_EVERY_MS
    if (now - this.#ackedSavedAt < every) return
    this.#ackedSavedAt = now
    this.#later(() => this.#tidy())
  }

  /** Makes room: the oldest segment goes, read or not. Returns how many samples were lost, null when there is nothing to drop but the segment being written. */
  async dropOldestSegment(): Promise<number | null> {
    await this.#housekeeping
    const before = this.#log.first
    for (let reach = this.#o.segmentBytes; this.#log.first === before; reach += this.#o.segmentBytes / 4) {
      await this.#log.trim(before + reach)
      if (before + reach >= this.#log.synced) break
    }
    if (this.#log.first === before) return null
    const kept = this.#entries.findIndex((entry) => entry.offset >= this.#log.first)
    const gone = this.#entries.splice(0, kept < 0 ? this.#entries.length : kept)
    for (const entry of gone) this.#forget(entry.seq)
    return gone.reduce((sum, entry) => sum + entry.samples, 0)
  }

  /** Samples that are held and unacknowledged. */
  samples(): number {
    return this.#entries.reduce((sum, entry) => sum + entry.samples, 0)
  }

  async close(): Promise<void> {
    this.#later(() => this.#tidy())
    await this.#housekeeping
    await this.#log.close()
  }

  /** Closes it and removes its folder. */
  async remove(): Promise<void> {
    await this.#housekeeping
    await this.#log.close()
    await rm(this.#o.dir, { recursive: true, force: true })
  }

  async #tidy(): Promise<void> {
    await this.#ackedFile.save(this.#acked)
    await this.#log.trim(this.#entries[0]?.offset ?? this.#log.synced)
  }

  #later(work: () => Promise<void>): void {
    this.#housekeeping = this.#housekeeping.then(work).catch((error: unknown) => {
      this.#o.log.warn({ session: this.id, err: error }, 'could not tidy the spool')
    })
  }

  #indexOf(seq: number): number {
    let low = 0
    let high = this.#entries.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#entries[middle]?.seq ?? 0) < seq) low = middle + 1
      else high = middle
    }
    return low
  }

  #readTail(seq: number, maxBytes: number): readonly HeldRecord[] {
    const held: HeldRecord[] = []
    let bytes = 0
    for (let at = seq; ; at++) {
      const record = this.#tail.get(at)
      if (!record || (held.length > 0 && bytes + record.body.length > maxBytes)) return held
      held.push(record)
      bytes += record.body.length
    }
  }

  #remember(record: HeldRecord): void {
    this.#tail.set(record.seq, record)
    this.#tailBytes += record.body.length
    for (const seq of this.#tail.keys()) {
      if (this.#tailBytes <= TAIL_BYTES) break
      this.#forget(seq)
    }
  }

  #forget(seq: number): void {
    const record = this.#tail.get(seq)
    if (!record) return
    this.#tail.delete(seq)
    this.#tailBytes -= record.body.length
  }
}

async function readEntries(log: SegmentLog, counters: Counters): Promise<Entry[]> {
  const entries: Entry[] = []
  for (let from = log.first; from < log.synced; ) {
    const batch = await log.read(from)
    if (batch.skipped > 0) counters.add('jifang_spool_damaged_total', batch.skipped)
    for (const record of batch.records) entries.push(...entryOf(record, counters))
    if (batch.next <= from) break
    from = batch.next
  }
  return entries
}

function entryOf(record: LogRecord, counters: Counters): Entry[] {
  const payload = decodeSpoolPayload(record.payload)
  if (payload) return [{ seq: record.seq, offset: record.offset, samples: payload.samples, at: record.receivedAt }]
  counters.add('jifang_spool_damaged_total')
  return []
}
