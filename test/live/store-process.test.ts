import { execFileSync, fork, spawnSync } from 'node:child_process'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
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

async function setUp(dir?: string) {
  const base = await tempDir()
  const journal = await openJournal(join(base, 'journal'))
  onTestFinished(() => journal.close())
  const problems: string[] = []
  const counters = new Counters()
  const open = async (more: { checkMs?: number } = {}): Promise<Store> => {
    const store = await startStore({
      dir: dir ?? join(base, 'store'),
      journalDir: join(base, 'journal'),
      source: journal,
      settings: { retentionMs: 30 * DAY },
      log: silentLog,
      counters,
      onProblem: (kind) => problems.push(kind),
      onRecovered: (kind) => problems.push(`-${kind}`),
      entry: built.entry,
      restart: { firstMs: 20, capMs: 100 },
      ...more,
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

test('samples can be queried within 2.5 s, and stopping takes less than 3 s', async () => {
  const { journal, open, counters } = await setUp()
  const store = await open()
  await store.caughtUp(await journal.data(lines(0)))
  const began = performance.now()
  await store.caughtUp(await journal.data(lines(1), { gzip: true }))
  expect(performance.now() - began).toBeLessThan(2500)
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
    if (round % 2 === 0) await store.caughtUp(journal.synced)
    await journal.data(lines(number++))
    process.kill(pid, 'SIGKILL')
    await until(() => store.pid() !== pid, { what: 'the kill noticed' })
  }
  await store.caughtUp(journal.synced)
  await expectAll(store, number)
  expect(problems.filter((kind) => kind === 'restarted')).toHaveLength(20)
  expect(problems.filter((kind) => !kind.endsWith('restarted'))).toEqual([])
  expect(problems.at(-1)).toBe('-restarted')
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

test('a process whose parent is gone before it has loaded ends', async () => {
  const child = fork(built.entry, [], { serialization: 'advanced', execArgv: [] })
  onTestFinished(() => void child.kill('SIGKILL'))
  child.disconnect()
  await until(() => child.exitCode !== null, { timeoutMs: 10_000, what: 'its end' })
  expect(child.exitCode).toBe(0)
})

test('a process that hangs is killed and started again', async () => {
  const { journal, open, problems } = await setUp()
  const store = await open({ checkMs: 1000 })
  await store.caughtUp(await journal.data(lines(0)))
  const pid = await until(() => store.pid())
  process.kill(pid, 'SIGSTOP')
  await store.caughtUp(await journal.data(lines(1)))
  expect(store.pid()).not.toBe(pid)
  await expectAll(store, 2)
  expect(problems).toEqual(['restarted', '-restarted'])
})

/** True when a file system of its own can be mounted here (root with the capability for it). */
function canMount(): boolean {
  const dir = mkdtempSync(join(tmpdir(), 'jifang-mount-'))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', dir]).status === 0
  if (mounted) spawnSync('umount', [dir])
  rmdirSync(dir)
  return mounted
}

test.skipIf(!canMount())('a full disk is told, waited for, and costs nothing', async () => {
  const small = await tempDir()
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', small])
  onTestFinished(() => void execFileSync('umount', ['-l', small]))
  const { journal, open, problems } = await setUp(join(small, 'store'))
  const store = await open()
  const many = (record: number) =>
    Array.from(
      { length: 1000 },
      (_, at) => `m,device=d1,part=a value=${Math.sin(record * 1000 + at)} ${nanoseconds(start + record * 1000 + at)}`,
    )
  for (let record = 0; record < 400; record++) await journal.data(many(record), { gzip: true })
  await until(() => problems.includes('write'), { timeoutMs: 15_000, what: 'the full disk told' })
  execFileSync('mount', ['-o', 'remount,size=200m', small])
  await store.caughtUp(journal.synced)
  const { series } = await store.series({ ...query, step: 1000 }, never)
  expect(series[0]?.points).toHaveLength(400)
  expect(problems).toEqual(['write', '-write'])
})
