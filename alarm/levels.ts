import { holds, type Scalar } from './condition.ts'
import type { Level } from './rule.ts'

/** Where one level of a rule stands. Immutable; times are ms. */
export interface LevelState {
  readonly on: boolean
  /** Since when `fire` holds without a break; kept while the level is on. */
  readonly since: number | null
  /** Samples in a row that passed `fire`, while it is not on. */
  readonly runs: number
  /** Since when `clear` holds without a break, while it is on. */
  readonly clearing: number | null
}

export const IDLE: LevelState = { on: false, since: null, runs: 0, clearing: null }

/** The levels after a sample. `gate` false (another clause does not hold) counts as not firing and as clear. Same array when nothing changed. */
export function observe(
  levels: readonly Level[],
  states: readonly LevelState[],
  value: Scalar,
  gate: boolean,
  now: number,
): readonly LevelState[] {
  return mapLevels(levels, states, (level, state) => {
    if (state.on) {
      const clear = !gate || holds(level.clear, value)
      return clear ? cleared(level, state, state.clearing ?? now, now) : state.clearing === null ? state : { ...state, clearing: null }
    }
    if (!gate || !holds(level.fire, value)) return state === IDLE ? state : IDLE
    return fired(level, { on: false, since: state.since ?? now, runs: Math.min(state.runs + 1, level.runs), clearing: null }, now)
  })
}

/** The levels after time went by without a new sample. */
export function elapse(levels: readonly Level[], states: readonly LevelState[], now: number): readonly LevelState[] {
  return mapLevels(levels, states, (level, state) => {
    if (state.on) return state.clearing === null ? state : cleared(level, state, state.clearing, now)
    return state.since === null ? state : fired(level, state, now)
  })
}

/** Timers that were stopped for `ms` go on where they stood. */
export function shift(states: readonly LevelState[], ms: number): readonly LevelState[] {
  return states.map((state) => ({
    ...state,
    since: state.on || state.since === null ? state.since : state.since + ms,
    clearing: state.clearing === null ? null : state.clearing + ms,
  }))
}

/** Levels that are on stay on; begun timers end. For states whose data stopped coming. */
export function forgetTimers(states: readonly LevelState[]): readonly LevelState[] {
  if (states.every((state) => (state.on ? state.clearing === null : state === IDLE))) return states
  return states.map((state) => (state.on ? { ...state, clearing: null } : IDLE))
}

/** Index of the worst level that is on, -1 for none (levels are worst first). */
export const worstOn = (states: readonly LevelState[]): number => states.findIndex((state) => state.on)

/** True when a timer runs that only time can end. */
export const timing = (states: readonly LevelState[]): boolean =>
  states.some((state) => (state.on ? state.clearing !== null : state.since !== null))

function fired(level: Level, state: LevelState, now: number): LevelState {
  const since = Math.min(state.since ?? now, now)
  if (state.runs < level.runs || now - since < level.forMs) return since === state.since ? state : { ...state, since }
  return { on: true, since, runs: 0, clearing: null }
}

function cleared(level: Level, state: LevelState, from: number, now: number): LevelState {
  const clearing = Math.min(from, now)
  if (now - clearing >= level.clearForMs) return IDLE
  return clearing === state.clearing ? state : { ...state, clearing }
}

function mapLevels(
  levels: readonly Level[],
  states: readonly LevelState[],
  step: (level: Level, state: LevelState) => LevelState,
): readonly LevelState[] {
  let next: LevelState[] | null = null
  for (let at = 0; at < levels.length; at++) {
    const level = levels[at]
    if (!level) continue
    const before = states[at] ?? IDLE
    const after = step(level, before)
    if (after === before) continue
    next ??= states.slice()
    next[at] = after
  }
  return next ?? states
}
