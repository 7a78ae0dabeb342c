import type { Counters } from '../../core/lifecycle/counters.ts'
import type { Log } from '../../core/log/log.ts'
import { openSegmentLog } from '../../core/segment/log.ts'
import type { NewRecord, RecordSource } from '../../core/segment/types.ts'

export interface JournalOptions {
  /** `<data>/journal` */
  readonly dir: string
  /** Oldest segments go first when over this, read or not (DESIGN §10). */
  readonly maxBytes: number
  readonly keepFreeBytes: number
  readonly segmentBytes?: number
  readonly log: Log
  readonly counters: Counters
  /** Told before [from, to) is dropped; consumers that have not come to `to` lose the rest. */
  readonly onLoss?: (from: number, to: number) => void
}

/** The collector's single truth: everything that can change an alarm, in order, on disk. */
export interface Journal extends RecordSource {
  readonly dir: string
  /** Why it can't be written, in words; null when the last write went well. */
  readonly failing: string | null
  /**
   * Resolves with the record's offset when it is on disk. When it rejects, everything appended after it and not yet resolved rejects too,
   * so a writer that tries again from the first failure keeps its order.
   */
  append(record: NewRecord): Promise<number>
  close(): Promise<void>
}

/** Small records that get through say little: the trouble is over when a large one does, or when none has failed for this long. */
const CALM_MS = 15_000

/** Opens the journal for writing; one process owns it. */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { dir, log, counters, onLoss } = options
  const segments = await openSegmentLog({
    dir,
    maxBytes: options.maxBytes,
    keepFreeBytes: options.keepFreeBytes,
    ...(options.segmentBytes !== undefined && { segmentBytes: options.segmentBytes }),
    beforeDrop: async (from, to) => onLoss?.(from, to),
    log,
    counters,
    name: 'journal',
  })
  let failing: string | null = null
  let failed = { bytes: 0, at: 0 }
  // a tick still fits into the last page of a disk that has no room for data
  const worked = (bytes: number): void => {
    if (failing === null || (bytes < failed.bytes && performance.now() - failed.at < CALM_MS)) return
    log.info({ dir }, 'the journal can be written again')
    failing = null
    counters.set('jifang_journal_failing', 0)
  }
  const refused = (error: unknown, bytes: number): void => {
    failed = { bytes: failing === null ? bytes : Math.max(bytes, failed.bytes), at: performance.now() }
    const why = error instanceof Error ? error.message : String(error)
    if (failing === null)
      log.error({ dir, problem: why }, 'the journal can not be written: agents keep their data, alarms are judged from memory; make room')
    failing = why
    counters.set('jifang_journal_failing', 1)
  }
  counters.set('jifang_journal_failing', 0)
  return {
    dir,
    get failing() {
      return failing
    },
    get first() {
      return segments.first
    },
    get synced() {
      return segments.synced
    },
    read: (from, maxBytes) => segments.read(from, maxBytes),
    onSynced: (listener) => segments.onSynced(listener),
    async append(record) {
      try {
        const offset = await segments.append(record)
        worked(record.payload.length)
        return offset
      } catch (error) {
        // A record that can't be one says nothing about the disk.
        if (!(error instanceof RangeError)) refused(error, record.payload.length)
        throw error
      }
    },
    close: () => segments.close(),
  }
}
