import { listSegments, type SegmentFile } from './files.ts'
import { SegmentReading } from './reading.ts'
import type { ReadBatch, RecordSource } from './types.ts'

/** A log folder that another process owns and writes; that process tells how far it is synced. */
export interface SegmentReader extends RecordSource {
  /** The owner says that everything below `synced` is on disk. */
  advance(synced: number): void
  close(): Promise<void>
}

export async function openSegmentReader({ dir }: { dir: string }): Promise<SegmentReader> {
  return new ForeignSegmentReader(dir, await listSegments(dir))
}

class ForeignSegmentReader implements SegmentReader {
  readonly #dir: string
  readonly #reading = new SegmentReading()
  readonly #listeners = new Set<() => void>()
  #segments: SegmentFile[]
  #synced = 0
  #turn: Promise<unknown> = Promise.resolve()

  constructor(dir: string, segments: SegmentFile[]) {
    this.#dir = dir
    this.#segments = segments
  }

  get first(): number {
    return this.#segments[0]?.base ?? this.#synced
  }

  get synced(): number {
    return this.#synced
  }

  advance(synced: number): void {
    if (synced <= this.#synced) return
    this.#synced = synced
    for (const listener of this.#listeners) listener()
  }

  read(from: number, maxBytes?: number): Promise<ReadBatch> {
    const turn = this.#turn.then(() => this.#read(from, maxBytes))
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  onSynced(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async close(): Promise<void> {
    await this.#turn
    await this.#reading.close()
  }

  /** The owner rolls and drops segments without telling: list again at each read that has something to read. */
  async #read(from: number, maxBytes?: number): Promise<ReadBatch> {
    if (from >= this.#synced) return { records: [], next: from, overtaken: 0, skipped: 0 }
    this.#segments = await listSegments(this.#dir)
    return this.#reading.read(this.#segments, from, this.#synced, maxBytes)
  }
}
