import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type Store, startStore } from '../../collector/store/start.ts'
import { Counters } from '../../core/lifecycle/counters.ts'
import { nanoseconds } from '../../core/line/encode.ts'
import { silentLog } from '../../core/log/log.ts'
import { openJournal } from '../support/journal.ts'
import { buildStoreEntry } from '../support/store-entry.ts'
import { tempDir } from '../support/temp-dir.ts'
import { until } from '../support/until.ts'

const DAY = 86_400_000
const start = Math.floor(Date.now() / DAY) * DAY - DAY / 2
const never = new AbortController().signal
let built: Awaited<ReturnType<typeof buildStoreEntry>>

beforeAll(async () => {
  built = await buildStoreEntry()
})
afterAll(() => built.remove())

async function setUp() {
  const base = await tempDir()
  const journal = await openJournal(join(base, 'journal'))
  onTestFinished(() => journal.close())
  const problems: string[] = []
  const counters = new Counters()
  const open = async (): Promise<Store> => {
    const store = await startStore({
      dir: join(base, 'store'),
      journalDir: join(base, 'journal'),
      source: journal,
      settings: { retentionMs: 30 * DAY },
      log: silentLog,
      counters,
      onProblem: (kind) => problems.push(kind),
      entry: built.entry,
      restart: { firstMs: 20, capMs: 100 },
    })
    onTestFinished(() => store.stop())
    return store
  }
  return { dir: join(base, 'store'), journal, problems, counters, open }
}

/** One value of two series and two days each, told apart by their number. */
const lines = (number: number) => [
  `m,device=d1,part=a value=${number} ${nanoseconds(start + number * 1000)}`,
  `m,device=d1,part=b value=${number},state="s${number}" ${nanoseconds(start + DAY / 2 + number * 1000)}`,
]
const query = { device: 'd1', measurement: 'm', field: 'value', from: start, to: start + 2 * DAY }

async function expectAll(store: Store, count: number): Promise<void> {
  const { series } = await store.series(query, never)
  expect(series.map((each) => each.tags.part)).toEqual(['a', 'b'])
  for (const { points } of series) expect(points.map(([, value]) => value)).toEqual(Array.from({ length: count }, (_, at) => at))
}

test('samples can be queried within 1.5 s, and stopping takes less than 3 s', async () => {
  const { journal, open, counters } = await setUp()
  const store = await open()
  await store.caughtUp(await journal.data(lines(0)))
  const began = performance.now()
  await store.caughtUp(await journal.data(lines(1), { gzip: true }))
  expect(performance.now() - began).toBeLessThan(1500)
  await expectAll(store, 2)
  expect(store.lag()).toBe(0)
  const stopping = performance.now()
  await store.stop()
  expect(performance.now() - stopping).toBeLessThan(3000)
  expect(counters.get('jifang_store_values_total')).toBe(6)
  await expect(store.series(query, never)).rejects.toThrow(/started again|stopping/)
})

test('20 rounds of kill -9 while writing lose and double nothing', { timeout: 60_000 }, async () => {
  const { journal, open, problems } = await setUp()
  const store = await open()
  let number = 0
  for (let round = 0; round < 20; round++) {
    const pid = await until(() => store.pid(), { what: 'a store process' })
    const until5 = number + 5 + round
    while (number < until5) await journal.data(lines(number++), { gzip: number % 2 === 0 })
    if (round % 4 !== 3) await store.caughtUp(journal.synced)
    await journal.data(lines(number++))
    process.kill(pid, 'SIGKILL')
    await until(() => store.pid() !== pid, { what: 'the kill noticed' })
  }
  await store.caughtUp(journal.synced)
  await expectAll(store, number)
  expect(problems).toEqual(Array.from({ length: 20 }, () => 'restarted'))
})

test('a flipped byte in the write-ahead log costs nothing: set aside, read again from the journal', async () => {
  const { dir, journal, open, problems } = await setUp()
  const first = await open()
  for (let number = 0; number < 50; number++) await journal.data(lines(number))
  await first.caughtUp(journal.synced)
  const pid = await until(() => first.pid())
  process.kill(pid, 'SIGKILL')
  await until(() => first.pid() !== pid)
  await first.stop()
  const day = new Date(start).toISOString().slice(0, 10)
  const wal = join(dir, `${day}.duckdb.wal`)
  const bytes = await readFile(wal)
  const middle = Math.floor(bytes.length / 2)
  bytes[middle] = (bytes[middle] ?? 0) ^ 0xff
  await writeFile(wal, bytes)
  const second = await open()
  await second.caughtUp(journal.synced)
  await until(async () => (await second.series(query, never)).series[0]?.points.length === 50, { what: 'refilled' })
  await expectAll(second, 50)
  expect(problems).toContain('corrupt')
  expect((await stat(join(dir, 'broken'))).isDirectory()).toBe(true)
})
