import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { openStoreEngine, type StoreEngine } from '../../../collector/store/engine.ts'
import { Counters } from '../../../core/lifecycle/counters.ts'
import { nanoseconds } from '../../../core/line/encode.ts'
import { silentLog } from '../../../core/log/log.ts'
import { openJournal, type TestJournal } from '../../support/journal.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { until } from '../../support/until.ts'

const DAY = 86_400_000
const today = Math.floor(Date.now() / DAY) * DAY
const never = new AbortController().signal

interface Bench {
  readonly dir: string
  readonly journal: TestJournal
  readonly problems: string[]
  readonly counters: Counters
  readonly clock: { now(): number; monotonic(): number; set(ms: number): void }
  open(): Promise<StoreEngine>
  /** Waits until the store has everything that is in the journal. */
  caughtUp(engine: StoreEngine): Promise<void>
}

async function setUp(retentionMs = 30 * DAY): Promise<Bench> {
  const base = await tempDir()
  const journal = await openJournal(join(base, 'journal'))
  onTestFinished(() => journal.close())
  const problems: string[] = []
  const counters = new Counters()
  let now = today + 12 * 3_600_000
  const clock = { now: () => now, monotonic: () => performance.now(), set: (ms: number) => (now = ms) }
  const dir = join(base, 'store')
  return {
    dir,
    journal,
    problems,
    counters,
    clock,
    async open() {
      const engine = await openStoreEngine({
        dir,
        source: journal,
        settings: { retentionMs, maintenanceMs: 3_600_000 },
        clock,
        log: silentLog,
        counters,
        onProblem: (kind) => problems.push(kind),
        onRecovered: () => {},
        onProgress: () => {},
        onFatal: (error) => problems.push(`fatal ${String(error)}`),
      })
      onTestFinished(() => engine.stop())
      return engine
    },
    caughtUp: (engine) => until(() => engine.position >= journal.synced, { what: 'store caught up' }).then(() => undefined),
  }
}

const cpu = (at: number, value: number | string, tags = 'cpu=cpu0') => `cpu,${tags},device=app-01,site=s usage=${value} ${nanoseconds(at)}`
const ask = (engine: StoreEngine, from: number, to: number, more: object = {}) =>
  engine.series({ device: 'app-01', measurement: 'cpu', field: 'usage', from, to, ...more }, never)

test('plain and gzip payloads of several members are read back by series and time', async () => {
  const bench = await setUp()
  const engine = await bench.open()
  const at = today + 3_600_000
  await bench.journal.data([cpu(at, 1), cpu(at, 10, 'cpu=cpu1')])
  await bench.journal.data([cpu(at + 1000, 2)], { gzip: true })
  const members = Buffer.concat([gzipSync(`${cpu(at + 2000, 3)}\n`), gzipSync(`# a comment\n${cpu(at + 3000, 4)}\n`)])
  await bench.journal.append({ kind: 'data', receivedAt: at, agent: 'a', session: 's', seq: 9, payload: members })
  await bench.journal.append({ kind: 'tick', receivedAt: at, agent: '', session: '', seq: 0, payload: Buffer.from(cpu(at + 9000, 9)) })
  await bench.caughtUp(engine)
  const { series } = await ask(engine, at, at + 60_000)
  expect(series).toEqual([
    {
      tags: { cpu: 'cpu0', device: 'app-01', site: 's' },
      points: [
        [at, 1],
        [at + 1000, 2],
        [at + 2000, 3],
        [at + 3000, 4],
      ],
    },
    { tags: { cpu: 'cpu1', device: 'app-01', site: 's' }, points: [[at, 10]] },
  ])
  const one = await ask(engine, at, at + 60_000, { tags: { cpu: 'cpu1' } })
  expect(one.series.map((each) => each.points)).toEqual([[[at, 10]]])
})

test('texts, integers, booleans, and microseconds', async () => {
  const bench = await setUp()
  const engine = await bench.open()
  const at = today + 5000
  await bench.journal.data([
    `ups,device=u1 state="OL CHRG",state_code=1i,on=t ${nanoseconds(at)}`,
    `ups,device=u1 state="OB" ${nanoseconds(at + 0.25)}`,
    'not a line',
  ])
  await bench.caughtUp(engine)
  const of = async (field: string) =>
    (await engine.series({ device: 'u1', measurement: 'ups', field, from: 0, to: today + DAY }, never)).series[0]?.points
  expect(await of('state')).toEqual([
    [at, 'OL CHRG'],
    [at + 0.25, 'OB'],
  ])
  expect(await of('state_code')).toEqual([[at, 1]])
  expect(await of('on')).toEqual([[at, 1]])
  expect(bench.counters.get('jifang_store_refused_total', { reason: 'line' })).toBe(1)
})

