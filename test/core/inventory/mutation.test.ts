import fc from 'fast-check'
import * as v from 'valibot'
import { expect, test } from 'vitest'
import { formatIssue, parseDocument } from '../../../core/config/document.ts'
import { parseSettings } from '../../../core/config/settings.ts'
import { parseInventory } from '../../../core/inventory/parse.ts'

const secret = 'hunter2-hunter2-hunter2'
const devices = `site: room
defaults: { interval: 60s, poller: [a, b] }
devices:
  - name: app-[01-03]
    title: 应用 [1-3]
    class: server
    address: 192.0.2.[11-13]
    depends_on: [ sw, [ "app-[01-03]x", sw ] ]
    checks:
      - { kind: snmp, password: "${secret}" }
  - name: sw
    class: switch
`
const settings = `mqtt:
  url: mqtts://192.0.2.1:8883
  password: ${secret}
web: { listen: 127.0.0.1:8420, tokens: [ { person: a, role: admin, token: ${secret} } ] }
influx: { version: 2, url: "http://x:8086", org: o, bucket: b, token: ${secret} }
`
const kinds = {
  snmp: {
    options: v.strictObject({ password: v.string() }),
    intervalMs: 60_000,
    timeoutMs: 5000,
    where: 'remote' as const,
    secrets: ['password'],
  },
}

/** A text with a few places overwritten by what people hit by accident. */
const slips = fc.constantFrom(
  '',
  ' ',
  '\t',
  '\n',
  ':',
  ': ',
  '-',
  '[',
  ']',
  '{',
  '}',
  '"',
  "'",
  '&',
  '*',
  '!',
  '#',
  '|',
  '${',
  '}',
  ',',
  '0',
  '\u0000',
  '机',
  '\n---\n',
  '<<: *a',
  '? ',
)
const mutated = (text: string, most: number) =>
  fc
    .array(fc.tuple(fc.nat(text.length), slips, fc.nat(6)), { minLength: 1, maxLength: most })
    .map((edits) => edits.reduce((whole, [at, slip, gone]) => whole.slice(0, at) + slip + whole.slice(at + gone), text))

const files = [
  ['devices.yaml', devices, (doc: ReturnType<typeof parseDocument>) => parseInventory(doc, kinds)],
  ['jifang.yaml', settings, (doc: ReturnType<typeof parseDocument>) => parseSettings(doc, '.')],
] as const

test.each(files)('whatever slips into %s, nothing is thrown and every problem has its place', (file, text, parse) => {
  fc.assert(
    fc.property(mutated(text, 4), (slipped) => {
      const doc = parseDocument(slipped, file)
      const result = parse(doc)
      const lines = slipped.split('\n').length
      for (const issue of doc.issues) {
        expect(issue.line).toBeGreaterThanOrEqual(1)
        expect(issue.line).toBeLessThanOrEqual(lines)
        expect(issue.col).toBeGreaterThanOrEqual(1)
      }
      expect(result === undefined).toBe(doc.issues.some((issue) => issue.level === 'error'))
    }),
    { numRuns: 150 },
  )
})

test.each(files)('one slip in %s never gets a secret printed', (file, text, parse) => {
  fc.assert(
    fc.property(mutated(text, 1), (slipped) => {
      const doc = parseDocument(slipped, file)
      parse(doc)
      expect(doc.issues.map(formatIssue).join('\n')).not.toMatch(/hunter2-hun/)
    }),
    { numRuns: 150 },
  )
})

test('a file that nests without end is refused', () => {
  const doc = parseDocument(`a: ${'['.repeat(20_000)}`, 'd.yaml')
  expect(doc.issues.length).toBeGreaterThan(0)
})
