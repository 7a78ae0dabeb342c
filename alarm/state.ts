import type { Alarm } from '../core/model/alarm.ts'
import type { Severity } from '../core/model/severity.ts'
import type { Scalar } from './condition.ts'
import { IDLE, type LevelState, shift, timing } from './levels.ts'

/** What a late sample of an emergency or a latched point showed and nobody was told of yet. */
export interface Missed {
  readonly since: number
  readonly severity: Severity
  readonly value: Scalar
  readonly threshold: string
}

/** Where one rule stands for one instance of one device. Plain data, replaced and never changed, so that it can be stored as it is. */
export interface RuleState {
  readonly levels: readonly LevelState[]
  /** The open episode, else the last one. */
  readonly alarm: Alarm | null
  /** A loss is told from here on (settle time). */
  readonly tellAt: number | null
  /** Late samples are coming: the net state is told from here on, or at the next live sample. */
  readonly lateUntil: number | null
  readonly missed: Missed | null
  /** Closed by a person while it still fires: says nothing until it was normal once. */
  readonly closed: boolean
  readonly unknown: boolean
  /** Since when the alarm that explained this one is over. */
  readonly causeGone: number | null
}

const QUIET: RuleState = {
  levels: [],
  alarm: null,
  tellAt: null,
  lateUntil: null,
  missed: null,
  closed: false,
  unknown: false,
  causeGone: null,
}

const fresh = new Map<number, RuleState>()

/** The state of a rule with that many levels before its first sample. */
export function initialState(levels: number): RuleState {
  let state = fresh.get(levels)
  if (!state) {
    state = { ...QUIET, levels: new Array<LevelState>(levels).fill(IDLE) }
    fresh.set(levels, state)
  }
  return state
}

/** True when nothing of it has to be kept or watched. */
export const isQuiet = (state: RuleState): boolean =>
  state.alarm === null &&
  state.tellAt === null &&
  state.lateUntil === null &&
  !state.closed &&
  state.levels.every((level) => level === IDLE)

export const isOpen = (alarm: Alarm | null): alarm is Alarm & { readonly resolved_at: null } => alarm !== null && alarm.resolved_at === null

/** Every running timer ends `ms` later. */
export function postpone(state: RuleState, ms: number): RuleState {
  const later = (at: number | null): number | null => (at === null ? null : at + ms)
  const levels = timing(state.levels) ? shift(state.levels, ms) : state.levels
  if (levels === state.levels && state.tellAt === null && state.lateUntil === null && state.causeGone === null) return state
  return { ...state, levels, tellAt: later(state.tellAt), lateUntil: later(state.lateUntil), causeGone: later(state.causeGone) }
}
