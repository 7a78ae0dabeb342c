import type { Alarm, AlarmEventKind } from '../core/model/alarm.ts'
import { severityRank } from '../core/model/severity.ts'
import { holds, type Scalar } from './condition.ts'
import { endEpisode, raiseEpisode, reopenEpisode, touch } from './episode.ts'
import { elapse, forgetTimers, observe, worstOn } from './levels.ts'
import type { Rule } from './rule.ts'
import { isOpen, type RuleState } from './state.ts'

/** A loss is told this long after it is certain, so that its cause can be found first. */
export const SETTLE_MS = 30_000
/** How much longer a loss waits while something it depends on is about to be called lost. */
const CAUSE_WAIT_MS = 60_000
/** Firing again within this time goes on with the same episode. */
export const REOPEN_MS = 30 * 60_000
/** After the last late sample, how long until its net state is told without a live one. */
const LATE_QUIET_MS = 15_000
/** An episode begins when its sample is judged, which may be this long after it was taken: sent again, it is that of the episode. */
const ON_THE_WAY_MS = 60_000
/** Older late samples of emergencies and latched points are only stored. */
export const LATE_TOLD_MS = 24 * 3600_000

export type Input =
  /** `at`: the sample's time on the collector's clock; used when it came late. */
  | { readonly kind: 'sample'; readonly value: Scalar; readonly gate: boolean; readonly late: boolean; readonly at: number }
  /** A late sample older than what is known: it can't change the state, but may show an emergency that nobody heard of. `at`: its time. */
  | { readonly kind: 'overtaken'; readonly value: Scalar; readonly at: number }
  | { readonly kind: 'tick' }
  | { readonly kind: 'stale' }

/** What the transition has to know of everything else; asked only when an episode begins or changes. */
export interface Surroundings {
  readonly device: string
  readonly instance: string
  readonly latch: boolean
  readonly value: Scalar | null
  title(): { readonly zh: string; readonly en: string }
  shortId(id: string): string
  /** The open alarm that explains this loss; `wait` while one may be coming. */
  cause(): string | 'wait' | null
  isOpen(id: string): boolean
}

export interface Change {
  readonly kind: AlarmEventKind
  readonly alarm: Alarm
  readonly by?: string
  readonly text?: string
  readonly late?: boolean
}

export interface Outcome {
  readonly state: RuleState
  readonly changes: readonly Change[]
}

const NONE: readonly Change[] = []

/** The one place where alarms begin, change and end: pure, `now` is the record's time in ms. The same state object comes back when nothing changed. */
export function transition(rule: Rule, state: RuleState, input: Input, now: number, around: Surroundings): Outcome {
  switch (input.kind) {
    case 'sample': {
      const levels = observe(rule.levels, state.levels, input.value, input.gate, input.late ? input.at : now)
      const next = levels === state.levels ? state : { ...state, levels }
      if (input.late) return { state: noteLate(rule, next, input.value, input.at, now, around), changes: NONE }
      return tell(rule, next, now, around, true)
    }
    case 'overtaken':
      return { state: noteOvertaken(rule, state, input.value, input.at, now, around), changes: NONE }
    case 'tick': {
      if (state.lateUntil !== null && now < state.lateUntil) return { state, changes: NONE }
      const levels = elapse(rule.levels, state.levels, now)
      return tell(rule, levels === state.levels ? state : { ...state, levels }, now, around, false)
    }
    case 'stale':
      return stale(state, now)
  }
}

/** Brings the episode to what the levels say, unless telling has to wait. */
function tell(rule: Rule, state: RuleState, now: number, around: Surroundings, fresh: boolean): Outcome {
  const late = state.lateUntil !== null
  const settled = late ? { ...state, lateUntil: null } : state
  const worst = worstOn(settled.levels)
  const open = isOpen(settled.alarm)
  if (open) return goOn(rule, settled, worst, now, around, late, fresh)
  if (settled.missed !== null && worst < 0) return tellMissed(rule, settled, now, around)
  if (worst < 0) {
    if (settled.tellAt === null && !settled.closed && settled.missed === null) return { state: settled, changes: NONE }
    return { state: { ...settled, tellAt: null, closed: false, missed: null }, changes: NONE }
  }
  if (settled.closed) return { state: settled, changes: NONE }
  return begin(rule, settled, worst, now, around, late)
}

