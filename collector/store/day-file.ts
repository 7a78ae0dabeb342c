import {
  DOUBLE,
  type DuckDBConnection,
  DuckDBDataChunk,
  type DuckDBType,
  type DuckDBValue,
  INTEGER,
  USMALLINT,
  VARCHAR,
} from '@duckdb/node-api'
import { quoteText } from './database.ts'
import { DAY_MS, type DayRows, type SeriesKey } from './rows.ts'

/** `main` holds a day; `late` what came after the day was sealed. */
export type DayRole = 'main' | 'late'

export interface DayMeta {
  /** Every record below this offset that has points for this file is in it. */
  readonly applied: number
  /** > applied while the file is being filled again from the journal up to here. */
  readonly refillTo: number
  /** Sorted by (series, time), duplicates dropped, never written to again. */
  readonly sealed: boolean
}

const POINTS = 'series INTEGER NOT NULL, ts INTEGER NOT NULL, us USMALLINT NOT NULL, value DOUBLE, text VARCHAR'
const POINT_TYPES: readonly DuckDBType[] = [INTEGER, INTEGER, USMALLINT, DOUBLE, VARCHAR]
const SERIES_TYPES: readonly DuckDBType[] = [INTEGER, VARCHAR, VARCHAR, VARCHAR, VARCHAR, VARCHAR]
const CHUNK_ROWS = 2048

/** Tables of a day file. `points` is in the order of arrival, `sorted` by (series, ts, us): an hour at a time, or the whole day. */
export const SCHEMA = (alias: string): string => `
  CREATE TABLE IF NOT EXISTS ${alias}.meta(applied BIGINT NOT NULL, refill_to BIGINT NOT NULL, sealed BOOLEAN NOT NULL);
  CREATE TABLE IF NOT EXISTS ${alias}.series(id INTEGER NOT NULL, measurement VARCHAR NOT NULL, device VARCHAR NOT NULL,
    tags VARCHAR NOT NULL, field VARCHAR NOT NULL, kind VARCHAR NOT NULL);
  CREATE TABLE IF NOT EXISTS ${alias}.points(${POINTS});
  CREATE TABLE IF NOT EXISTS ${alias}.sorted(${POINTS});`

export const fileName = (day: number, role: DayRole): string =>
  `${new Date(day * DAY_MS).toISOString().slice(0, 10)}${role === 'late' ? '.late' : ''}.duckdb`

/** Day (since 1970) and role by file name; null for anything else. */
export function parseFileName(name: string): { day: number; role: DayRole } | null {
  const match = /^(\d{4}-\d\d-\d\d)(\.late)?\.duckdb$/.exec(name)
  const time = match ? Date.parse(`${match[1]}T00:00:00Z`) : Number.NaN
  return Number.isNaN(time) ? null : { day: time / DAY_MS, role: match?.[2] ? 'late' : 'main' }
}

/** One attached DuckDB file. All methods run on the writing lane. */
export class DayFile {
  readonly path: string
  readonly alias: string
  readonly day: number
  readonly role: DayRole
  readonly #connection: DuckDBConnection
  #meta: DayMeta = { applied: 0, refillTo: 0, sealed: false }
  #ids: Map<string, number> | null = null
  #nextId = 1
  #dirty = true
  /** Wall time of the last write, ms; 0 for none in this process. */
  writtenAt = 0

  private constructor(connection: DuckDBConnection, path: string, day: number, role: DayRole) {
    this.#connection = connection
    this.path = path
    this.day = day
    this.role = role
    this.alias = `${role}_${day}`
  }

  /** Attaches the file, creating it when it is not there. @throws when it does not open */
  static async attach(connection: DuckDBConnection, path: string, day: number, role: DayRole): Promise<DayFile> {
    const file = new DayFile(connection, path, day, role)
    await connection.run(`ATTACH ${quoteText(path)} AS ${file.alias}`)
    try {
      await connection.run(SCHEMA(file.alias))
      await file.#readMeta()
    } catch (error) {
      await file.detach().catch(() => undefined)
      throw error
    }
    return file
  }

  get meta(): DayMeta {
    return this.#meta
  }

  get refilling(): boolean {
    return this.#meta.applied < this.#meta.refillTo
  }

