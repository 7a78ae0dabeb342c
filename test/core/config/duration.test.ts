import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatDuration, parseBytes, parseDuration } from '../../../core/config/duration.ts'

test.each([
  ['10s', 10_000],
  ['500ms', 500],
  ['1h30m', 5_400_000],
  ['1.5h', 5_400_000],
  ['90d', 7_776_000_000],
  ['2w', 1_209_600_000],
  [0, 0],
  ['0', 0],
  [60, null],
  ['60', null],
  ['', null],
  ['10 s', null],
  ['-1s', null],
  ['1m1h', null],
  ['1s1s', null],
  ['5y', null],
])('duration %j is %j ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms)
})

test('formatDuration is read back as the same', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 10 ** 12 }), (ms) => parseDuration(formatDuration(ms)) === ms))
})

test.each([
  ['256MB', 268_435_456],
  ['16 MiB', 16_777_216],
  ['512kB', 524_288],
  ['1.5GB', 1_610_612_736],
  ['10B', 10],
  [4096, 4096],
  ['4096', null],
  ['4 Q', null],
  [-1, null],
])('size %j is %j bytes', (text, size) => {
  expect(parseBytes(text)).toBe(size)
})
