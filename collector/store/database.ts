import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { Lane } from './lane.ts'

/**
 * One DuckDB instance with two connections: never more than two statements at a time (DESIGN §10).
 * Day files are attached to it; a transaction may write to one of them only.
 */
export interface Database {
  readonly writer: DuckDBConnection
  readonly reader: DuckDBConnection
  readonly writing: Lane
  readonly reading: Lane
  /** Runs with neither lane in use; called from within a task of the writing lane. */
  withoutReaders<T>(task: () => Promise<T>): Promise<T>
  /** Stops a running query, waits for both lanes, closes: a process that exits with a query running is aborted. */
  close(): Promise<void>
}

export async function openDatabase({ memoryBytes, tempDir }: { memoryBytes: number; tempDir: string }): Promise<Database> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: '1',
    memory_limit: `${Math.max(64, Math.round(memoryBytes / 1e6))}MB`,
    temp_directory: tempDir,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    preserve_insertion_order: 'true',
  })
  const writer = await instance.connect()
  const reader = await instance.connect()
  const writing = new Lane()
  const reading = new Lane()
  return {
    writer,
    reader,
    writing,
    reading,
    withoutReaders: (task) => reading.run(task),
    async close() {
      writer.interrupt()
      reader.interrupt()
      await writing.run(async () => undefined)
      await reading.run(async () => undefined)
      writer.closeSync()
      reader.closeSync()
      instance.closeSync()
    },
  }
}

export const quoteText = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** What a failed statement means for the file it was about. */
export type Failure =
  | 'corrupt' // the file can't be read: set it aside
  | 'fatal' // the whole instance is unusable: this process must start anew
  | 'interrupted'
  | 'refused' // disk full, no permission, locked, out of memory: wait and try again

/** DuckDB has no error codes; these are the texts of 1.5. Whatever is not known here is no reason to move a file away. */
export function failureOf(error: unknown): Failure {
  const text = error instanceof Error ? error.message : String(error)
  if (/interrupt/i.test(text)) return 'interrupted'
  if (/FATAL|has been invalidated/.test(text)) return 'fatal'
  if (/No space left|Permission denied|Could not set lock|Conflicting lock|Too many open files|Out of Memory|Cannot open file/i.test(text))
    return 'refused'
  if (
    /corrupt|not a valid DuckDB database|checksum|Serialization Error|deserializ|replaying WAL|WAL file|different version|Unrecognized|magic bytes|INTERNAL Error|could not read|end of file|read \d+ bytes/i.test(
      text,
    )
  )
    return 'corrupt'
  return 'refused'
}