test('steps are means over day boundaries, and a series that is too long is cut and told', async () => {
  const bench = await setUp()
  const engine = await bench.open()
  const start = today - 10_000
  await bench.journal.data(Array.from({ length: 20 }, (_, at) => cpu(start + at * 1000, at)))
  await bench.caughtUp(engine)
  const step = 16_000
  const first = Math.floor(start / step) * step
  const expected = new Map<number, number[]>()
  for (let at = 0; at < 20; at++) {
    const bucket = first + Math.floor((start + at * 1000 - first) / step) * step
    expected.set(bucket, [...(expected.get(bucket) ?? []), at])
  }
  const { series } = await ask(engine, start, today + DAY, { step })
  expect(series[0]?.points).toEqual(
    [...expected].map(([time, values]) => [time, values.reduce((sum, value) => sum + value, 0) / values.length]),
  )
  const cut = await ask(engine, start, today + DAY, { limit: 12 })
  expect(cut.series[0]?.points).toHaveLength(12)
  expect(cut.series[0]?.truncated).toBe(true)
})

test('a restart reads on where the files are, whatever the cursor says', async () => {
  const bench = await setUp()
  const first = await bench.open()
  const at = today + 1000
  await bench.journal.data([cpu(at, 1)])
  await bench.caughtUp(first)
  await first.stop()
  const { writeFile } = await import('node:fs/promises')
  await writeFile(join(bench.dir, 'cursor'), '0\n')
  await bench.journal.data([cpu(at + 1000, 2)])
  const second = await bench.open()
  await bench.caughtUp(second)
  expect((await ask(second, at, at + 9000)).series[0]?.points).toEqual([
    [at, 1],
    [at + 1000, 2],
  ])
  expect(bench.problems).toEqual([])
})

test('hours and days are sealed, late samples merged, duplicates dropped, old days deleted', async () => {
  const bench = await setUp(3 * DAY)
  const engine = await bench.open()
  const at = today + 1000
  await bench.journal.data([cpu(at, 1), cpu(at + 1000, 2), cpu(at + 1000, 2)])
  await bench.caughtUp(engine)
  bench.clock.set(today + 2 * 3_600_000)
  await engine.maintain()
  await bench.journal.data([cpu(at + 3_600_000, 3)])
  await bench.caughtUp(engine)
  expect((await ask(engine, at, today + DAY)).series[0]?.points).toEqual([
    [at, 1],
    [at + 1000, 2],
    [at + 3_600_000, 3],
  ])

  bench.clock.set(today + DAY + 3_600_000)
  await engine.maintain()
  await bench.journal.data([cpu(at + 500, 1.5), cpu(at + 1000, 2), cpu(at, 7, 'cpu=cpu9')], { receivedAt: bench.clock.now() })
  await bench.caughtUp(engine)
  const day = new Date(today).toISOString().slice(0, 10)
  const files = async () => (await readdir(bench.dir)).filter((name) => name.endsWith('.duckdb')).sort()
  expect(await files()).toEqual([`${day}.duckdb`, `${day}.late.duckdb`])
  const whole = [
    [at, 1],
    [at + 500, 1.5],
    [at + 1000, 2],
    [at + 3_600_000, 3],
  ]
  expect((await ask(engine, at, today + DAY, { tags: { cpu: 'cpu0' } })).series[0]?.points).toEqual(whole)

  bench.clock.set(today + DAY + 3 * 3_600_000)
  await engine.maintain()
  expect(await files()).toEqual([`${day}.duckdb`])
  expect((await ask(engine, at, today + DAY, { tags: { cpu: 'cpu0' } })).series[0]?.points).toEqual(whole)
  expect((await ask(engine, at, today + DAY, { tags: { cpu: 'cpu9' } })).series[0]?.points).toEqual([[at, 7]])

  bench.clock.set(today + 5 * DAY)
  await engine.maintain()
  expect(await files()).toEqual([])
  await bench.journal.data([cpu(at, 1)], { receivedAt: bench.clock.now() })
  await bench.caughtUp(engine)
  expect(bench.counters.get('jifang_store_refused_total', { reason: 'retention' })).toBe(1)
})

