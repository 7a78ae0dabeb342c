import type { FieldValue } from '../core/model/sample.ts'
import type { Scalar } from './condition.ts'
import { type DeviceContext, type Tracked, trackedFor } from './device-context.ts'
import { instanceOf } from './identity.ts'
import type { Clause, Match, Rule } from './rule.ts'

/** One series of one device as it comes in, with everything that has to be judged when it does. */
export interface Series {
  readonly device: DeviceContext
  readonly measurement: string
  readonly tags: Readonly<Record<string, string>>
  readonly tracked: readonly Tracked[]
  /** Conditions of other rules that look at it. */
  readonly clauses: readonly WatchedClause[]
  /** Line of the newest sample; '' before the first, and for what the judge tells itself. */
  newest: string
  /** Its time, ms, on its agent's clock. */
  time: number
}

export interface WatchedClause {
  readonly rule: string
  readonly index: number
  readonly clause: Clause
}

/** The series of a measurement and its tags: which rules look at it is decided here, once. */
export function makeSeries(
  device: DeviceContext,
  measurement: string,
  tags: Readonly<Record<string, string>>,
  watched: readonly WatchedClause[],
): Series {
  const tracked: Tracked[] = []
  for (const rule of device.rules.get(measurement) ?? []) {
    if (!selects(rule, device, tags)) continue
    const state = trackedFor(device, rule, instanceOf(tags, rule.by), tags)
    if (measurement === 'check') state.check = tags.check ?? null
    tracked.push(state)
  }
  return { device, measurement, tags, tracked, clauses: watched, newest: '', time: 0 }
}

/** Whether the rule's `where` takes these tags. */
export const selects = (rule: Rule, device: DeviceContext, tags: Readonly<Record<string, string>>): boolean =>
  rule.where.every((match) => matches(match, device, tags))

/** A tag of the sample, else what the inventory says of the contact point. */
export function attribute(device: DeviceContext, tags: Readonly<Record<string, string>>, key: string): string | undefined {
  const tag = tags[key]
  if (tag !== undefined) return tag
  const value = tags.point === undefined ? undefined : device.points.get(tags.point)?.[key]
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}

function matches(match: Match, device: DeviceContext, tags: Readonly<Record<string, string>>): boolean {
  const value = attribute(device, tags, match.key)
  const found =
    value !== undefined &&
    match.values.some((wanted) => wanted === value || (wanted.endsWith('*') && value.startsWith(wanted.slice(0, -1))))
  return found !== match.not
}

/** Whether the alarm of this state stays until it is reset. */
export function latches(rule: Rule, device: DeviceContext, tags: Readonly<Record<string, string>>): boolean {
  return rule.latch === 'point' ? attribute(device, tags, 'latch') === 'true' : rule.latch
}

/** A field value as rules compare it. */
export function toScalar(value: FieldValue): Scalar {
  switch (typeof value) {
    case 'boolean':
      return value ? 1 : 0
    case 'bigint':
      return Number(value)
    default:
      return value
  }
}
