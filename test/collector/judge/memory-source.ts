import { gzipSync } from 'node:zlib'
import type { LogRecord, NewRecord, ReadBatch, RecordSource } from '../../../core/segment/types.ts'
import { encodeHeader } from '../../../core/wire/header.ts'

/** A journal in memory whose synced end the test moves. */
export class MemorySource implements RecordSource {
  readonly records: LogRecord[] = []
  first = 0
  synced = 0
  readonly #listeners = new Set<() => void>()

  /** Appends a record, not yet synced; returns its offset. */
  add(record: Pick<NewRecord, 'kind' | 'receivedAt'> & Partial<NewRecord>): number {
    const last = this.records[this.records.length - 1]
    const offset = last?.next ?? 0
    const payload = record.payload ?? Buffer.alloc(0)
    this.records.push({ agent: '', session: '', seq: 0, ...record, payload, offset, next: offset + 40 + payload.length })
    return offset
  }

  /** Makes everything below the offset, or everything, readable. */
  sync(to = this.records[this.records.length - 1]?.next ?? 0): void {
    this.synced = to
    for (const listener of this.#listeners) listener()
  }

  async read(from: number, maxBytes = 1 << 20): Promise<ReadBatch> {
    const start = Math.max(from, this.first)
    const records: LogRecord[] = []
    let next = start
    for (const record of this.records) {
      if (record.offset < start || record.next > this.synced) continue
      if (next - start > maxBytes) break
      records.push(record)
      next = record.next
    }
    return { records, next, overtaken: start - from, skipped: 0 }
  }

  onSynced(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

let seq = 0

/** A data message as an agent publishes it. */
export function message(lines: readonly string[], sent: number, gzip = false): Buffer {
  const text = [encodeHeader({ session: 's1', seq: ++seq, base: 1, sent, config: 1 }), ...lines].join('\n')
  return gzip ? gzipSync(text) : Buffer.from(text)
}
