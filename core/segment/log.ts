import { type FileHandle, mkdir, open, statfs, unlink } from 'node:fs/promises'
import type { Counters } from '../lifecycle/counters.ts'
import type { Log } from '../log/log.ts'
import { encodeRecord } from './codec.ts'
import { listSegments, type SegmentFile, segmentPath, syncDir } from './files.ts'
import { SegmentReading } from './reading.ts'
import { cutTornTail } from './recover.ts'
import type { NewRecord, ReadBatch, SegmentLog } from './types.ts'

export interface SegmentLogOptions {
  readonly dir: string
  /** Default 16 MB. */
  readonly segmentBytes?: number
  /** Oldest segments are deleted when all together are larger. Default: no bound. */
  readonly maxBytes?: number
  /** Oldest segments are deleted when the file system has less free than this. Default 0. */
  readonly keepFreeBytes?: number
  /** Called before retention deletes [from, to), e.g. to count what is lost. */
  readonly beforeDrop?: (from: number, to: number) => Promise<void>
  readonly log: Log
  readonly counters: Counters
  /** Label of this log's counters: `journal`, `spool`. */
  readonly name?: string
}

interface Waiting {
  readonly bytes: Buffer
  readonly resolve: (offset: number) => void
  readonly reject: (error: Error) => void
}

/** More than this waiting to be written is refused: the disk does not follow. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024
const DEFAULT_SEGMENT_BYTES = 16 * 1024 * 1024

/** Opens (or creates) a log folder for writing; a torn tail is cut. One process may own a folder at a time. */
export async function openSegmentLog(options: SegmentLogOptions): Promise<SegmentLog> {
  await mkdir(options.dir, { recursive: true })
  const segments = await listSegments(options.dir)
  const last = segments.pop()
  if (last) {
    const { bytes, cut } = await cutTornTail(last)
    if (cut > 0) {
      options.counters.add('jifang_log_torn_bytes_total', cut, { log: options.name ?? 'journal' })
      options.log.warn({ file: last.path, bytes: cut }, 'cut the unfinished end of the newest segment')
    }
    segments.push({ ...last, bytes })
  }
  return new FileSegmentLog(options, segments)
}

