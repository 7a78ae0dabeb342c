/** The append-only log that is both the agent's spool and the collector's journal (DESIGN §10). */
export type RecordKind = 'data' | 'status' | 'command' | 'tick' | 'reload'

/** What is appended. `payload` is kept as received. */
export interface NewRecord {
  readonly kind: RecordKind
  /** ms since 1970, the clock of the machine that appends. */
  readonly receivedAt: number
  /** Whose record it is: an agent's name, `collector` for the collector's own, '' where nobody's (tick, reload). */
  readonly agent: string
  readonly session: string
  readonly seq: number
  readonly payload: Buffer
}

export interface LogRecord extends NewRecord {
  /** Position in the log: grows for ever, never re-used. */
  readonly offset: number
  /** Offset of the record behind it; a cursor that has done this record is saved as `next`. */
  readonly next: number
}

export interface ReadBatch {
  readonly records: readonly LogRecord[]
  /** Where to read on. */
  readonly next: number
  /** Bytes that retention had dropped between `from` and the first record here; 0 normally. */
  readonly overtaken: number
  /** Corrupt records that were stepped over. */
  readonly skipped: number
}

/** Reading side, the same for a consumer in the collector and for the store's own process. Only synced records are ever returned. */
export interface RecordSource {
  /** Offset of the oldest record kept. */
  readonly first: number
  /** Everything below this offset is on disk. */
  readonly synced: number
  /** Up to about `maxBytes` of records from `from` on; empty when there is nothing new. */
  read(from: number, maxBytes?: number): Promise<ReadBatch>
  /** Called after `synced` has grown; returns the unsubscribe function. */
  onSynced(listener: () => void): () => void
}

/** Writing side: one owner process. */
export interface SegmentLog extends RecordSource {
  /** Resolves with the record's offset after fdatasync; concurrent appends share one (group commit). Rejects when the disk refuses. */
  append(record: NewRecord): Promise<number>
  /** Deletes whole segments below `offset`. */
  trim(offset: number): Promise<void>
  close(): Promise<void>
}
