import * as v from 'valibot'
import { duration } from '../core/config/duration.ts'
import { SEVERITIES } from '../core/model/severity.ts'

const text = v.pipe(v.string(), v.minLength(1))
const names = v.union([text, v.array(text)])
const scalar = v.union([v.string(), v.number(), v.boolean()])
const count = v.pipe(v.number(), v.integer(), v.minValue(1))

export const levelSchema = v.strictObject({
  severity: v.picklist(SEVERITIES),
  /** e.g. `> 90`; left out only for `forecast` and `no_data`, and where it changes a level that exists. */
  fire: v.optional(text),
  clear: v.optional(text),
  for: v.optional(duration),
  runs: v.optional(count),
  clear_for: v.optional(duration),
})

export const titleSchema = v.union([text, v.strictObject({ zh: text, en: text })])

export const ruleSchema = v.strictObject({
  name: v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'must be a name: letters, digits, dot, dash, underscore')),
  title: v.optional(titleSchema),
  on: v.optional(v.pipe(v.string(), v.regex(/^[^.\s]+\.[^\s]+$/, 'must be measurement.field'))),
  where: v.optional(v.record(text, v.union([scalar, v.array(scalar)]))),
  by: v.optional(v.array(text)),
  classes: v.optional(names),
  devices: v.optional(names),
  levels: v.optional(v.pipe(v.array(levelSchema), v.minLength(1))),
  all: v.optional(
    v.array(
      v.strictObject({
        on: v.pipe(v.string(), v.regex(/^[^.\s]+\.[^\s]+$/, 'must be measurement.field')),
        fire: text,
        same: v.optional(v.picklist(['device', 'location']), 'device'),
      }),
    ),
  ),
  /** Words a status text must have one of, for levels without `fire`. */
  has: v.optional(names),
  rate: v.optional(v.strictObject({ per: v.optional(duration, '1m'), over: v.optional(duration, '5m') })),
  count: v.optional(v.strictObject({ within: duration, of: v.optional(text) })),
  forecast: v.optional(
    v.strictObject({
      reaches: v.number(),
      within: duration,
      over: v.optional(duration, '6h'),
      fit: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1)), 0.8),
    }),
  ),
  no_data: v.optional(duration),
  latch: v.optional(v.union([v.boolean(), v.literal('point')])),
  loss: v.optional(v.picklist(['device', 'agent', 'check', 'power'])),
  sla: v.optional(v.record(text, duration)),
  enabled: v.optional(v.boolean()),
  usual: v.optional(v.unknown()),
})

/** alarms.yaml. */
export const rulesFileSchema = v.strictObject({
  /** false: only the rules of this file. */
  defaults: v.optional(v.boolean(), true),
  rules: v.optional(v.array(ruleSchema), []),
})

/** What a device's `alarms:` may say about a rule, besides `false`. */
export const overrideSchema = v.strictObject({
  levels: v.optional(v.pipe(v.array(levelSchema), v.minLength(1))),
  for: v.optional(duration),
  clear_for: v.optional(duration),
  latch: v.optional(v.boolean()),
  sla: v.optional(v.record(text, duration)),
})

/** The shape that is meant: a list stands for its levels alone. */
export const overrideShape = (value: unknown) => (Array.isArray(value) ? v.array(levelSchema) : overrideSchema)

/** A rule as written, before validation: what alarms.yaml, profiles and the built-in rules consist of. */
export type RuleInput = v.InferInput<typeof ruleSchema>
export type RuleEntry = v.InferOutput<typeof ruleSchema>
export type LevelEntry = v.InferOutput<typeof levelSchema>
export type OverrideEntry = v.InferOutput<typeof overrideSchema>
