import type { Alarm } from './alarm.ts'
import type { Severity } from './severity.ts'

/** `ok` reachable and measured · `alarm` has an open alarm · `unknown` no data · `disabled` configured but switched off. */
export type DeviceState = 'ok' | 'alarm' | 'unknown' | 'disabled'

export interface CheckState {
  readonly name: string
  readonly kind: string
  readonly up: boolean | null
  readonly reason: string | null
  /** ms since 1970 of the last run seen; null before the first. */
  readonly at: number | null
  readonly duration_ms: number | null
  readonly interval_ms: number
}

export interface LastValue {
  readonly measurement: string
  readonly field: string
  readonly tags: Readonly<Record<string, string>>
  readonly value: number | string | boolean
  readonly at: number
}

/** One row of `GET /api/v1/devices`. */
export interface DeviceSummary {
  readonly name: string
  readonly title: string
  readonly class: string
  readonly state: DeviceState
  readonly severity: Severity | null
  readonly address: string | null
  readonly location: { readonly room?: string; readonly cabinet?: string } | null
  readonly agent: string | null
  readonly enabled: boolean
  readonly alarms: number
  /** ms of the newest sample; null when none was seen. */
  readonly last_seen: number | null
}

/** `GET /api/v1/devices/NAME`. */
export interface DeviceDetail extends DeviceSummary {
  readonly checks: readonly CheckState[]
  readonly values: readonly LastValue[]
  readonly open: readonly Alarm[]
}

/** What `GET /api/v1/series` asks: all series of one field of one device, from ≤ time < to (ms). */
export interface SeriesQuery {
  readonly device: string
  readonly measurement: string
  readonly field: string
  readonly from: number
  readonly to: number
  /** ms; numbers become the mean and texts the last of each step. Without it the points as they are. */
  readonly step?: number
  /** Only series that have all of these tags. */
  readonly tags?: Readonly<Record<string, string>>
  /** Points per series, default 10,000. A series that has more is cut at its end and marked `truncated`. */
  readonly limit?: number
}

/** `GET /api/v1/series`. */
export interface SeriesAnswer {
  readonly series: readonly {
    readonly tags: Readonly<Record<string, string>>
    /** [ms, value]; with `step` the mean of each step's points. */
    readonly points: readonly (readonly [number, number | string])[]
    /** There are more points behind the last one; ask again from there, or with a step. */
    readonly truncated?: boolean
  }[]
  /** There are more series than one answer holds; narrow it by tags. */
  readonly truncated?: boolean
}

/** One row of `GET /api/v1/agents`. */
export interface AgentView {
  readonly name: string
  readonly state: 'online' | 'offline' | 'unknown'
  readonly reason: string
  readonly version: string | null
  readonly host: string | null
  readonly os: string | null
  /** ms of the last message of any kind. */
  readonly last_seen: number | null
  /** Collector's clock minus the agent's, ms. */
  readonly skew_ms: number | null
  readonly backlog: number
  readonly lost: number
  /** Configuration version in force on the agent, and the newest that was handed out. */
  readonly config: number
  readonly config_wanted: number
  readonly rejected: string | null
}
