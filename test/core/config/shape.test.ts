import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { formatIssue, parseDocument, sortIssues } from '../../../core/config/document.ts'
import { durationBetween } from '../../../core/config/duration.ts'
import { checkShape } from '../../../core/config/shape.ts'

const schema = v.strictObject({
  a: v.string(),
  oid: v.optional(v.string()),
  on: v.optional(v.boolean()),
  b: v.exactOptional(
    v.pipe(
      v.strictObject({
        interval: durationBetween(1000, 5000),
        port: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(1))),
        password: v.exactOptional(v.string()),
      }),
      v.check((b) => b.port !== 22, 'port 22 is for people'),
    ),
  ),
  mode: v.optional(v.picklist(['left', 'right'])),
  list: v.optional(
    v.array(v.variant('kind', [v.strictObject({ kind: v.literal('snmp'), c: v.string() }), v.strictObject({ kind: v.literal('ping') })])),
  ),
  dep: v.optional(v.array(v.union([v.string(), v.array(v.string())]))),
  free: v.optional(v.record(v.pipe(v.string(), v.regex(/^[a-z]+$/, 'must be small letters')), v.number())),
  pair: v.optional(v.strictTuple([v.number(), v.number()])),
})

function problems(text: string): string[] {
  const doc = parseDocument(text, 'f.yaml')
  const output = checkShape(doc, schema, doc.value, [])
  expect(output === undefined).toBe(doc.issues.length > 0)
  return sortIssues(doc.issues).map(formatIssue)
}

describe('checkShape', () => {
  test('gives the output when all is well', () => {
    const doc = parseDocument('a: x\nb: { interval: 2s }\nlist: [{ kind: ping }]\npair: [1, 2]\n', 'f.yaml')
    expect(checkShape(doc, schema, doc.value, [])).toEqual({ a: 'x', b: { interval: 2000 }, list: [{ kind: 'ping' }], pair: [1, 2] })
    expect(doc.issues).toEqual([])
  })

  test('reports everything at once, by position', () => {
    const text = [
      'a: 5',
      'oid: 1.3',
      'on: yes',
      'mode: lft',
      'b: { intervall: 10, interval: 10s, prt: 3, password: 1234, port: 0 }',
      'list:',
      '  - { kind: snpm }',
      '  - { kind: snmp, cc: 1 }',
      '  - { knd: ping }',
      '  - 5',
      'dep: [a, [b, 5], 7, {}]',
      'free: { good: 1, BAD: x }',
      'pair: [1]',
      'zzzz: 1',
      'a: 7',
    ]
    expect(problems(text.join('\n'))).toEqual([
      'f.yaml:1:4 a: must be text, but without quotes YAML reads a number here: put it in quotes',
      'f.yaml:2:6 oid: must be text, but without quotes YAML reads a number here: put it in quotes',
      'f.yaml:3:5 on: must be true or false, not text',
      'f.yaml:4:7 mode: must be one of left, right, did you mean "left"?',
      'f.yaml:5:6 b.intervall: unknown key, did you mean "interval"?',
      'f.yaml:5:31 b.interval: must be at most 5s',
      'f.yaml:5:36 b.prt: unknown key, did you mean "port"?',
      'f.yaml:5:54 b.password: must be text, but without quotes YAML reads a number here: put it in quotes',
      'f.yaml:5:66 b.port: must be at least 1',
      'f.yaml:7:13 list[0].kind: unknown kind "snpm", did you mean "snmp"?',
      'f.yaml:8:5 list[1].c: is required',
      'f.yaml:8:19 list[1].cc: unknown key, did you mean "c"?',
      'f.yaml:9:5 list[2].kind: is required: one of snmp, ping',
      'f.yaml:10:5 list[3]: must be a mapping (`key: value`), not a number',
      'f.yaml:11:14 dep[1][1]: must be text, but without quotes YAML reads a number here: put it in quotes',
      'f.yaml:11:18 dep[2]: must be text or a list, not a number',
      'f.yaml:11:21 dep[3]: must be text or a list, not a mapping',
      'f.yaml:12:18 free.BAD: must be small letters',
      'f.yaml:12:23 free.BAD: must be a number, not text',
      'f.yaml:13:7 pair: must be a list of 2, has 1',
      'f.yaml:14:1 zzzz: unknown key; known here: a, oid, on, b, mode, list, dep, free, pair',
      'f.yaml:15:1 a: this key is already given above',
    ])
  })

  test('an object-level check runs as soon as that object is right, whatever is wrong elsewhere', () => {
    expect(problems('a: 1\nb: { interval: 2s, port: 22 }\n')).toEqual([
      'f.yaml:1:4 a: must be text, but without quotes YAML reads a number here: put it in quotes',
      'f.yaml:2:4 b: port 22 is for people',
    ])
  })

  test('an empty value is told as such', () => {
    expect(problems('a:\nb:\ndep:\n')).toEqual([
      'f.yaml:1:1 a: is empty: give a value, or remove the line',
      'f.yaml:2:1 b: is empty: must be a mapping (`key: value`)',
      'f.yaml:3:1 dep: is empty: must be a list',
    ])
  })

  test('a bare number is not a duration', () => {
    expect(problems('a: x\nb: { interval: 10 }\n')).toEqual(['f.yaml:2:16 b.interval: needs a unit: write 10s, 2m or 500ms'])
  })

  test('in a broken file nothing is called missing', () => {
    expect(problems('b: { intervall: 2s\n')).toEqual([
      'f.yaml:1:6 b.intervall: unknown key, did you mean "interval"?',
      'f.yaml:2:1 not valid YAML: wrong indentation, or a bracket or quote above is not closed',
    ])
  })
})
