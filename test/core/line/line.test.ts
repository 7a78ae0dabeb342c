import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeSample } from '../../../core/line/encode.ts'
import { parseLine, parseLines } from '../../../core/line/parse.ts'

const time = 1_700_000_000_123

describe('line protocol', () => {
  it.each([
    [
      'cpu,cpu=cpu0,device=a usage_idle=97.5 1700000000123000000',
      { measurement: 'cpu', tags: { cpu: 'cpu0', device: 'a' }, fields: { usage_idle: 97.5 }, time },
    ],
    [
      'disk,path=/a\\ b\\,c\\=d used=5i,free=3u 1700000000123456000',
      { tags: { path: '/a b,c=d' }, fields: { used: 5, free: 3 }, time: time + 0.456 },
    ],
    ['event text="a \\"b\\", c=1 \\\\",n=-1.5e3 1700000000123000000', { fields: { text: 'a "b", c=1 \\', n: -1500 } }],
    ['m ok=true,bad=F', { fields: { ok: true, bad: false }, time: Number.NaN }],
    ['m big=9223372036854775807i 1', { fields: { big: 9223372036854775807n } }],
  ])('parses %s', (line, expected) => {
    expect(parseLine(line)).toMatchObject(expected)
  })

  it.each([
    ['', 'the measurement is missing'],
    ['cpu', 'the fields are missing'],
    ['cpu,host usage=1 1', 'a tag is not key=value: "host"'],
    ['cpu usage 1', 'a field is not key=value: "usage"'],
    ['cpu usage=abc 1', 'not a value: "abc"'],
    ['cpu usage="abc 1', 'a text does not end: "\\"abc 1"'],
    ['cpu usage=1 12x', 'the time is not a number: "12x"'],
    ['cpu,a=1,a=2 usage=1 1', 'the tag "a" is there twice'],
    ['cpu,__proto__=1 usage=1 1', 'no tag can be called __proto__'],
    ['cpu __proto__=1 1', 'no field can be called __proto__'],
    ['cpu usage=1e999 1', 'not a value: "1e999"'],
    ['cpu usage=9223372036854775808i 1', 'not a value: "9223372036854775808i"'],
  ])('says what is wrong with %s', (line, message) => {
    expect(parseLine(line)).toBe(message)
  })

  it('passes over comments and goes on behind a bad line', () => {
    const good: string[] = []
    const bad: string[] = []
    parseLines(
      '# jifang/1 x\r\n\na v=1 1\nbroken\n# refused b v=2\nc v=3 1\r\n',
      (line) => good.push(line.measurement),
      (line) => bad.push(line),
    )
    expect(good).toEqual(['a', 'c'])
    expect(bad).toEqual(['broken'])
  })

  it('writes each field with its one type, drops what has no value, and needs one field', () => {
    expect(encodeSample({ measurement: 'mem', tags: { site: 's' }, fields: { used: 5.7, used_percent: 50 }, time })).toBe(
      'mem,site=s used=5i,used_percent=50 1700000000123000000',
    )
    expect(encodeSample({ measurement: 'm', tags: {}, fields: { a: Number.NaN, b: Number.POSITIVE_INFINITY }, time })).toBeNull()
    expect(encodeSample({ measurement: 'm', tags: { empty: '' }, fields: { on: true, n: 3n }, time })).toBe(
      'm on=1i,n=3 1700000000123000000',
    )
  })

  const name = fc
    .string({ minLength: 1, maxLength: 12, unit: 'grapheme' })
    .map((s) => s.replace(/[\r\n\t\\]/g, '_'))
    .filter((s) => s.trim() !== '' && !s.startsWith('#') && s !== '__proto__')
  it('reads back what it wrote, whatever the names and texts', () => {
    fc.assert(
      fc.property(
        name,
        fc.dictionary(name, name, { maxKeys: 4 }),
        fc.dictionary(name, fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.string({ unit: 'grapheme' })), {
          minKeys: 1,
          maxKeys: 4,
        }),
        (measurement, tags, fields) => {
          const line = encodeSample({ measurement, tags, fields, time })
          const back = parseLine(line ?? '')
          if (typeof back === 'string') throw new Error(`${back}: ${line}`)
          expect(back.measurement).toBe(measurement)
          expect(back.tags).toEqual({ ...tags })
          for (const [key, value] of Object.entries(fields)) {
            if (typeof value === 'string') expect(back.fields[key]).toBe(value.replace(/[\r\n]+/g, ' '))
            else expect(Math.abs(Number(back.fields[key]) - value)).toBeLessThanOrEqual(/(_code|_count|_bits|running)$/.test(key) ? 1 : 0)
          }
        },
      ),
      { numRuns: 300 },
    )
  })
})