function begin(rule: Rule, state: RuleState, worst: number, now: number, around: Surroundings, late: boolean): Outcome {
  let cause: string | null = null
  if (rule.loss !== null && rule.loss !== 'power') {
    if (state.tellAt === null) return { state: { ...state, tellAt: now + SETTLE_MS }, changes: NONE }
    if (now < state.tellAt) return { state, changes: NONE }
    const found = around.cause()
    if (found === 'wait' && now < state.tellAt + CAUSE_WAIT_MS) return { state, changes: NONE }
    cause = found === 'wait' ? null : found
  }
  const level = rule.levels[worst]
  if (!level) return { state, changes: NONE }
  const since = state.levels[worst]?.since ?? now
  const found = { severity: level.severity, threshold: level.fire.text, value: around.value, since, cause }
  const before = state.alarm
  const again = before !== null && before.state === 'resolved' && now - (before.resolved_at ?? 0) <= REOPEN_MS
  const alarm = again ? reopenEpisode(before, found, now, around) : raiseEpisode(rule, found, now, around)
  const voided = voidAck(alarm, now)
  const last = voided ?? alarm
  const changes: Change[] = voided ? [{ kind: 'unacknowledged', alarm: voided }] : []
  changes.push({ kind: again ? 'reopened' : 'raised', alarm: last, ...(late ? { late: true } : {}) })
  return { state: { ...state, alarm: last, tellAt: null, missed: null, unknown: false, causeGone: null }, changes }
}

/** An open episode: ends, changes severity, comes back from unknown, loses its acknowledgement or its cause. */
function goOn(rule: Rule, state: RuleState, worst: number, now: number, around: Surroundings, late: boolean, fresh: boolean): Outcome {
  const alarm = state.alarm
  if (!alarm) return { state, changes: NONE }
  const mark = late ? { late: true } : {}
  const known = fresh && state.unknown ? { ...state, unknown: false } : state
  if (worst < 0) {
    if (known.unknown) return expireAck(known, now)
    if (!alarm.latched) {
      const ended = endEpisode({ ...alarm, value: around.value }, 'resolved', now)
      return { state: { ...known, alarm: ended, causeGone: null, missed: null }, changes: [{ kind: 'resolved', alarm: ended, ...mark }] }
    }
    if (alarm.condition === 'normal') return expireAck(known, now)
    const waiting = touch({ ...alarm, value: around.value, condition: 'normal' }, now)
    return { state: { ...known, alarm: waiting }, changes: [{ kind: 'note', alarm: waiting, text: LATCHED, ...mark }] }
  }
  const level = rule.levels[worst]
  if (!level) return { state: known, changes: NONE }
  const changes: Change[] = []
  let current: Alarm = alarm
  if (known !== state || (alarm.condition !== 'active' && !known.unknown)) {
    current = touch({ ...current, value: around.value, condition: 'active' }, now)
    changes.push({ kind: alarm.condition === 'normal' ? 'reopened' : 'known', alarm: current, ...mark })
  }
  if (level.severity !== current.severity) {
    current = touch({ ...current, severity: level.severity, threshold: level.fire.text, value: around.value, title: around.title() }, now)
    const voided = voidAck(current, now)
    if (voided) {
      current = voided
      changes.push({ kind: 'unacknowledged', alarm: current })
    }
    changes.push({ kind: 'severity', alarm: current, ...mark })
  }
  const next = current === alarm ? known : { ...known, alarm: current }
  return afterwards(next, changes, now, around)
}

