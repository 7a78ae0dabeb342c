import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DAY_MS, RowReader } from '../../../collector/store/rows.ts'
import { encodeSample } from '../../../core/line/encode.ts'
import type { LogRecord } from '../../../core/segment/types.ts'

const NOW = 1_790_000_000_000
const LIMITS = { oldest: NOW - 30 * DAY_MS, aheadMs: DAY_MS }

function record(offset: number, payload: string | Buffer, kind: LogRecord['kind'] = 'data'): LogRecord {
  return { kind, receivedAt: NOW, agent: 'a', session: 's', seq: 1, offset, next: offset + 10, payload: Buffer.from(payload) }
}

test('points stand by day, with the record they came in', () => {
  const day = Math.floor(NOW / DAY_MS)
  const before = (day - 1) * DAY_MS + 5
  const { days, counts } = new RowReader().read(
    [
      record(0, `# head\nm,device=d v=1,w="x" ${NOW}000000\n`),
      record(10, 'm,device=d v=9 1\n', 'tick'),
      record(20, gzipSync(`m,device=d v=2 ${before}000000\nm,device=d v=3 ${NOW + 1}000000`)),
    ],
    LIMITS,
  )
  expect([...days.keys()]).toEqual([day, day - 1])
  const today = days.get(day)
  expect(today?.value).toEqual([1, null, 3])
  expect(today?.text).toEqual([null, 'x', null])
  expect(today?.series[0]).toBe(today?.series[2])
  expect([0, 1, 20, 21].map((applied) => today?.firstAfter(applied))).toEqual([0, 2, 2, 3])
  expect(days.get(day - 1)?.ts).toEqual([5])
  expect(counts).toEqual({ values: 4, badLines: 0, beyondRetention: 0, future: 0, badPayloads: 0 })
})

test.each([
  [`m v=1,w=2 ${NOW - 31 * DAY_MS}000000`, { beyondRetention: 2 }],
  [`m v=1 ${NOW + DAY_MS + 1}000000`, { future: 1 }],
  ['m v= 5', { badLines: 1 }],
  [gzipSync('m v=1 5').subarray(0, 15), { badPayloads: 1 }],
])('what is not taken is counted: %s', (payload, expected) => {
  const { days, counts } = new RowReader().read([record(0, payload)], LIMITS)
  expect(days.size).toBe(0)
  expect(counts).toMatchObject({ values: 0, ...expected })
})

test('whatever is encoded comes back with its value, series and time to the microsecond', () => {
  const name = fc
    .stringMatching(/^[A-Za-z0-9 ,=温度_.-]{1,12}$/)
    .filter((text) => text.trim() !== '' && text !== 'site' && text !== '__proto__')
  const value = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.string(), fc.boolean())
  const time = fc.integer({ min: (NOW - 29 * DAY_MS) * 1000, max: NOW * 1000 }).map((us) => us / 1000)
  const reader = new RowReader()
  fc.assert(
    fc.property(name, fc.dictionary(name, name, { maxKeys: 3 }), name, value, time, (measurement, tags, field, given, at) => {
      const line = encodeSample({ measurement, tags, fields: { [field]: given }, time: at })
      if (line === null) return
      const { days } = new RowReader().read([record(0, line)], LIMITS)
      const again = reader.read([record(0, line)], LIMITS).days
      const [[day, rows] = [0, undefined]] = [...days]
      expect(rows?.length).toBe(1)
      expect([...again.values()][0]?.series[0]).toEqual(rows?.series[0])
      expect(day * DAY_MS + (rows?.ts[0] ?? 0) + (rows?.us[0] ?? 0) / 1000).toBeCloseTo(at, 2)
      expect(rows?.series[0]).toMatchObject({ measurement, field, kind: typeof given === 'string' ? 'text' : 'number' })
      if (typeof given === 'boolean') expect(rows?.value[0]).toBe(given ? 1 : 0)
      if (typeof given === 'string') expect(rows?.text[0]).toBe(given.replace(/[\r\n]+/g, ' '))
    }),
    { numRuns: 300 },
  )
})
