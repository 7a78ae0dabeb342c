import { rm } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nanoseconds } from '../../core/line/encode.ts'
import { writerBench } from '../support/influx-writer.ts'
import { INFLUX_DATABASE, INFLUX_WRITER, type Influxd, startInfluxd } from '../support/influxd.ts'
import { makeTempDir } from '../support/temp-dir.ts'
import { missing } from '../support/tools.ts'
import { until } from '../support/until.ts'

describe.skipIf(missing('influxd'))('a real InfluxDB 1.6 with authentication', () => {
  let dir: string
  let influxd: Influxd
  beforeAll(async () => {
    dir = await makeTempDir()
    influxd = await startInfluxd(dir)
  })
  afterAll(async () => {
    await influxd.kill()
    await rm(dir, { recursive: true, force: true })
  })
  const settings = () => ({ version: 1, url: influxd.url, database: INFLUX_DATABASE, ...INFLUX_WRITER, timeout: 2000 }) as const
  const start = Date.now() - 600_000
  const rowsOf = async (measurement: string) => {
    const series = await influxd.query(`SELECT v FROM "${measurement}" GROUP BY "part" ORDER BY time`)
    return Object.fromEntries(
      series.map(({ tags, values }) => [
        tags?.part ?? '',
        values.map(([time, value]) => [Number(BigInt(String(time)) / 1_000_000n), value]),
      ]),
    )
  }

  test('everything arrives exactly once over kill -9 in mid-stream', { timeout: 40_000 }, async () => {
    const bench = await writerBench()
    const writer = await bench.start(settings())
    let number = 0
    const append = async (records: number) => {
      for (let k = 0; k < records; k++, number++) {
        const lines = ['a', 'b'].map(
          (part) => `kills,device=d,part=${part} v=${number}i,state="温度 ${number}" ${nanoseconds(start + number)}`,
        )
        await bench.journal.data(lines, { gzip: number % 3 > 0 })
      }
    }
    for (let round = 0; round < 3; round++) {
      const killing = new AbortController()
      const filling = (async () => {
        while (!killing.signal.aborted) await append(20)
      })()
      const before = writer.state().position
      await until(() => writer.state().position > before && number > (round + 1) * 300, { what: 'writing' })
      await influxd.kill()
      await until(() => writer.state().waiting?.why === 'down', { what: 'the loss noticed' })
      killing.abort()
      await filling
      await influxd.start()
    }
    await bench.done(writer)
    const expected = Array.from({ length: number }, (_, at) => [start + at, at])
    expect(await rowsOf('kills')).toEqual({ a: expected, b: expected })
    expect(bench.told).toEqual(['+down', '-down', '+down', '-down', '+down', '-down'])
  })

  test('a wrong password waits with a problem; corrected it goes on where it was', async () => {
    const bench = await writerBench()
    await bench.journal.data([`login,part=a v=1 ${nanoseconds(start)}`])
    const wrong = await bench.start({ ...settings(), password: 'not-it' })
    await until(() => (wrong.state().waiting?.attempts ?? 0) > 2, { what: 'attempts' })
    expect(bench.told).toEqual(['+auth'])
    await wrong.stop()
    await bench.journal.data([`login,part=a v=2 ${nanoseconds(start + 1)}`])
    const right = await bench.start(settings())
    await bench.done(right)
    expect(await rowsOf('login')).toEqual({
      a: [
        [start, 1],
        [start + 1, 2],
      ],
    })
  })

  test('an unknown database is waited for', async () => {
    const bench = await writerBench()
    await bench.journal.data([`db,part=a v=1 ${nanoseconds(start)}`])
    await influxd.query('CREATE DATABASE other')
    await influxd.query(`GRANT WRITE ON other TO ${INFLUX_WRITER.username}`)
    await influxd.query('DROP DATABASE other')
    const writer = await bench.start({ ...settings(), database: 'other' })
    await until(() => writer.state().waiting, { what: 'waiting' })
    expect(['auth', 'missing']).toContain(writer.state().waiting?.why)
    await influxd.query('CREATE DATABASE other')
    await influxd.query(`GRANT WRITE ON other TO ${INFLUX_WRITER.username}`)
    await bench.done(writer)
  })

  test('type conflicts, lines that do not parse, a broken payload: dead letters; the rest is stored', async () => {
    const bench = await writerBench()
    await bench.journal.data([`conflict,part=a v=1 ${nanoseconds(start)}`])
    const first = await bench.start(settings())
    await bench.done(first)
    await first.stop()
    const conflicting = `conflict,part=a v="text" ${nanoseconds(start + 5)}`
    const unreadable = 'conflict,part=a v= 12'
    for (let record = 0; record < 30; record++) {
      const lines = Array.from(
        { length: 20 },
        (_, at) => `conflict,part=a v=${record * 20 + at} ${nanoseconds(start + 1000 + record * 20 + at)}`,
      )
      if (record === 11) lines.splice(7, 0, conflicting, unreadable)
      if (record === 20) lines.splice(0, 0, unreadable)
      await bench.journal.data(lines, { gzip: record % 2 === 0 })
    }
    const member = gzipSync(`conflict,part=a v=1 ${nanoseconds(start + 9999)}\n`)
    await bench.journal.append({
      kind: 'data',
      receivedAt: 1,
      agent: 'a1',
      session: 's',
      seq: 99,
      payload: member.subarray(0, member.length - 9),
    })
    const writer = await bench.start(settings())
    await bench.done(writer)
    const { a = [] } = await rowsOf('conflict')
    expect(a).toEqual([[start, 1], ...Array.from({ length: 600 }, (_, at) => [start + 1000 + at, at])])
    const letters = await bench.deadLetters()
    expect(letters.map(({ line }) => line).sort()).toEqual(['', conflicting, unreadable, unreadable].sort())
    expect(letters.find(({ line }) => line === conflicting)?.reason).toMatch(/field type conflict/)
    expect(letters.find(({ line }) => line === unreadable)?.reason).toMatch(/unable to parse/)
    expect(bench.told.every((kind) => kind === '+rejected')).toBe(true)
  })

  test('lines beyond retention are final and counted, and hide nothing', async () => {
    await influxd.query(`CREATE RETENTION POLICY hours ON ${INFLUX_DATABASE} DURATION 2h REPLICATION 1 SHARD DURATION 1h`)
    const bench = await writerBench()
    const old = Array.from({ length: 200 }, (_, at) => `old,part=a v=${at} ${nanoseconds(start - 40 * 3_600_000 + at)}`)
    const fresh = Array.from({ length: 50 }, (_, at) => `old,part=a v=${at} ${nanoseconds(start + at)}`)
    const unreadable = 'old,part=a v=1x 12'
    await bench.journal.data([...fresh.slice(0, 25), ...old, unreadable, ...fresh.slice(25)])
    const writer = await bench.start({ ...settings(), retention_policy: 'hours' })
    await bench.done(writer)
    const series = await influxd.query('SELECT v FROM "hours"."old"')
    expect(series[0]?.values).toHaveLength(50)
    expect(bench.counters.get('jifang_influx_beyond_retention_total')).toBe(200)
    expect((await bench.deadLetters()).map(({ line }) => line)).toEqual([unreadable])
    expect(bench.counters.get('jifang_influx_posts_total', { outcome: 'rejected' })).toBeLessThan(40)
  })
})
