import { type DuckDBConnection, VARCHAR } from '@duckdb/node-api'
import type { SeriesAnswer, SeriesQuery } from '../../core/model/api.ts'
import type { DayFile } from './day-file.ts'
import { type Day, filesOf } from './days.ts'
import { DAY_MS } from './rows.ts'

export const DEFAULT_LIMIT = 10_000
const MAX_SERIES = 500

interface Found {
  readonly tags: Readonly<Record<string, string>>
  readonly points: [number, number | string][]
  /** Number of values behind the last point, which may go on in the next day. */
  lastCount: number
  truncated: boolean
}

/** Names the file whose reading failed, so that a damaged one can be set aside. */
export class DayReadError extends Error {
  readonly file: DayFile | null
  constructor(file: DayFile | null, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.name = 'DayReadError'
    this.file = file
  }
}

/** Runs on the reading lane. @throws DayReadError when a file can't be read or the query was interrupted */
export async function querySeries(
  connection: DuckDBConnection,
  days: readonly Day[],
  query: SeriesQuery,
  signal: AbortSignal,
): Promise<SeriesAnswer> {
  const { from, to, step } = query
  if (!Number.isFinite(from) || !Number.isFinite(to)) throw new Error('from and to must be times in ms')
  if (step !== undefined && !(step >= 1)) throw new Error('step must be at least 1 ms')
  const limit = Math.max(1, Math.min(query.limit ?? DEFAULT_LIMIT, DEFAULT_LIMIT * 10))
  const found = new Map<string, Found>()
  let more = false
  for (const day of days) {
    const first = Math.max(from - day.day * DAY_MS, 0)
    const end = Math.min(to - day.day * DAY_MS, DAY_MS)
    if (first >= end) continue
    signal.throwIfAborted()
    const reading = new DayReading(connection, day, query, limit)
    if (await reading.findSeries(found)) more = true
    await reading.readPoints(found, first, end)
  }
  const series = [...found.values()].map(({ tags, points, truncated }) => (truncated ? { tags, points, truncated } : { tags, points }))
  return more ? { series, truncated: true } : { series }
}

/** The part of a query that falls into one day. */
class DayReading {
  readonly #connection: DuckDBConnection
  readonly #day: Day
  readonly #query: SeriesQuery
  readonly #limit: number
  /** Series ids of each file, with their place in `#keys`. */
  readonly #ids: { file: DayFile; pairs: [number, number][] }[] = []
  readonly #keys: string[] = []
  /** Place by series id, of use while only one file has some of the series. */
  readonly #places = new Map<number, number>()

  constructor(connection: DuckDBConnection, day: Day, query: SeriesQuery, limit: number) {
    this.#connection = connection
    this.#day = day
    this.#query = query
    this.#limit = limit
  }

