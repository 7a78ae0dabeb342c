import { gunzipSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { linesOf, packRecords } from '../../../collector/influx/body.ts'
import { deliver } from '../../../collector/influx/deliver.ts'
import type { Outcome } from '../../../collector/influx/post.ts'
import { parseRetryAfter } from '../../../collector/influx/post.ts'
import type { LogRecord } from '../../../core/segment/types.ts'

const record = (seq: number, payload: Buffer): LogRecord => ({
  kind: 'data',
  receivedAt: 1,
  agent: 'a',
  session: 's',
  seq,
  offset: seq,
  next: seq + 1,
  payload,
})

/** Lines that a database takes (`ok`), can't parse (`parse`), refuses for their type (`type`) or their age (`old`). */
const fate = fc.constantFrom('ok', 'ok', 'ok', 'ok', 'parse', 'type', 'old')
const messages = fc.array(fc.record({ packed: fc.boolean(), lines: fc.array(fate, { minLength: 1, maxLength: 12 }) }), { maxLength: 20 })

/** Answers as InfluxDB 1 does: good lines of a refused body are stored; a partial write hides a line that can't be parsed. */
function influx1(stored: Set<string>) {
  return async (body: Buffer): Promise<Exclude<Outcome, { kind: 'wait' }>> => {
    const lines = linesOf(body) ?? []
    const of = (kind: string) => lines.filter((line) => line.startsWith(kind))
    for (const line of of('ok')) stored.add(line)
    const [type, old, parse] = [of('type'), of('old'), of('parse')]
    if (old.length > 0) return { kind: 'rejected', message: `partial write: points beyond retention policy dropped=${old.length}` }
    if (type.length > 0) return { kind: 'rejected', message: `partial write: field type conflict: … dropped=${type.length}` }
    if (parse.length > 0) return { kind: 'rejected', message: `unable to parse '${parse[0]}'` }
    return { kind: 'accepted' }
  }
}

test('every good line is stored, every bad one is buried with its own reason, old ones are counted', async () => {
  await fc.assert(
    fc.asyncProperty(messages, async (given) => {
      let number = 0
      const all = given.map(({ lines }) => lines.map((kind) => `${kind}${++number} v=1 ${kind === 'old' ? number : 1000 + number}`))
      const records = all.map((lines, at) => {
        const text = Buffer.from(`# head\n${lines.join('\n')}`)
        return record(at, given[at]?.packed ? gzipSync(text) : text)
      })
      const stored = new Set<string>()
      const dead = new Map<string, string>()
      let old = 0
      const done = await deliver(records, {
        post: influx1(stored),
        onDead: async (lines, reason) => {
          for (const { line } of lines) dead.set(line, reason)
        },
        onBeyondRetention: (count) => {
          old += count
        },
      })
      const expected = (kind: string) => all.flat().filter((line) => line.startsWith(kind))
      expect(done).toBe(true)
      expect([...stored].sort()).toEqual(expected('ok').sort())
      expect([...dead.keys()].sort()).toEqual([...expected('parse'), ...expected('type')].sort())
      for (const [line, reason] of dead) expect(reason).toMatch(line.startsWith('type') ? /type conflict/ : /unable to parse/)
      expect(old).toBe(expected('old').length)
    }),
    { numRuns: 60 },
  )
})

test('stopped in the middle it says so', async () => {
  expect(
    await deliver([record(1, Buffer.from('m v=1 1'))], { post: async () => null, onDead: async () => {}, onBeyondRetention: () => {} }),
  ).toBe(false)
})

test('bodies unpack to the payloads in order, packed members untouched', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ packed: fc.boolean(), text: fc.stringMatching(/^[a-z =\n]{1,40}$/) }), { minLength: 1 }), (given) => {
      const payloads = given.map(({ packed, text }) => (packed ? gzipSync(text) : Buffer.from(text)))
      const body = packRecords(payloads.map((payload, at) => record(at, payload)))
      const words = (text: string) => text.split('\n').filter((line) => line !== '')
      expect(words(gunzipSync(body).toString())).toEqual(given.flatMap(({ text }) => words(text)))
      for (const [at, payload] of payloads.entries()) if (given[at]?.packed) expect(body.includes(payload)).toBe(true)
    }),
    { numRuns: 50 },
  )
})

const now = Date.parse('2026-11-22T10:00:00Z')
test.each([
  [undefined, null],
  ['', null],
  ['2', 2000],
  [['120', '5'], 120_000],
  ['Sun, 22 Nov 2026 10:00:30 GMT', 30_000],
  ['Sun, 22 Nov 2026 09:00:00 GMT', 0],
  ['soon', null],
])('Retry-After %s is %s ms', (value, expected) => {
  expect(parseRetryAfter(value, now)).toBe(expected)
})
