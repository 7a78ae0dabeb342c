import type { Alarm } from './alarm.ts'
import type { Severity } from './severity.ts'

/** One level of a rule as it stands for one alarm. Times are ms since 1970, durations ms. */
export interface LevelExplanation {
  readonly severity: Severity
  readonly fire: string
  readonly clear: string
  readonly for_ms: number
  readonly runs: number
  readonly clear_for_ms: number
  readonly on: boolean
  /** Since when `fire` holds without a break. */
  readonly since: number | null
  /** Since when `clear` holds without a break. */
  readonly clearing: number | null
}

/** `GET /api/v1/alarms/ID` and `jifang explain ID`: why an alarm is as it is, and what comes next. */
export interface Explanation {
  readonly alarm: Alarm
  readonly rule: {
    readonly name: string
    /** `file:line` where the rule, or the device's override of it, is written. */
    readonly defined: string
    readonly on: string
    readonly where: readonly string[]
    readonly signal: string
  }
  readonly input: {
    readonly value: number | string | null
    /** Time of the sample on its agent's clock. */
    readonly sampled: number | null
    /** When it was received. */
    readonly received: number | null
    readonly tags: Readonly<Record<string, string>>
    readonly check: string | null
  }
  readonly stream: { readonly agent: string; readonly live: boolean; readonly heard: number; readonly reason: string } | null
  readonly levels: readonly LevelExplanation[]
  /** Other conditions of the rule. */
  readonly also: readonly { readonly on: string; readonly fire: string; readonly same: string }[]
  readonly also_hold: boolean
  /** What it depends on, and which of it is lost now. */
  readonly depends_on: readonly { readonly device: string; readonly lost_by: string | null }[]
  /** What would happen next, and when if nothing changes; null when only new data can tell. */
  readonly next: readonly { readonly what: string; readonly at: number | null }[]
}
