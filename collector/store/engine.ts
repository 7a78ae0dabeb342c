import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pause } from '../../core/lifecycle/pause.ts'
import type { Running } from '../../core/lifecycle/stack.ts'
import type { Log } from '../../core/log/log.ts'
import type { SeriesAnswer, SeriesQuery } from '../../core/model/api.ts'
import { type Cursor, openCursor } from '../../core/segment/cursor.ts'
import type { RecordSource } from '../../core/segment/types.ts'
import { failureOf, openDatabase } from './database.ts'
import { Days } from './days.ts'
import { Ingest, type IngestDeps } from './ingest.ts'
import { Maintenance } from './maintenance.ts'
import { createQueries } from './queries.ts'

import { DEFAULT_MAINTENANCE_MS, DEFAULT_MEMORY_BYTES, type StoreSettings } from './settings.ts'

export interface StoreEngineOptions extends Omit<IngestDeps, 'days' | 'db' | 'cursor' | 'retentionMs'> {
  readonly dir: string
  readonly settings: StoreSettings
  /** The database can't go on in this process. */
  readonly onFatal: (error: unknown) => void
}

/** The store itself: everything that happens in its own process. */
export interface StoreEngine extends Running {
  readonly position: number
  series(query: SeriesQuery, signal: AbortSignal): Promise<SeriesAnswer>
  /** Seals, merges and deletes what is due now; also done regularly. */
  maintain(): Promise<void>
  /** Bytes of all day files. */
  bytes(): Promise<number>
}

export async function openStoreEngine(options: StoreEngineOptions): Promise<StoreEngine> {
  const { dir, source, settings, log, counters } = options
  await mkdir(dir, { recursive: true })
  const cursor = await cursorOf(join(dir, 'cursor'), log)
  const db = await openDatabase({ memoryBytes: settings.memoryBytes ?? DEFAULT_MEMORY_BYTES, tempDir: join(dir, 'tmp') })
  const days = new Days({ dir, db, log, counters, onProblem: options.onProblem })
  const position = await db.writing.run(() => startPosition(days, cursor, source, options))
  const ingest = new Ingest({ ...options, days, db, cursor, retentionMs: settings.retentionMs }, position)
  const maintenance = new Maintenance({ ...options, days, db, retentionMs: settings.retentionMs, coveredUntil: () => ingest.coveredUntil })
  const queries = createQueries({ db, days, position: () => ingest.position, onFatal: options.onFatal })
  const stopping = new AbortController()
  const ingesting = ingest.run(stopping.signal).catch((error: unknown) => options.onFatal(error))
  const maintaining = maintainRegularly()
  let stopped: Promise<void> | null = null

  async function maintainRegularly(): Promise<void> {
    while (!stopping.signal.aborted) {
      await maintain().catch((error: unknown) => {
        if (stopping.signal.aborted) return
        if (failureOf(error) === 'fatal') options.onFatal(error)
        log.error({ err: error }, 'store maintenance failed')
      })
      await pause(settings.maintenanceMs ?? DEFAULT_MAINTENANCE_MS, stopping.signal)
    }
  }

  async function maintain(): Promise<void> {
    await maintenance.pass(stopping.signal)
    counters.set('jifang_store_bytes', await days.bytes())
  }

  return {
    get position() {
      return ingest.position
    },
    series: (query, signal) => queries.series(query, signal, stopping.signal),
    maintain,
    bytes: () => days.bytes(),
    stop() {
      stopped ??= (async () => {
        stopping.abort()
        db.reader.interrupt()
        db.writer.interrupt()
        await Promise.all([ingesting, maintaining])
        await db.writing.run(() => days.checkpoint()).then((done) => (done ? cursor.save(ingest.position) : undefined))
        await db.close()
        await rm(join(dir, 'tmp'), { recursive: true, force: true })
      })()
      return stopped
    },
  }
}

/** Attaches the files and finds where to read on. Reading too early is harmless: the files know what they have. */
async function startPosition(days: Days, cursor: Cursor, source: RecordSource, options: StoreEngineOptions): Promise<number> {
  await days.open(cursor.offset)
  if (cursor.offset <= source.synced) return cursor.offset === 0 ? source.first : cursor.offset
  options.onProblem(
    'journal',
    `the journal ends at ${source.synced}, before ${cursor.offset}, where the store had read to: it was replaced`,
  )
  await days.forgetOffsets()
  return source.first
}

/** A damaged cursor of the store may be thrown away: replay skips what the files have. */
async function cursorOf(path: string, log: Log): Promise<Cursor> {
  try {
    return await openCursor(path)
  } catch (error) {
    log.warn({ err: error }, 'the cursor of the store can not be read: the journal is read from its beginning')
    await rm(path, { force: true })
    return openCursor(path)
  }
}
