import { mkdir, readFile, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { startFakeWriteApi, type WriteAnswer, type WriteRequest } from '../../support/fake-write-api.ts'
import { writerBench } from '../../support/influx-writer.ts'
import { until } from '../../support/until.ts'

const OK: WriteAnswer = { status: 204 }

async function fake(answer: (request: WriteRequest, number: number) => WriteAnswer | Promise<WriteAnswer>) {
  const api = await startFakeWriteApi(answer)
  onTestFinished(() => api.close())
  const settings = { version: 2, url: api.url, org: 'o', bucket: 'b', token: 'the-token', timeout: 500 } as const
  return { api, settings }
}
const taken = (requests: readonly WriteRequest[]) => requests.flatMap((request) => request.lines)

test('gzip payloads go in unchanged, plain ones packed, lines stay apart, cursor and token are right', async () => {
  const { api, settings } = await fake(() => OK)
  const bench = await writerBench()
  const member = gzipSync('# head\nm,a=1 v=1 1\nm,a=1 v=2 2')
  await bench.journal.append({ kind: 'data', receivedAt: 1, agent: 'a', session: 's', seq: 1, payload: member })
  await bench.journal.append({ kind: 'data', receivedAt: 1, agent: 'a', session: 's', seq: 2, payload: Buffer.from('m,a=1 v=3 3') })
  await bench.journal.append({ kind: 'tick', receivedAt: 1, agent: '', session: '', seq: 0, payload: Buffer.from('m v=9 9') })
  await bench.journal.append({ kind: 'data', receivedAt: 1, agent: 'a', session: 's', seq: 3, payload: member })
  const writer = await bench.start(settings)
  await bench.done(writer)
  expect(api.requests).toHaveLength(1)
  expect(taken(api.requests)).toEqual(['m,a=1 v=1 1', 'm,a=1 v=2 2', 'm,a=1 v=3 3', 'm,a=1 v=1 1', 'm,a=1 v=2 2'])
  expect(api.requests[0]?.body.includes(member)).toBe(true)
  expect(api.requests[0]?.url).toBe('/api/v2/write?org=o&bucket=b&precision=ns')
  expect(api.requests[0]?.headers.authorization).toBe('Token the-token')
  await writer.stop()
  expect(Number(await readFile(join(bench.dir, 'influx.cursor'), 'utf8'))).toBe(bench.journal.synced)
})

test.each([
  { version: 1, database: 'd b', retention_policy: 'r', username: 'u', password: 'p:w' } as const,
  { version: 'victoriametrics', username: 'u', password: 'p:w' } as const,
  { version: 'victoriametrics', token: 'tok' } as const,
  { version: 'victoriametrics' } as const,
])('$version: path and authorization', async (kind) => {
  const { api } = await fake(() => OK)
  const bench = await writerBench()
  await bench.journal.data(['m v=1 1'])
  const writer = await bench.start({ ...kind, url: api.url, timeout: 1000 })
  await bench.done(writer)
  const expected = {
    1: ['/write?db=d+b&rp=r&precision=ns', `Basic ${Buffer.from('u:p:w').toString('base64')}`],
    victoriametrics: [
      '/write?precision=ns',
      'token' in kind ? 'Bearer tok' : 'username' in kind ? `Basic ${Buffer.from('u:p:w').toString('base64')}` : undefined,
    ],
  }[kind.version]
  expect([api.requests[0]?.url, api.requests[0]?.headers.authorization]).toEqual(expected)
})

test.each([
  { name: '429 with seconds', answer: { status: 429, headers: { 'retry-after': '1' } }, waitMs: 1000, kind: 'busy' },
  {
    name: '503 with a date',
    answer: () => ({ status: 503, headers: { 'retry-after': new Date(Date.now() + 2000).toUTCString() } }),
    waitMs: 900,
    kind: 'busy',
  },
  { name: '500', answer: { status: 500 }, waitMs: 0, kind: 'down' },
  { name: '401', answer: { status: 401, body: '{"message":"unauthorized"}' }, waitMs: 0, kind: 'auth' },
  { name: '404', answer: { status: 404, body: '{"error":"database not found"}' }, waitMs: 0, kind: 'missing' },
  { name: '200 of a portal', answer: { status: 200, body: '<html>' }, waitMs: 0, kind: 'refused' },
  { name: '301', answer: { status: 301, headers: { location: '/' } }, waitMs: 0, kind: 'refused' },
])('$name waits, is told once, and loses nothing', async ({ answer, waitMs, kind }) => {
  const failures = waitMs > 0 ? 1 : 2
  const { api, settings } = await fake((_, number) => (number > failures ? OK : typeof answer === 'function' ? answer() : answer))
  const bench = await writerBench()
  await bench.journal.data(['m v=1 1'])
  const writer = await bench.start(settings)
  await bench.done(writer)
  expect(api.requests).toHaveLength(failures + 1)
  expect((api.requests[1]?.at ?? 0) - (api.requests[0]?.at ?? 0)).toBeGreaterThanOrEqual(waitMs)
  expect(api.requests.at(-1)?.lines).toEqual(['m v=1 1'])
  expect(bench.told).toEqual([`+${kind}`, `-${kind}`])
  expect(writer.state().waiting).toBeNull()
})

test('no answer, a cut connection and a closed port are waited for', async () => {
  const { api, settings } = await fake((_, number) => (number === 1 ? new Promise<WriteAnswer>(() => {}) : OK))
  const bench = await writerBench()
  await bench.journal.data(['m v=1 1'])
  const writer = await bench.start({ ...settings, timeout: 200 })
  await bench.done(writer)
  expect(api.requests).toHaveLength(2)
  await api.close()
  await bench.journal.data(['m v=2 2'])
  await until(() => (writer.state().waiting?.attempts ?? 0) > 3, { what: 'several attempts' })
  expect(writer.state().waiting?.message).toMatch(/ECONNREFUSED/)
  expect(bench.told).toEqual(['+down', '-down', '+down'])
  const stopping = performance.now()
  await writer.stop()
  expect(performance.now() - stopping).toBeLessThan(1000)
})

test('413 halves down to the line that is too large', async () => {
  const { api, settings } = await fake((request) => (request.lines.join('\n').length > 40 ? { status: 413 } : OK))
  const bench = await writerBench()
  const long = `m,a=${'x'.repeat(60)} v=1 5`
  for (let k = 0; k < 5; k++) await bench.journal.data([`m v=${k} 1`, `m v=${k} 2`, ...(k === 3 ? [long] : [])], { gzip: k % 2 === 0 })
  const writer = await bench.start(settings)
  await bench.done(writer)
  const stored = new Set(taken(api.requests.filter((request) => request.lines.join('\n').length <= 40)))
  expect(stored.size).toBe(10)
  expect((await bench.deadLetters()).map(({ line, reason }) => [line, reason])).toEqual([
    [long, 'a single line is too large for the database'],
  ])
})

test('400 leaves all good lines stored and all bad ones in dead letters with their reason', async () => {
  const bad = (line: string) => line.includes('bad')
  const stored = new Set<string>()
  const { api, settings } = await fake(({ lines }) => {
    if (lines.some(bad)) return { status: 400, body: `{"code":"invalid","message":"unable to parse ${lines.find(bad)}"}` }
    for (const line of lines) stored.add(line)
    return OK
  })
  const bench = await writerBench()
  for (let k = 0; k < 40; k++) {
    const lines = Array.from(
      { length: 50 },
      (_, at) => `m,r=${k} ${(k === 7 && at === 13) || (k === 31 && at > 46) ? 'bad' : 'v'}=${at} ${at + 1}`,
    )
    await bench.journal.data(lines, { gzip: k % 3 > 0 })
  }
  const writer = await bench.start(settings)
  await bench.done(writer)
  expect(stored.size).toBe(40 * 50 - 4)
  const letters = await bench.deadLetters()
  expect(letters.map(({ reason }) => reason).filter((reason) => reason.startsWith('unable to parse m,r='))).toHaveLength(4)
  expect(letters.filter(({ agent, session }) => agent !== '' && session !== '')).toHaveLength(letters.length)
  expect(api.requests.length).toBeLessThan(120)
})

test('a journal that dropped what was not sent is told and counted', async () => {
  const { settings } = await fake(() => OK)
  const bench = await writerBench()
  await bench.journal.data(['m v=1 1'])
  const first = await bench.start(settings)
  await bench.done(first)
  await first.stop()
  const next = bench.journal.synced
  const source = {
    first: next,
    synced: next,
    onSynced: () => () => {},
    read: async (from: number) => ({ records: [], next: from + 500, overtaken: 500, skipped: 0 }),
  }
  const second = await bench.start(settings, { source: { ...source, synced: next + 500 } })
  await until(() => bench.told.includes('+overtaken'), { what: 'told' })
  expect(bench.counters.get('jifang_influx_overtaken_bytes_total')).toBeGreaterThanOrEqual(500)
  await second.stop()
})

test('dead letters that can not be written are a problem; no line is passed over', async () => {
  const { settings } = await fake(({ lines }) =>
    lines.some((line) => line.startsWith('bad')) ? { status: 400, body: 'unable to parse' } : OK,
  )
  const bench = await writerBench()
  const path = join(bench.dir, 'dead', 'influx.jsonl')
  await mkdir(path, { recursive: true })
  await bench.journal.data(['bad v=1 1', 'm v=2 2'])
  const writer = await bench.start(settings)
  await until(() => (writer.state().waiting?.attempts ?? 0) > 2, { what: 'attempts' })
  expect(bench.told).toEqual(['+local'])
  expect(writer.state().position).toBe(0)
  await rmdir(path)
  await bench.done(writer)
  expect((await bench.deadLetters()).map(({ line }) => line)).toEqual(['bad v=1 1'])
  expect(bench.told).toEqual(['+local', '+rejected', '-local'])
})
