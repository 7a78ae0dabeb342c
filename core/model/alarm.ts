import type { Severity } from './severity.ts'

export type Condition = 'pending' | 'active' | 'unknown' | 'normal'
export type AlarmState = 'pending' | 'firing' | 'acknowledged' | 'unknown' | 'resolved' | 'withdrawn'

export interface Ack {
  readonly by: string
  /** ms */
  readonly at: number
  /** The severity that was acknowledged; a rise above it voids the acknowledgement. */
  readonly severity: Severity
  readonly until: number | null
  readonly note?: string
}

/** Who is owed or was told what about an alarm, in short; the notify ledger keeps the details. */
export interface NoticeSummary {
  readonly person: string
  readonly channel: string
  readonly about: 'raise' | 'end' | 'change' | 'late'
  readonly state: 'owed' | 'sent' | 'failed'
  readonly at: number
}

/** The public shape of an alarm (DESIGN §11), the same in HTTP, MQTT, alarms.jsonl and `--json`. Times are ms since 1970. */
export interface Alarm {
  readonly id: string
  /** Four characters, unique among open alarms; for SMS replies and typing. */
  readonly short_id: string
  readonly rule: string
  readonly device: string
  /** Instance tags as `key=value` joined by `,` in key order; empty when the device has one. */
  readonly instance: string
  readonly title: { readonly zh: string; readonly en: string }
  readonly severity: Severity
  readonly state: AlarmState
  readonly condition: Condition
  readonly latched: boolean
  readonly ack: Ack | null
  readonly caused_by: string | null
  readonly suppressed_by: string | null
  readonly value: number | string | null
  /** The condition that fired, as written in the rule, e.g. `> 90`. */
  readonly threshold: string | null
  readonly since: number
  readonly updated: number
  readonly resolved_at: number | null
  readonly deadlines: Readonly<Record<string, number>>
  readonly milestones: Readonly<Record<string, number>>
  readonly notices: readonly NoticeSummary[]
}

/** What happened to an alarm. `pending` changes are state only and never become events. */
export type AlarmEventKind =
  | 'raised' // told for the first time in this episode
  | 'reopened' // fired again within the episode
  | 'severity' // rose or fell to another level
  | 'unknown' // its data stopped coming
  | 'known' // data came back, still active
  | 'resolved'
  | 'withdrawn' // rule or device removed, or closed by a person
  | 'acknowledged'
  | 'unacknowledged' // expired or voided by a rise
  | 'note'
  | 'milestone'

/** One line of alarms.jsonl, one SSE event, one message on `events`. */
export interface AlarmEvent {
  /** Position of the journal record that caused it plus its number within that record: unique, growing, the SSE id. `<offset>.<n>` */
  readonly id: string
  /** The record time of the cause (receivedAt or tick), ms. */
  readonly at: number
  readonly kind: AlarmEventKind
  /** The alarm as it is after the event. */
  readonly alarm: Alarm
  /** Who did it, for acknowledgements, notes, closes. */
  readonly by?: string
  readonly text?: string
  /** True when learnt from samples that arrived late (spool of an agent that was cut off). */
  readonly late?: boolean
}