class FileSegmentLog implements SegmentLog {
  readonly #o: SegmentLogOptions
  readonly #labels: { log: string }
  readonly #listeners = new Set<() => void>()
  readonly #reading = new SegmentReading()
  #segments: SegmentFile[]
  #handle: FileHandle | null = null
  #synced: number
  #waiting: Waiting[] = []
  #waitingBytes = 0
  #flushing: Promise<void> | null = null
  #readTurn: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor(options: SegmentLogOptions, segments: SegmentFile[]) {
    this.#o = options
    this.#labels = { log: options.name ?? 'journal' }
    this.#segments = segments
    const last = segments.at(-1)
    this.#synced = last ? last.base + last.bytes : 0
  }

  get first(): number {
    return this.#segments[0]?.base ?? this.#synced
  }

  get synced(): number {
    return this.#synced
  }

  append(record: NewRecord): Promise<number> {
    if (this.#closed) return Promise.reject(new Error('the log is closed'))
    let bytes: Buffer
    try {
      bytes = encodeRecord(record)
    } catch (error) {
      return Promise.reject(error)
    }
    if (this.#waitingBytes + bytes.length > MAX_WAITING_BYTES) {
      this.#o.counters.add('jifang_log_refused_total', 1, this.#labels)
      return Promise.reject(new Error(`the disk does not follow: ${this.#waitingBytes} bytes wait for ${this.#o.dir}`))
    }
    return new Promise<number>((resolve, reject) => {
      this.#waiting.push({ bytes, resolve, reject })
      this.#waitingBytes += bytes.length
      this.#flushing ??= this.#flushAll()
    })
  }

  read(from: number, maxBytes?: number): Promise<ReadBatch> {
    const turn = this.#readTurn.then(() => this.#reading.read(this.#segments, from, this.#synced, maxBytes))
    this.#readTurn = turn.catch(() => undefined)
    return turn
  }

  onSynced(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async trim(offset: number): Promise<void> {
    while (this.#segments.length > 1 && (this.#segments[1]?.base ?? Infinity) <= offset) await this.#dropOldest()
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#flushing
    await this.#handle?.close()
    this.#handle = null
    await this.#readTurn
    await this.#reading.close()
  }

  /** Group commit: while one fdatasync runs, the next batch gathers (DESIGN §10). */
  async #flushAll(): Promise<void> {
    await Promise.resolve() // let appends of the same turn join the first batch
    while (this.#waiting.length > 0) {
      const batch = this.#waiting
      this.#waiting = []
      this.#waitingBytes = 0
      try {
        const offset = await this.#write(batch.map((item) => item.bytes))
        let at = offset
        for (const item of batch) {
          item.resolve(at)
          at += item.bytes.length
        }
        for (const listener of this.#listeners) listener()
      } catch (error) {
        this.#o.counters.add('jifang_log_write_errors_total', 1, this.#labels)
        // What gathered behind a failed batch fails with it: stored now, it would stand before what its writer tries again.
        const behind = this.#waiting
        this.#waiting = []
        this.#waitingBytes = 0
        for (const item of [...batch, ...behind]) item.reject(error as Error)
      }
    }
    this.#flushing = null
  }

  async #write(chunks: readonly Buffer[]): Promise<number> {
    const handle = await this.#writable()
    const start = this.#synced
    try {
      const { bytesWritten } = await handle.writev(chunks as Buffer[])
      const total = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
      if (bytesWritten !== total) throw Object.assign(new Error(`short write to ${this.#o.dir}`), { code: 'ENOSPC' })
      await handle.datasync()
      this.#grow(total)
      return start
    } catch (error) {
      await this.#abandon(handle)
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') await this.#enforceBounds()
      throw error
    }
  }

  #grow(bytes: number): void {
    const last = this.#segments.pop()
    if (last) this.#segments.push({ ...last, bytes: last.bytes + bytes })
    this.#synced += bytes
  }

  /** After a failed write nothing in the page cache is trusted: cut back to what was synced and open again next time. */
  async #abandon(handle: FileHandle): Promise<void> {
    this.#handle = null
    try {
      await handle.truncate(this.#segments.at(-1)?.bytes ?? 0)
      await handle.datasync()
    } catch (error) {
      this.#o.log.error({ dir: this.#o.dir, err: error }, 'could not cut a failed write')
    } finally {
      await handle.close().catch(() => undefined)
    }
  }

  /** The newest segment, open for appending; a full one is left behind and retention runs. */
  async #writable(): Promise<FileHandle> {
    const last = this.#segments.at(-1)
    const full = !last || last.bytes >= (this.#o.segmentBytes ?? DEFAULT_SEGMENT_BYTES)
    if (!full && this.#handle) return this.#handle
    await this.#handle?.close()
    this.#handle = null
    if (full) await this.#enforceBounds()
    const path = full ? segmentPath(this.#o.dir, this.#synced) : last.path
    const handle = await open(path, 'a')
    if (full) {
      await syncDir(this.#o.dir)
      this.#segments.push({ path, base: this.#synced, bytes: 0 })
    }
    this.#handle = handle
    return handle
  }

  async #enforceBounds(): Promise<void> {
    const { maxBytes, keepFreeBytes = 0 } = this.#o
    const total = () => this.#segments.reduce((sum, segment) => sum + segment.bytes, 0)
    while (this.#segments.length > 1) {
      const tooLarge = maxBytes !== undefined && total() > maxBytes
      if (!tooLarge && !(keepFreeBytes > 0 && (await freeBytes(this.#o.dir)) < keepFreeBytes)) return
      const oldest = this.#segments[0]
      const next = this.#segments[1]
      if (!oldest || !next) return
      await this.#o.beforeDrop?.(oldest.base, next.base)
      this.#o.counters.add('jifang_log_dropped_bytes_total', oldest.bytes, this.#labels)
      this.#o.log.warn({ file: oldest.path, bytes: oldest.bytes }, 'dropped the oldest segment to stay within bounds')
      await this.#dropOldest()
    }
  }

  async #dropOldest(): Promise<void> {
    const [oldest, ...rest] = this.#segments
    if (!oldest) return
    this.#segments = rest
    await unlink(oldest.path)
    await syncDir(this.#o.dir)
  }
}

async function freeBytes(dir: string): Promise<number> {
  const { bavail, bsize } = await statfs(dir)
  return bavail * bsize
}