/** What only time brings to an open alarm: the end of its acknowledgement, the end of its cause. */
function afterwards(state: RuleState, changes: readonly Change[], now: number, around: Surroundings): Outcome {
  const expired = expireAck(state, now)
  const alarm = expired.state.alarm
  const done = [...changes, ...expired.changes]
  if (!alarm || alarm.caused_by === null || around.isOpen(alarm.caused_by))
    return { state: expired.state, changes: done.length ? done : NONE }
  if (expired.state.causeGone === null) return { state: { ...expired.state, causeGone: now }, changes: done }
  if (now - expired.state.causeGone < SETTLE_MS) return { state: expired.state, changes: done.length ? done : NONE }
  const found = around.cause()
  const cause = found === 'wait' ? null : found
  const next = touch({ ...alarm, caused_by: cause, value: around.value }, now)
  const told: Change[] = cause === null ? [...done, { kind: 'raised', alarm: next, text: OUTLIVED }] : [...done]
  return { state: { ...expired.state, alarm: next, causeGone: null }, changes: told }
}

const LATCHED = '输入已恢复，等待复位 / input is normal again, waiting for a reset'
const OUTLIVED = '原因已消除，本项仍未恢复 / its cause is over, this is not'

function expireAck(state: RuleState, now: number): Outcome {
  const until = state.alarm?.ack?.until
  if (!state.alarm || until === null || until === undefined || now < until) return { state, changes: NONE }
  const alarm = touch({ ...state.alarm, ack: null }, now)
  return { state: { ...state, alarm }, changes: [{ kind: 'unacknowledged', alarm, text: 'expired' }] }
}

/** The alarm without its acknowledgement when it rose above what was acknowledged, else null. */
function voidAck(alarm: Alarm, now: number): Alarm | null {
  if (!alarm.ack || severityRank(alarm.severity) <= severityRank(alarm.ack.severity)) return null
  return touch({ ...alarm, ack: null }, now)
}

function stale(state: RuleState, now: number): Outcome {
  const levels = forgetTimers(state.levels)
  const quiet = levels === state.levels ? state : { ...state, levels }
  if (!isOpen(quiet.alarm) || quiet.unknown) return { state: quiet, changes: NONE }
  const alarm = touch({ ...quiet.alarm, condition: 'unknown' }, now)
  return { state: { ...quiet, unknown: true, alarm }, changes: [{ kind: 'unknown', alarm }] }
}

/** Late samples move the levels silently. */
function noteLate(rule: Rule, state: RuleState, value: Scalar, at: number, now: number, around: Surroundings): RuleState {
  const noted = noteOvertaken(rule, state, value, at, now, around)
  const lateUntil = Math.max(state.lateUntil ?? 0, now + LATE_QUIET_MS)
  return noted === state && state.lateUntil === lateUntil ? state : { ...noted, lateUntil }
}

function noteOvertaken(rule: Rule, state: RuleState, value: Scalar, at: number, now: number, around: Surroundings): RuleState {
  if (state.missed !== null || isOpen(state.alarm) || now - at > LATE_TOLD_MS) return state
  const level = rule.levels.find((candidate) => holds(candidate.fire, value))
  if (!level || level.forMs > 0 || level.runs > 1 || !(around.latch || level.severity === 'emergency')) return state
  const before = state.alarm
  if (before !== null && at >= before.since - ON_THE_WAY_MS && at <= (before.resolved_at ?? at)) return state
  return {
    ...state,
    lateUntil: Math.max(state.lateUntil ?? 0, now + LATE_QUIET_MS),
    missed: { since: at, severity: level.severity, value, threshold: level.fire.text },
  }
}

/** An emergency that came and went while nobody could hear: told once, and its end with it unless it latches. */
function tellMissed(rule: Rule, state: RuleState, now: number, around: Surroundings): Outcome {
  const missed = state.missed
  if (!missed) return { state, changes: NONE }
  const found = { severity: missed.severity, threshold: missed.threshold, value: missed.value, since: missed.since, cause: null }
  const raised = touch({ ...raiseEpisode(rule, found, now, around), condition: around.latch ? 'normal' : 'active' }, now)
  const changes: Change[] = [{ kind: 'raised', alarm: raised, late: true }]
  let alarm = raised
  if (!around.latch) {
    alarm = endEpisode({ ...raised, value: around.value }, 'resolved', now)
    changes.push({ kind: 'resolved', alarm, late: true })
  }
  return { state: { ...state, alarm, missed: null, tellAt: null, closed: false }, changes }
}
