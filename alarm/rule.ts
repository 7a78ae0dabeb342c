import type { Place } from '../core/inventory/model.ts'
import type { Severity } from '../core/model/severity.ts'
import type { Test } from './condition.ts'

/** One threshold of a rule. Times in ms. */
export interface Level {
  readonly severity: Severity
  readonly fire: Test
  readonly clear: Test
  /** How long `fire` must hold. */
  readonly forMs: number
  /** How many samples in a row must pass `fire`. */
  readonly runs: number
  readonly clearForMs: number
}

/** What of the measured field is compared with the levels. */
export type Signal =
  | { readonly kind: 'value' }
  /** Change per `perMs`, over the last `overMs`. */
  | { readonly kind: 'rate'; readonly perMs: number; readonly overMs: number }
  /** Samples that pass `of` (all when null) in the last `withinMs`. */
  | { readonly kind: 'count'; readonly withinMs: number; readonly of: Test | null }
  /** Hours until a straight line through the last `overMs` reaches a value; Infinity when it never does or the fit is worse than `fit` (r²). */
  | { readonly kind: 'forecast'; readonly reaches: number; readonly overMs: number; readonly fit: number }
  /** Hours since the last sample, although the agent's stream is live. */
  | { readonly kind: 'silence'; readonly afterMs: number }

/** Another condition that must hold at the same time. */
export interface Clause {
  readonly measurement: string
  readonly field: string
  readonly fire: Test
  readonly same: 'device' | 'location'
}

/** Tag name to the values it may have; `not` inverts. */
export interface Match {
  readonly key: string
  readonly values: readonly string[]
  readonly not: boolean
}

/**
 * What kind of loss a rule tells, null for none. Only losses cause and only losses are absorbed (DESIGN §11):
 * `device` unreachable · `agent` offline · `check` failing or silent (is absorbed, never causes) ·
 * `power` an output that is off (causes, is never absorbed and never waits).
 */
export type Loss = 'device' | 'agent' | 'check' | 'power' | null

export interface Rule {
  readonly name: string
  /** May hold `{tag}`, `{field}` of the sample, `{value}`, `{point}`; filled when the alarm is raised. */
  readonly title: { readonly zh: string; readonly en: string }
  readonly measurement: string
  readonly field: string
  readonly where: readonly Match[]
  /** Tags that tell instances apart; null: all tags that name a part of the device. */
  readonly by: readonly string[] | null
  /** Classes and devices it is for; null: all. Devices may end in `*`. */
  readonly classes: readonly string[] | null
  readonly devices: readonly string[] | null
  /** Worst first. */
  readonly levels: readonly Level[]
  readonly signal: Signal
  readonly all: readonly Clause[]
  /** Stays until a person resets it; `point`: as the contact's own `latch` says. */
  readonly latch: boolean | 'point'
  readonly loss: Loss
  /** Contract clocks by milestone, ms from the raise. */
  readonly sla: Readonly<Record<string, number>>
  readonly place: Place
}

/** All rules in force, before devices override them. `version` is equal when the rules are. */
export interface RuleSet {
  readonly rules: readonly Rule[]
  readonly version: string
}
