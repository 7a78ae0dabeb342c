/** JSON payloads of the wire (DESIGN §5). Times are ms since 1970. */

export interface AckPayload {
  readonly collector: string
  readonly session: string
  /** All seq up to and including this one are on the collector's disk, or were declared gone by `base`. */
  readonly seq: number
}

export interface AgentStatus {
  readonly state: 'online' | 'offline'
  /** Why it is offline or degraded: `start`, `stop`, `lost` (the will), or a problem in words. */
  readonly reason: string
  readonly session: string
  /** Sessions still in the spool, newest first. */
  readonly sessions: readonly string[]
  /** Time of the oldest sample still held, ms; null when the spool is empty. */
  readonly oldest: number | null
  /** Samples ever lost to the spool's bound, since the agent started. */
  readonly lost: number
  /** Messages waiting in the spool. */
  readonly backlog: number
  readonly version: string
  readonly host: string
  readonly os: string
  readonly started: number
  /** Version of the configuration in force; 0 for none. */
  readonly config: number
  /** Why a newer configuration was not taken, null when none was refused. */
  readonly rejected: string | null
}

/** One check as it is handed to an agent; secrets in `options` are still references. */
export interface SliceCheck {
  readonly name: string
  readonly kind: string
  readonly interval_ms: number
  readonly timeout_ms: number
  readonly address?: string
  readonly options: Readonly<Record<string, unknown>>
}

export interface SliceDevice {
  readonly name: string
  readonly title: string
  readonly class: string
  readonly address?: string
  readonly checks: readonly SliceCheck[]
}

/** What one agent has to do: the payload of its `config` topic. */
export interface ConfigSlice {
  /** Growing integer; an agent takes only a greater one. */
  readonly version: number
  /** Of everything below; equal hashes mean nothing to restart. */
  readonly hash: string
  /** Collector ids whose acknowledgement is needed before the agent drops data. */
  readonly collectors: readonly string[]
  /** Operator-written SNMP profiles that the agent's own package does not ship. */
  readonly profiles: readonly unknown[]
  readonly devices: readonly SliceDevice[]
}

export type AgentRequest =
  | { readonly id: string; readonly kind: 'probe'; readonly expires: number; readonly device: string; readonly check?: string }
  | {
      readonly id: string
      readonly kind: 'output'
      readonly expires: number
      readonly device: string
      readonly point: string
      readonly on: boolean
      readonly seconds: number
    }

export interface AgentReply {
  readonly id: string
  readonly ok: boolean
  readonly error?: string
  /** For `probe`: one entry per check that ran. */
  readonly checks?: readonly {
    readonly check: string
    readonly kind: string
    readonly reason: string
    readonly detail?: string
    readonly duration_ms: number
    readonly lines: readonly string[]
  }[]
}

export interface CollectorStatus {
  readonly state: 'online' | 'offline'
  readonly session: string
  readonly started: number
  readonly version: string
  /** Absent when it can be written. While it is `failing` nothing is acknowledged, but alarms are judged from what comes in. */
  readonly journal?: 'failing'
}
