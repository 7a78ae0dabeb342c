import * as v from 'valibot'
import { OID_PATTERN } from './relative.ts'
import { trapSchema } from './traps.ts'

/** The shape of config/profiles/*.yaml. What each key means is in config/profiles/README.md; meaning is checked in compile.ts. */

const oid = v.pipe(v.string(), v.regex(OID_PATTERN, 'expected an OID such as 1.3.6.1.2.1.1.1.0'))
const regex = v.pipe(v.string(), v.check(isRegex, 'not a regular expression'))
const scalar = v.union([v.string(), v.number(), v.boolean()])
const oneOrMany = <S extends v.GenericSchema>(schema: S) => v.union([schema, v.array(schema)])
const title = v.union([v.string(), v.strictObject({ zh: v.string(), en: v.string() })])
const reading = v.picklist(['auto', 'number', 'text', 'bytes', 'signed_bytes', 'hex', 'mac', 'date', 'ip'])
export const STATES = ['normal', 'alarm', 'fault', 'unknown'] as const
const state = v.picklist(STATES)
const name = v.pipe(v.string(), v.regex(/^[a-z][a-z0-9_]*$/i, 'expected a name of letters, digits and _'))

type Many<T> = T | T[]
type Opt<T> = T | undefined

/** Where a value is found. In value position a number is a column, text an OID or a `let` name; in tag position text is a constant. */
export interface RefObject {
  column?: Opt<number | string>
  oid?: Opt<string>
  by?: Opt<Many<number | string> | { column: number | string }>
  prefix?: Opt<boolean>
  let?: Opt<string>
  index?: Opt<Many<number> | 'all'>
  text?: Opt<boolean>
  const?: Opt<string | number | boolean>
  first?: Opt<Ref[]>
  join?: Opt<Ref[]>
  separator?: Opt<string>
  map?: Opt<Record<string, string>>
  extract?: Opt<string>
  type?: Opt<v.InferOutput<typeof reading>>
  default?: Opt<string>
}
export type Ref = number | string | RefObject

const refEntries = {
  column: v.optional(v.union([v.number(), v.string()])),
  oid: v.optional(oid),
  by: v.optional(v.union([oneOrMany(v.union([v.number(), v.string()])), v.strictObject({ column: v.union([v.number(), v.string()]) })])),
  prefix: v.optional(v.boolean()),
  let: v.optional(name),
  index: v.optional(v.union([oneOrMany(v.number()), v.literal('all')])),
  text: v.optional(v.boolean()),
  const: v.optional(scalar),
  first: v.optional(v.array(v.lazy((): v.GenericSchema<Ref> => ref))),
  join: v.optional(v.array(v.lazy((): v.GenericSchema<Ref> => ref))),
  separator: v.optional(v.string()),
  extract: v.optional(regex),
  type: v.optional(reading),
}
const refObject = v.strictObject({ ...refEntries, map: v.optional(v.record(v.string(), v.string())), default: v.optional(v.string()) })
const ref: v.GenericSchema<Ref> = v.union([v.number(), v.string(), refObject])

const enumEntry = v.union([
  v.string(),
  v.array(v.string()),
  v.strictObject({ text: v.string(), state: v.optional(state), words: v.optional(v.string()), code: v.optional(v.number()) }),
])
const enumMap = v.record(v.string(), enumEntry)
const tags = v.record(name, ref)

