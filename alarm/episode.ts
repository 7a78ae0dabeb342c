import type { Alarm, AlarmState, Condition } from '../core/model/alarm.ts'
import type { Severity } from '../core/model/severity.ts'
import type { Scalar } from './condition.ts'
import { alarmId } from './identity.ts'
import type { Rule } from './rule.ts'

/** What made an episode begin. */
export interface Found {
  readonly severity: Severity
  readonly threshold: string
  readonly value: Scalar | null
  readonly since: number
  readonly cause: string | null
}

interface Naming {
  readonly device: string
  readonly instance: string
  readonly latch: boolean
  title(): { readonly zh: string; readonly en: string }
  shortId(id: string): string
}

/** A new episode. */
export function raiseEpisode(rule: Rule, found: Found, now: number, naming: Naming): Alarm {
  const id = alarmId(rule.name, naming.device, naming.instance, found.since)
  const deadlines: Record<string, number> = {}
  for (const [milestone, ms] of Object.entries(rule.sla)) deadlines[milestone] = now + ms
  return {
    id,
    short_id: naming.shortId(id),
    rule: rule.name,
    device: naming.device,
    instance: naming.instance,
    title: naming.title(),
    severity: found.severity,
    state: 'firing',
    condition: 'active',
    latched: naming.latch,
    ack: null,
    caused_by: found.cause,
    suppressed_by: null,
    value: found.value,
    threshold: found.threshold,
    since: found.since,
    updated: now,
    resolved_at: null,
    deadlines,
    milestones: {},
    notices: [],
  }
}

/** The same episode goes on: its clocks, milestones and acknowledgement stay. */
export function reopenEpisode(before: Alarm, found: Found, now: number, naming: Naming): Alarm {
  return touch(
    {
      ...before,
      short_id: naming.shortId(before.id),
      title: naming.title(),
      severity: found.severity,
      condition: 'active',
      latched: naming.latch,
      caused_by: found.cause,
      value: found.value,
      threshold: found.threshold,
      resolved_at: null,
      state: 'firing',
    },
    now,
  )
}

export function endEpisode(alarm: Alarm, how: 'resolved' | 'withdrawn', now: number): Alarm {
  const condition: Condition = how === 'resolved' ? 'normal' : alarm.condition
  return { ...alarm, condition, state: how, resolved_at: now, updated: now, latched: false }
}

/** The alarm with its derived state; `updated` is now. */
export function touch(alarm: Alarm, now: number): Alarm {
  return { ...alarm, state: derive(alarm), updated: now }
}

function derive(alarm: Alarm): AlarmState {
  if (alarm.resolved_at !== null) return alarm.state
  if (alarm.condition === 'unknown') return 'unknown'
  return alarm.ack ? 'acknowledged' : 'firing'
}