test.each(['file', 'header'])('a damaged %s is set aside and filled again from the journal', async (what) => {
  const bench = await setUp()
  const first = await bench.open()
  const at = today + 1000
  for (let k = 0; k < 5; k++) await bench.journal.data([cpu(at + k, k), cpu(at - DAY + k, k)])
  await bench.caughtUp(first)
  await first.stop()
  const path = join(bench.dir, `${new Date(today).toISOString().slice(0, 10)}.duckdb`)
  const { readFile, writeFile } = await import('node:fs/promises')
  const bytes = await readFile(path)
  bytes.fill(0x5a, what === 'header' ? 0 : 12288, what === 'header' ? 4096 : bytes.length)
  await writeFile(path, bytes)
  await bench.journal.data([cpu(at + 5, 5)])
  const second = await bench.open()
  await bench.caughtUp(second)
  await until(async () => (await ask(second, at, at + 99).catch(() => null))?.series[0]?.points.length === 6, { what: 'refill' })
  expect((await ask(second, at - DAY, at - DAY + 99)).series[0]?.points).toHaveLength(5)
  expect(bench.problems).toContain('corrupt')
  expect((await stat(join(bench.dir, 'broken'))).isDirectory()).toBe(true)
  await second.stop()
  const third = await bench.open()
  await bench.caughtUp(third)
  expect((await ask(third, at, at + 99)).series[0]?.points).toEqual([0, 1, 2, 3, 4, 5].map((k) => [at + k, k]))
})

test('a journal that began anew is read from its beginning, and told', async () => {
  const bench = await setUp()
  const first = await bench.open()
  for (let k = 0; k < 20; k++) await bench.journal.data([cpu(today + k, k)])
  await bench.caughtUp(first)
  await first.stop()
  const fresh = { ...bench, journal: await openJournal(join(await tempDir(), 'journal')) }
  onTestFinished(() => fresh.journal.close())
  await fresh.journal.data([cpu(today + 1000, 1)])
  const engine = await openStoreEngine({
    dir: bench.dir,
    source: fresh.journal,
    settings: { retentionMs: 30 * DAY, maintenanceMs: 3_600_000 },
    clock: bench.clock,
    log: silentLog,
    counters: bench.counters,
    onProblem: (kind) => bench.problems.push(kind),
    onRecovered: () => {},
    onProgress: () => {},
    onFatal: () => {},
  })
  onTestFinished(() => engine.stop())
  await until(async () => (await ask(engine, today, today + DAY)).series[0]?.points.length === 21, { what: 'new journal read' })
  expect(bench.problems).toEqual(['journal'])
})

test('a query that was given up or comes while stopping ends with a reason', async () => {
  const bench = await setUp()
  const engine = await bench.open()
  await expect(ask(engine, Number.NaN, 1)).rejects.toThrow(/times in ms/)
  await expect(ask(engine, 0, 1, { step: 0 })).rejects.toThrow(/at least 1 ms/)
  await expect(engine.series({ device: 'x', measurement: 'y', field: 'z', from: 0, to: 1 }, AbortSignal.abort())).rejects.toThrow(
    /given up/,
  )
  await engine.stop()
  await expect(ask(engine, 0, 1)).rejects.toThrow(/stopping/)
})

test('samples that come while their day is being sealed are neither lost nor doubled', async () => {
  const bench = await setUp()
  const engine = await bench.open()
  const at = today + 1000
  for (let k = 0; k < 40; k++) await bench.journal.data([cpu(at + k, k)])
  await bench.caughtUp(engine)
  bench.clock.set(today + DAY + 3_600_000)
  const sealing = engine.maintain()
  for (let k = 40; k < 80; k++) await bench.journal.data([cpu(at + k, k), cpu(at + k - 40, k - 40)])
  await sealing
  await bench.caughtUp(engine)
  const expected = Array.from({ length: 80 }, (_, k) => [at + k, k])
  expect((await ask(engine, at, today + DAY)).series[0]?.points).toEqual(expected)
  bench.clock.set(today + DAY + 3 * 3_600_000)
  await engine.maintain()
  expect((await ask(engine, at, today + DAY)).series[0]?.points).toEqual(expected)
  expect(bench.problems).toEqual([])
})