const conversionEntries = {
  expr: v.optional(v.string()),
  missing: v.optional(oneOrMany(scalar)),
  scale: v.optional(v.union([v.number(), v.string()])),
  offset: v.optional(v.union([v.number(), v.string()])),
  unit: v.optional(ref),
  scale_auto: v.optional(v.union([v.literal(true), v.strictObject({ above: v.number(), divide: v.number() })])),
  min: v.optional(v.number()),
  max: v.optional(v.number()),
  enum: v.optional(enumMap),
  normal: v.optional(oneOrMany(scalar)),
  alarm: v.optional(oneOrMany(scalar)),
  fault: v.optional(oneOrMany(scalar)),
  unknown: v.optional(oneOrMany(scalar)),
  bits: v.optional(enumMap),
  bit_order: v.optional(v.picklist(['lsb', 'msb', 'ascii'])),
  words: v.optional(v.record(v.string(), v.string())),
  counter: v.optional(v.boolean()),
  rate: v.optional(v.strictObject({ field: name, scale: v.optional(v.number()) })),
  discontinuity: v.optional(oid),
  tags: v.optional(tags),
  measurement: v.optional(name),
  where: v.optional(v.string()),
  field: v.optional(name),
}
const plainField = { ...refEntries, ...conversionEntries }
const fieldCase = v.union([name, v.strictObject(plainField)])
const field = v.union([
  v.number(),
  v.string(),
  v.strictObject({
    ...plainField,
    case: v.optional(v.strictObject({ by: ref, of: v.record(v.string(), fieldCase), default: v.optional(fieldCase) })),
  }),
])
const listedField = v.strictObject({ ...plainField, field: name })

const group = v.strictObject({
  name,
  measurement: name,
  table: v.optional(oid),
  tags: v.optional(tags),
  let: v.optional(v.record(name, ref)),
  where: v.optional(v.string()),
  same_tags: v.optional(v.picklist(['number', 'first', 'merge'])),
  unless: v.optional(oneOrMany(name)),
  every: v.optional(v.pipe(v.string(), v.regex(/^\d+(s|m|h|d)$/, 'expected a duration such as 10m'))),
  missing: v.optional(oneOrMany(scalar)),
  fields: v.optional(v.union([v.record(name, field), v.array(listedField)])),
  derived: v.optional(v.record(name, v.string())),
  presence: v.optional(
    v.strictObject({ column: v.union([v.number(), v.string()]), tag: v.optional(name), field: v.optional(name), known: enumMap }),
  ),
})

const probe = v.union([oid, v.strictObject({ oid, matches: v.optional(regex), not: v.optional(regex) })])
const condition = v.strictObject({
  sysObjectID: v.optional(oneOrMany(oid)),
  sysDescr: v.optional(oneOrMany(regex)),
  probe: v.optional(oneOrMany(probe)),
})
const match = v.union([
  v.literal('always'),
  v.strictObject({ any: v.optional(v.array(condition)), all: v.optional(v.array(condition)), none: v.optional(v.array(condition)) }),
])

export const profileSchema = v.strictObject({
  profile: v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9._-]*$/, 'expected a lower-case name such as ups-mib')),
  title,
  class: v.optional(v.string()),
  priority: v.optional(v.number()),
  match: v.optional(match),
  extends: v.optional(oneOrMany(v.string())),
  excludes: v.optional(oneOrMany(v.string())),
  missing: v.optional(oneOrMany(scalar)),
  groups: v.optional(v.array(group)),
  alarms: v.optional(v.array(v.looseObject({ name: v.string(), title, on: v.string(), levels: v.optional(v.array(v.looseObject({}))) }))),
  traps: v.optional(v.array(trapSchema)),
})

export type ProfileData = v.InferOutput<typeof profileSchema>
export type GroupData = v.InferOutput<typeof group>
export type EnumEntry = v.InferOutput<typeof enumEntry>
export type ConditionData = v.InferOutput<typeof condition>
export type MatchData = v.InferOutput<typeof match>
export type ProbeData = v.InferOutput<typeof probe>
export type TagsData = v.InferOutput<typeof tags>
export type FieldCase = v.InferOutput<typeof fieldCase>
export type State = v.InferOutput<typeof state>
/** One field after shorthand: every key optional. */
export type FieldObject = Exclude<v.InferOutput<typeof field>, number | string>

export const listOf = <T>(value: T | readonly T[] | undefined): readonly T[] =>
  value === undefined ? [] : Array.isArray(value) ? (value as readonly T[]) : [value as T]

function isRegex(text: string): boolean {
  try {
    return new RegExp(text, 'u') instanceof RegExp
  } catch {
    return false
  }
}
