import { type FileHandle, open } from 'node:fs/promises'
import { decodeRecord, findRecord, HEAD_BYTES, MAX_BODY_BYTES } from './codec.ts'
import type { SegmentFile } from './files.ts'
import type { LogRecord, ReadBatch } from './types.ts'

const DEFAULT_BATCH_BYTES = 1024 * 1024

/** Reads records across segment files. One reader serves one consumer at a time: calls are not to overlap. */
export class SegmentReading {
  #open: { path: string; handle: FileHandle } | null = null

  /**
   * Records from `from` on, never at or above `limit`. `segments` lists what exists now, oldest first.
   * @throws when a file can't be read for another reason than having been dropped
   */
  async read(segments: readonly SegmentFile[], from: number, limit: number, maxBytes = DEFAULT_BATCH_BYTES): Promise<ReadBatch> {
    let position = from
    let overtaken = 0
    let skipped = 0
    for (let hop = 0; hop <= segments.length + 1; hop++) {
      const index = segments.findLastIndex((candidate) => candidate.base <= position)
      const segment = segments[Math.max(index, 0)]
      if (!segment || position >= limit) break
      if (segment.base > position) {
        overtaken += segment.base - position
        position = segment.base
      }
      const end = Math.min(segments[Math.max(index, 0) + 1]?.base ?? limit, limit)
      if (position >= end) break
      const batch = await this.#readWithin(segment, position, end, maxBytes)
      if (batch === 'dropped') return { records: [], next: position, overtaken, skipped }
      skipped += batch.skipped
      position = batch.next
      if (batch.records.length > 0) return { records: batch.records, next: position, overtaken, skipped }
    }
    return { records: [], next: position, overtaken, skipped }
  }

  async close(): Promise<void> {
    const opened = this.#open
    this.#open = null
    await opened?.handle.close()
  }

  async #readWithin(segment: SegmentFile, from: number, end: number, maxBytes: number) {
    const handle = await this.#handleOf(segment.path)
    if (!handle) return 'dropped' as const
    let want = Math.min(Math.max(maxBytes, HEAD_BYTES), end - from)
    for (;;) {
      const buffer = Buffer.allocUnsafe(want)
      const { bytesRead } = await handle.read(buffer, 0, want, from - segment.base)
      const atEnd = from + want >= end || bytesRead < want
      const batch = decodeAll(buffer.subarray(0, bytesRead), from, atEnd, end)
      if (batch.records.length > 0 || batch.next > from || atEnd) return batch
      want = Math.min(want * 2 + MAX_BODY_BYTES, end - from)
    }
  }

  async #handleOf(path: string): Promise<FileHandle | null> {
    if (this.#open?.path === path) return this.#open.handle
    await this.close()
    try {
      const handle = await open(path, 'r')
      this.#open = { path, handle }
      return handle
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
      throw error
    }
  }
}

/** Decodes what a buffer holds; damage is stepped over. With `atEnd` an unfinished rest is damage too and `next` becomes `end`. */
function decodeAll(buffer: Buffer, from: number, atEnd: boolean, end: number) {
  const records: LogRecord[] = []
  let at = 0
  let skipped = 0
  while (at < buffer.length) {
    const decoded = decodeRecord(buffer, at, from)
    if (decoded.kind === 'record') {
      records.push(decoded.record)
      at += decoded.bytes
      continue
    }
    if (decoded.kind === 'short' && !atEnd) break
    const following = findRecord(buffer, at + 1)
    skipped++
    if (following < 0) {
      if (!atEnd) break
      at = buffer.length
    } else at = following
  }
  const reached = atEnd && at >= buffer.length ? end : from + at
  return { records, next: reached, skipped }
}