  /** Writes the points from index `from` on and `applied` in one transaction. */
  async append(rows: DayRows, from: number, applied: number): Promise<void> {
    await this.#transaction(async () => {
      const ids = await this.#assignIds(rows, from)
      await this.#appendPoints(rows, from, ids)
      await this.#writeMeta({ ...this.#meta, applied })
    })
  }

  async setMeta(meta: Partial<DayMeta>): Promise<void> {
    await this.#transaction(() => this.#writeMeta({ ...this.#meta, ...meta }))
  }

  /** Brings everything committed into the file itself; nothing to do when nothing was written since. */
  async checkpoint(): Promise<void> {
    if (!this.#dirty) return
    await this.#connection.run(`CHECKPOINT ${this.alias}`)
    this.#dirty = false
  }

  detach(): Promise<unknown> {
    return this.#connection.run(`DETACH ${this.alias}`)
  }

  /** Runs `work` as one transaction; after a failure nothing remembered about the file is trusted. */
  async #transaction(work: () => Promise<void>): Promise<void> {
    const before = this.#meta
    this.#dirty = true
    await this.#connection.run('BEGIN')
    try {
      await work()
      await this.#connection.run('COMMIT')
    } catch (error) {
      this.#meta = before
      this.#ids = null
      await this.#connection.run('ROLLBACK').catch(() => undefined)
      throw error
    }
  }

  async #readMeta(): Promise<void> {
    const rows = await (await this.#connection.run(`SELECT applied, refill_to, sealed FROM ${this.alias}.meta`)).getRows()
    const row = rows[0]
    if (row) this.#meta = { applied: Number(row[0]), refillTo: Number(row[1]), sealed: row[2] === true }
    else await this.#connection.run(`INSERT INTO ${this.alias}.meta VALUES (0, 0, false)`)
  }

  async #writeMeta(meta: DayMeta): Promise<void> {
    const { applied, refillTo, sealed } = meta
    await this.#connection.run(`UPDATE ${this.alias}.meta SET applied = ${applied}, refill_to = ${refillTo}, sealed = ${sealed}`)
    this.#meta = meta
  }

  async #assignIds(rows: DayRows, from: number): Promise<number[]> {
    const known = this.#ids ?? (await this.#loadIds())
    const ids = new Array<number>(rows.length - from)
    const added: SeriesKey[] = []
    for (let at = from; at < rows.length; at++) {
      const series = rows.series[at] as SeriesKey
      let id = known.get(series.key)
      if (id === undefined) {
        id = this.#nextId + added.length
        known.set(series.key, id)
        added.push(series)
      }
      ids[at - from] = id
    }
    if (added.length > 0) await this.#appendSeries(added)
    return ids
  }

  async #loadIds(): Promise<Map<string, number>> {
    const ids = new Map<string, number>()
    const rows = await (await this.#connection.run(`SELECT id, measurement, tags, field, kind FROM ${this.alias}.series`)).getRows()
    this.#nextId = 1
    for (const [id, measurement, tags, field, kind] of rows) {
      ids.set(`${measurement}\n${tags}\n${field}\n${kind}`, Number(id))
      this.#nextId = Math.max(this.#nextId, Number(id) + 1)
    }
    this.#ids = ids
    return ids
  }

  async #appendSeries(added: readonly SeriesKey[]): Promise<void> {
    const first = this.#nextId
    this.#nextId += added.length
    await this.#appendColumns('series', SERIES_TYPES, [
      added.map((_, at) => first + at),
      added.map((series) => series.measurement),
      added.map((series) => series.device),
      added.map((series) => series.tags),
      added.map((series) => series.field),
      added.map((series) => series.kind),
    ])
  }

  async #appendPoints(rows: DayRows, from: number, ids: readonly number[]): Promise<void> {
    const tail = <T>(column: T[]): T[] => (from === 0 ? column : column.slice(from))
    await this.#appendColumns('points', POINT_TYPES, [ids, tail(rows.ts), tail(rows.us), tail(rows.value), tail(rows.text)])
  }

  async #appendColumns(table: string, types: readonly DuckDBType[], columns: readonly (readonly DuckDBValue[])[]): Promise<void> {
    const appender = await this.#connection.createAppender(table, 'main', this.alias)
    try {
      const total = columns[0]?.length ?? 0
      for (let at = 0; at < total; at += CHUNK_ROWS) {
        const chunk = DuckDBDataChunk.create(types, Math.min(CHUNK_ROWS, total - at))
        chunk.setColumns(columns.map((column) => (total <= CHUNK_ROWS ? column : column.slice(at, at + CHUNK_ROWS))))
        appender.appendDataChunk(chunk)
      }
      appender.flushSync()
    } finally {
      appender.closeSync()
    }
  }
}
