import { rm } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nanoseconds } from '../../core/line/encode.ts'
import { writerBench } from '../support/influx-writer.ts'
import { makeTempDir } from '../support/temp-dir.ts'
import { missing } from '../support/tools.ts'
import { until } from '../support/until.ts'
import { startVictoriaMetrics, type VictoriaMetrics, VM_USER } from '../support/victoria-metrics.ts'

describe.skipIf(missing('victoria-metrics'))('a real VictoriaMetrics', () => {
  const dirs: string[] = []
  let open: VictoriaMetrics
  let locked: VictoriaMetrics
  beforeAll(async () => {
    dirs.push(await makeTempDir(), await makeTempDir())
    ;[open, locked] = await Promise.all([startVictoriaMetrics(dirs[0] ?? ''), startVictoriaMetrics(dirs[1] ?? '', { auth: true })])
  })
  afterAll(async () => {
    await Promise.all([open.kill(), locked.kill()])
    for (const dir of dirs) await rm(dir, { recursive: true, force: true })
  })
  const start = Date.now() - 600_000
  const stored = async (server: VictoriaMetrics, name: string) => {
    const series = await server.export(`{__name__="${name}"}`)
    return Object.fromEntries(
      series.map(({ metric, values, timestamps }) => [
        metric.part ?? '',
        values.map((value, at) => [timestamps[at] ?? 0, value] as const).sort((a, b) => a[0] - b[0]),
      ]),
    )
  }

  test.each(['v2 write API', 'v1 write API'])('%s: exactly once over kill -9 in mid-stream', { timeout: 40_000 }, async (api) => {
    const bench = await writerBench()
    const name = api.slice(0, 2)
    const settings =
      api === 'v2 write API'
        ? ({ version: 2, url: open.url, org: 'o', bucket: 'b', token: 't', timeout: 2000 } as const)
        : ({ version: 'victoriametrics', url: open.url, timeout: 2000 } as const)
    const writer = await bench.start(settings, { settleMs: 30_000 })
    let number = 0
    for (let round = 0; round < 2; round++) {
      const killing = new AbortController()
      const filling = (async () => {
        for (; !killing.signal.aborted; number++) {
          const lines = ['a', 'b'].map((part) => `${name},device=d,part=${part} v=${number}i,state="OL" ${nanoseconds(start + number * 2)}`)
          await bench.journal.data(lines, { gzip: number % 3 > 0 })
        }
      })()
      const before = writer.state().position
      await until(() => writer.state().position > before && number > (round + 1) * 300, { what: 'writing' })
      await until(async () => (await open.export(`{__name__="${name}_v"}`)).length === 2, { what: 'stored' })
      await open.kill()
      await until(() => writer.state().waiting?.why === 'down', { what: 'the loss noticed' })
      killing.abort()
      await filling
      await open.start()
    }
    await bench.done(writer)
    const expected = Array.from({ length: number }, (_, at) => [start + at * 2, at])
    expect(await stored(open, `${name}_v`)).toEqual({ a: expected, b: expected })
    const [last] = await open.query(`last_over_time(${name}_v{part="a"}[1h])`, start + number * 2)
    expect(last?.value).toBe(number - 1)
  })

  test('wrong password waits, corrected it goes on', async () => {
    const bench = await writerBench()
    await bench.journal.data([`login,part=a v=1 ${nanoseconds(start)}`])
    const base = { version: 'victoriametrics', url: locked.url, timeout: 2000, username: VM_USER.username } as const
    const wrong = await bench.start({ ...base, password: 'no' })
    await until(() => wrong.state().waiting?.why === 'auth', { what: 'waiting' })
    await wrong.stop()
    const right = await bench.start({ ...base, password: VM_USER.password })
    await bench.done(right)
    expect(await stored(locked, 'login_v')).toEqual({ a: [[start, 1]] })
  })

  test('a payload that does not unpack stops nothing', async () => {
    const bench = await writerBench()
    const member = gzipSync(`broken,part=a v=1 ${nanoseconds(start)}\n`)
    await bench.journal.data([`broken,part=a v=5 ${nanoseconds(start + 5)}`], { gzip: true })
    await bench.journal.append({
      kind: 'data',
      receivedAt: 1,
      agent: 'a1',
      session: 's',
      seq: 9,
      payload: member.subarray(0, member.length - 9),
    })
    await bench.journal.data([`broken,part=a v=6 ${nanoseconds(start + 6)}`], { gzip: true })
    const writer = await bench.start({ version: 'victoriametrics', url: open.url, timeout: 2000 })
    await bench.done(writer)
    const { a = [] } = await stored(open, 'broken_v')
    // The server may keep what it had unpacked before the error.
    expect({ a: a.filter(([, value]) => value !== 1) }).toEqual({
      a: [
        [start + 5, 5],
        [start + 6, 6],
      ],
    })
    expect((await bench.deadLetters()).map(({ reason }) => reason)).toEqual(['the payload does not unpack'])
  })
})
