import { join } from 'node:path'
import { type Database, quoteText } from './database.ts'
import { type DayFile, fileName, SCHEMA } from './day-file.ts'
import type { Day, Days } from './days.ts'

/** Sorted at a time: bounds memory, since DuckDB needs several times the size of what it sorts. */
const SLICE_ROWS = 1_000_000

/** Duplicates of a point (same series and time) become one; the greatest value wins, as in VictoriaMetrics. */
const DISTINCT = 'SELECT series, ts, us, max(value), max(text) FROM'
const ORDER = 'GROUP BY series, ts, us ORDER BY series, ts, us'

/** Moves the points before `before` (ms since the day began) from the unsorted to the sorted table of an open day. */
export async function sealHours(db: Database, file: DayFile, before: number): Promise<number> {
  const { writer } = db
  const where = `WHERE ts < ${Math.trunc(before)}`
  const counted = await (await writer.run(`SELECT count(*) FROM ${file.alias}.points ${where}`)).getRows()
  const rows = Number(counted[0]?.[0] ?? 0)
  if (rows === 0) return 0
  await writer.run('BEGIN')
  try {
    for (const [low, high] of await slices(db, `${file.alias}.points ${where}`)) {
      await writer.run(
        `INSERT INTO ${file.alias}.sorted ${DISTINCT} ${file.alias}.points ${where} AND series BETWEEN ${low} AND ${high} ${ORDER}`,
      )
    }
    await writer.run(`DELETE FROM ${file.alias}.points ${where}`)
    await writer.run('COMMIT')
  } catch (error) {
    await writer.run('ROLLBACK').catch(() => undefined)
    throw error
  }
  return rows
}

/**
 * Rewrites a day into one sorted file without duplicates. Without `withLate` the writing lane is left between slices, so that
 * fresh samples are committed meanwhile; points of this day then go to its late file.
 */
export async function sealDay(deps: { db: Database; days: Days; dir: string }, day: Day, withLate: boolean): Promise<void> {
  const { db, days } = deps
  const { main, late } = day
  if (!main) return
  const path = `${join(deps.dir, fileName(day.day, 'main'))}.new`
  const target = `seal_${day.day}`
  const merged = withLate && late ? late : null
  const step = withLate ? <T>(task: () => Promise<T>) => task() : <T>(task: () => Promise<T>) => db.writing.run(task)
  day.sealing = true
  try {
    const parts = await step(() => begin(db, target, path, main, merged))
    for (const [low, high] of parts) await step(() => copySlice(db, target, main, merged, low, high))
    await step(async () => {
      await finish(db, target, main, merged)
      await days.replaceMain(day, path, merged !== null)
    })
  } catch (error) {
    await step(() => db.writer.run(`DETACH DATABASE IF EXISTS ${target}`)).catch(() => undefined)
    throw error
  } finally {
    day.sealing = false
  }
}

async function begin(db: Database, target: string, path: string, main: DayFile, late: DayFile | null): Promise<[number, number][]> {
  const { writer } = db
  await writer.run(`ATTACH ${quoteText(path)} AS ${target}`)
  await writer.run(SCHEMA(target))
  await writer.run(`INSERT INTO ${target}.series SELECT * FROM ${main.alias}.series`)
  if (late) {
    await writer.run(`INSERT INTO ${target}.series
      SELECT (SELECT coalesce(max(id), 0) FROM ${target}.series) + row_number() OVER (ORDER BY l.id), l.measurement, l.device, l.tags, l.field, l.kind
      FROM ${late.alias}.series l ANTI JOIN ${target}.series m USING (measurement, tags, field, kind)`)
  }
  return slices(db, source(target, main, late))
}

async function copySlice(db: Database, target: string, main: DayFile, late: DayFile | null, low: number, high: number): Promise<void> {
  await db.writer.run(
    `INSERT INTO ${target}.sorted ${DISTINCT} ${source(target, main, late)} WHERE series BETWEEN ${low} AND ${high} ${ORDER}`,
  )
}

async function finish(db: Database, target: string, main: DayFile, late: DayFile | null): Promise<void> {
  const applied = Math.max(main.meta.applied, late?.meta.applied ?? 0)
  await db.writer.run(`INSERT INTO ${target}.meta VALUES (${applied}, 0, true)`)
  await db.writer.run(`CHECKPOINT ${target}`)
  await db.writer.run(`DETACH ${target}`)
}

/** All points of a day under the series ids of the file that is being made. */
function source(target: string, main: DayFile, late: DayFile | null): string {
  const parts = [`SELECT * FROM ${main.alias}.sorted`, `SELECT * FROM ${main.alias}.points`]
  if (late) {
    const ids = `(SELECT l.id AS old, t.id AS new FROM ${late.alias}.series l JOIN ${target}.series t USING (measurement, tags, field, kind))`
    for (const table of ['sorted', 'points'])
      parts.push(`SELECT i.new AS series, p.ts, p.us, p.value, p.text FROM ${late.alias}.${table} p JOIN ${ids} i ON p.series = i.old`)
  }
  return `(${parts.join(' UNION ALL ')})`
}

/** Ranges of series ids that hold about SLICE_ROWS points each. */
async function slices(db: Database, from: string): Promise<[number, number][]> {
  const rows = await (await db.writer.run(`SELECT series, count(*) FROM ${from} GROUP BY series ORDER BY series`)).getRows()
  const ranges: [number, number][] = []
  let low: number | null = null
  let sum = 0
  for (const [series, count] of rows) {
    low ??= Number(series)
    sum += Number(count)
    if (sum < SLICE_ROWS) continue
    ranges.push([low, Number(series)])
    low = null
    sum = 0
  }
  const last = rows.at(-1)
  if (low !== null && last) ranges.push([low, Number(last[0])])
  return ranges
}
