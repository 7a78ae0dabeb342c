import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { DOUBLE, type DuckDBConnection, DuckDBDataChunk, DuckDBInstance, INTEGER, USMALLINT, VARCHAR } from '@duckdb/node-api'
import { openStoreEngine, type StoreEngine } from '../collector/store/engine.ts'
import { Counters } from '../core/lifecycle/counters.ts'
import { silentLog } from '../core/log/log.ts'
import type { Report } from './figure.ts'
import { cpuOf, FIELDS, fillJournal, LINES, median, roomValue, TICK_MS } from './room.ts'

const DAY_MS = 86_400_000
const DEVICES = 40
const TICKS = 600
const VALUES = DEVICES * TICKS * LINES * FIELDS
const RAW = 'CREATE TABLE points(series INTEGER, ts INTEGER, us USMALLINT, value DOUBLE, text VARCHAR)'
/** What the store commits at a time when it has to catch up: about half a megabyte of packed journal. */
const COMMIT_ROWS = 50_000

/** The store against DuckDB's bare appender with the same points, in the same process one after the other. */
export async function run(report: Report): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'jifang-bench-store-'))
  try {
    const start = Math.floor(Date.now() / DAY_MS) * DAY_MS - DAY_MS
    const floor = await rawAppender(join(dir, 'raw.duckdb'))
    const ours = await store(dir, start)
    const add = (name: string, value: number, unit: string, peerValue: number) =>
      report({ bench: 'store', name, value, unit, peer: 'bare appender', ratio: value / peerValue })
    report({ bench: 'store', name: 'bare appender: CPU per value', value: floor.cpuUs / VALUES, unit: 'us' })
    add('ingest from journal: CPU per value', ours.cpuUs / VALUES, 'us', floor.cpuUs / VALUES)
    report({ bench: 'store', name: 'ingest from journal: values per second', value: VALUES / (ours.wallMs / 1000), unit: '1/s' })
    report({ bench: 'store', name: 'bare appender: bytes per value', value: floor.bytes / VALUES, unit: 'B' })
    add('sealed day: bytes per value', ours.bytes / VALUES, 'B', floor.bytes / VALUES)
    report({ bench: 'store', name: 'seal a day: CPU per value', value: ours.sealUs / VALUES, unit: 'us' })
    report({ bench: 'store', name: 'bare table: one series of a day', value: floor.queryMs, unit: 'ms' })
    add('sealed day: one series of a day', ours.queryMs, 'ms', floor.queryMs)
    report({ bench: 'store', name: 'one small commit: CPU', value: ours.smallCommitUs / 1000, unit: 'ms' })
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

async function rawAppender(path: string) {
  const instance = await DuckDBInstance.create(path, { threads: '1', memory_limit: '256MB', autoinstall_known_extensions: 'false' })
  const connection = await instance.connect()
  await connection.run(RAW)
  const { cpuUs } = await cpuOf(() => appendAll(connection))
  await connection.run('CHECKPOINT')
  const times: number[] = []
  for (let at = 0; at < 15; at++) {
    const began = performance.now()
    await (await connection.run(`SELECT ts, value FROM points WHERE series = ${at * 11} ORDER BY ts`)).getColumns()
    times.push(performance.now() - began)
  }
  connection.closeSync()
  instance.closeSync()
  return { cpuUs, bytes: (await stat(path)).size, queryMs: median(times) }
}

async function appendAll(connection: DuckDBConnection): Promise<void> {
  const types = [INTEGER, INTEGER, USMALLINT, DOUBLE, VARCHAR]
  const rows: [number, number, number][] = []
  const commit = async () => {
    await connection.run('BEGIN')
    const appender = await connection.createAppender('points')
    for (let at = 0; at < rows.length; at += 2048) {
      const part = rows.slice(at, at + 2048)
      const chunk = DuckDBDataChunk.create(types, part.length)
      const [series, times, values] = [0, 1, 2].map((column) => part.map((row) => row[column] ?? 0))
      chunk.setColumns([series ?? [], times ?? [], part.map(() => 0), values ?? [], part.map(() => null)])
      appender.appendDataChunk(chunk)
    }
    appender.flushSync()
    appender.closeSync()
    await connection.run('COMMIT')
    rows.length = 0
  }
  for (let tick = 0; tick < TICKS; tick++) {
    for (let series = 0; series < DEVICES * LINES * FIELDS; series++) {
      const device = Math.floor(series / (LINES * FIELDS))
      rows.push([series, tick * TICK_MS, roomValue(device, Math.floor(series / FIELDS) % LINES, series % FIELDS, tick)])
    }
    if (rows.length >= COMMIT_ROWS) await commit()
  }
  await commit()
}

async function store(base: string, start: number) {
  const journal = await fillJournal(join(base, 'journal'), { devices: DEVICES, ticks: TICKS, start })
  let now = start + TICKS * TICK_MS
  const dir = join(base, 'store')
  const clock = { now: () => now, monotonic: () => performance.now() }
  let caughtUp: () => void = () => {}
  const done = new Promise<void>((resolve) => (caughtUp = resolve))
  const began = performance.now()
  const ingest = await cpuOf(async () => {
    const engine = await openStoreEngine({
      dir,
      source: journal,
      settings: { retentionMs: 30 * DAY_MS, maintenanceMs: 3_600_000 },
      clock,
      log: silentLog,
      counters: new Counters(),
      onProblem: (kind, text) => console.error(kind, text),
      onRecovered: () => {},
      onProgress: (position) => position >= journal.synced && caughtUp(),
      onFatal: (error) => console.error(error),
    })
    await done
    return engine
  })
  const wallMs = performance.now() - began
  const engine = ingest.result
  const smallCommitUs = await smallCommits(engine, journal, start)
  now = start + DAY_MS + 3_600_000
  const sealing = await cpuOf(() => engine.maintain())
  const queryMs = await querySealed(engine, start)
  await engine.stop()
  const [file] = (await readdir(dir)).filter((name) => name.endsWith('.duckdb'))
  const bytes = (await stat(join(dir, file ?? ''))).size
  await journal.close()
  return { cpuUs: ingest.cpuUs, wallMs, bytes, sealUs: sealing.cpuUs, queryMs, smallCommitUs }
}

/** CPU of one commit of a handful of values, as it happens about twice a second in a quiet room. */
async function smallCommits(engine: StoreEngine, journal: Awaited<ReturnType<typeof fillJournal>>, start: number): Promise<number> {
  const rounds = 10
  const { cpuUs } = await cpuOf(async () => {
    for (let round = 0; round < rounds; round++) {
      const receivedAt = start + TICKS * TICK_MS
      const payload = Buffer.from(`small,device=dev-1 v=${round} ${receivedAt + round}000000\n`)
      await journal.append({ kind: 'data', receivedAt, agent: 'a', session: 's', seq: round, payload })
      while (engine.position < journal.synced) await delay(50)
    }
  })
  return cpuUs / rounds
}

async function querySealed(engine: StoreEngine, start: number): Promise<number> {
  const times: number[] = []
  for (let at = 0; at < 30; at++) {
    const query = { device: `dev-${at % 15}`, measurement: 'm3', field: 'f1', from: start, to: start + DAY_MS }
    const began = performance.now()
    const { series } = await engine.series(query, new AbortController().signal)
    if (at >= 15) times.push(performance.now() - began) // the bare table is in memory by then as well
    if (series[0]?.points.length !== TICKS) throw new Error(`${series[0]?.points.length} points instead of ${TICKS}`)
  }
  return median(times)
}