  /** Adds this day's matching series to `found`; true when there were more than one answer may have. */
  async findSeries(found: Map<string, Found>): Promise<boolean> {
    let more = false
    for (const file of filesOf(this.#day)) {
      const pairs: [number, number][] = []
      for (const [id, tagsText, kind] of await this.#seriesRows(file)) {
        const tags = JSON.parse(String(tagsText)) as Record<string, string>
        if (!matches(tags, this.#query.tags)) continue
        const key = `${kind} ${tagsText}`
        if (!found.has(key) && found.size >= MAX_SERIES) {
          more = true
          continue
        }
        if (!found.has(key)) found.set(key, { tags, points: [], lastCount: 0, truncated: false })
        let place = this.#keys.indexOf(key)
        if (place < 0) place = this.#keys.push(key) - 1
        pairs.push([Number(id), place])
      }
      if (pairs.length === 0) continue
      this.#ids.push({ file, pairs })
      for (const [id, place] of pairs) this.#places.set(id, place)
    }
    return more
  }

  async readPoints(found: Map<string, Found>, from: number, to: number): Promise<void> {
    if (this.#ids.length === 0) return
    const { step } = this.#query
    const base = this.#day.day * DAY_MS
    const source = this.#source(from, to)
    // One series of a day is few rows, and neither LIMIT nor QUALIFY comes free: several ms against one.
    const cut = (order: string) =>
      this.#keys.length === 1 ? '' : `QUALIFY row_number() OVER (PARTITION BY n ORDER BY ${order}) <= ${this.#limit + 1}`
    const bucket = `(${base} + ts) // ${Math.trunc(step ?? 1)} * ${Math.trunc(step ?? 1)} - ${base}`
    const sql =
      step === undefined
        ? `SELECT n, ts, us, value, text, 1 FROM ${source} ${cut('ts, us')} ORDER BY n, ts, us`
        : `SELECT n, (${bucket})::BIGINT AS t, 0, avg(value), arg_max(text, ts), count(*)::INTEGER FROM ${source} GROUP BY n, t ${cut('t')} ORDER BY n, t`
    const columns = await this.#run(this.#ids[0]?.file ?? null, async () => (await this.#connection.run(sql)).getColumns())
    const [places = [], times = [], micros = [], values = [], texts = [], counts = []] = columns
    for (let at = 0; at < places.length; at++) {
      const series = found.get(this.#keyOf(Number(places[at])))
      const value = values[at] ?? texts[at]
      if (series && (typeof value === 'number' || typeof value === 'string'))
        addPoint(series, base + Number(times[at]) + Number(micros[at]) / 1000, value, Number(counts[at]), this.#limit)
    }
  }

  async #seriesRows(file: DayFile) {
    const { device, measurement, field } = this.#query
    const sql = `SELECT id, tags, kind FROM ${file.alias}.series WHERE device = $1 AND measurement = $2 AND field = $3 ORDER BY tags`
    return this.#run(file, async () =>
      (await this.#connection.run(sql, [device, measurement, field], [VARCHAR, VARCHAR, VARCHAR])).getRows(),
    )
  }

  /** The wanted points of all tables of the day; duplicates are dropped where there may be some. `n` is what `#keyOf` knows. */
  #source(from: number, to: number): string {
    const alone = this.#ids.length === 1
    const parts = this.#ids.flatMap(({ file, pairs }) => {
      const ids = pairs.map(([id]) => id)
      const values = pairs.map(([id, place]) => `(${id}, ${place})`).join(', ')
      const tables = file.meta.sealed ? ['sorted'] : ['sorted', 'points']
      // A join costs several ms, so it is for days that have two files with ids of their own.
      const join = alone ? '' : `JOIN (VALUES ${values}) v(id, n) ON p.series = v.id`
      const wanted = ids.length === 1 ? `p.series = ${ids[0]}` : `p.series IN (${ids.join(', ')})`
      const span = from === 0 && to === DAY_MS ? '' : `AND p.ts >= ${Math.ceil(from)} AND p.ts < ${Math.ceil(to)}`
      return tables.map(
        (table) =>
          `SELECT ${alone ? 'p.series AS n' : 'v.n'}, p.ts, p.us, p.value, p.text FROM ${file.alias}.${table} p ${join} WHERE ${wanted} ${span}`,
      )
    })
    const all = `(${parts.join(' UNION ALL ')})`
    if (parts.length === 1) return all
    return `(SELECT n, ts, us, max(value) AS value, max(text) AS text FROM ${all} GROUP BY n, ts, us)`
  }

  #keyOf(n: number): string {
    if (this.#ids.length > 1) return this.#keys[n] ?? ''
    return this.#keys[this.#places.get(n) ?? -1] ?? ''
  }

  async #run<T>(file: DayFile | null, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw new DayReadError(file, error)
    }
  }
}

function matches(tags: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>> | undefined): boolean {
  return Object.entries(wanted ?? {}).every(([key, value]) => tags[key] === value)
}

/** Appends a point; a step that began in the day before is joined with its other part. */
function addPoint(series: Found, time: number, value: number | string, count: number, limit: number): void {
  const last = series.points.at(-1)
  if (last && last[0] === time) {
    if (typeof value === 'number' && typeof last[1] === 'number') {
      const sum = last[1] * series.lastCount + value * count
      series.lastCount += count
      last[1] = sum / series.lastCount
    } else last[1] = value
    return
  }
  if (series.points.length >= limit) {
    series.truncated = true
    return
  }
  series.points.push([time, value])
  series.lastCount = count
}
