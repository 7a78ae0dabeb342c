import type { Ack, Alarm } from '../core/model/alarm.ts'
import { endEpisode, touch } from './episode.ts'
import { worstOn } from './levels.ts'
import { isOpen, type RuleState } from './state.ts'
import type { Change, Outcome } from './transition.ts'

export const MILESTONES = ['arrived', 'reported', 'plan', 'repaired'] as const
export type Milestone = (typeof MILESTONES)[number]

/** What a person may do to one alarm; the JSON payload of a journal record of kind `command`. `alarm` is an id or a short id. */
export interface AlarmCommand {
  readonly command: 'ack' | 'unack' | 'note' | 'close' | 'reset' | 'mark' | 'mute'
  readonly alarm: string
  /** Person, as in notify.yaml. */
  readonly by: string
  readonly note?: string
  /** ms; for ack and mute. */
  readonly until?: number | null
  /** For mark. */
  readonly milestone?: Milestone
}

const COMMANDS: ReadonlySet<string> = new Set<AlarmCommand['command']>(['ack', 'unack', 'note', 'close', 'reset', 'mark', 'mute'])

/** The command in a parsed JSON payload; null when it is none for alarms (silences and receipts belong to notify). */
export function asAlarmCommand(value: unknown): AlarmCommand | null {
  if (typeof value !== 'object' || value === null) return null
  const given = value as Record<string, unknown>
  if (typeof given.command !== 'string' || !COMMANDS.has(given.command)) return null
  if (typeof given.alarm !== 'string' || typeof given.by !== 'string') return null
  const milestone = MILESTONES.find((known) => known === given.milestone)
  if (given.command === 'mark' && !milestone) return null
  return {
    command: given.command as AlarmCommand['command'],
    alarm: given.alarm,
    by: given.by,
    ...(typeof given.note === 'string' ? { note: given.note } : {}),
    ...(typeof given.until === 'number' ? { until: given.until } : {}),
    ...(milestone ? { milestone } : {}),
  }
}

/** Pure. A command that can't apply (ack of a closed alarm, reset of an active input) changes nothing but leaves a note. */
export function command(state: RuleState, order: AlarmCommand, now: number): Outcome {
  const alarm = state.alarm
  if (!alarm) return { state, changes: [] }
  const noted = order.note === undefined ? {} : { text: order.note }
  const say = (kind: Change['kind'], next: Alarm, text?: string): Outcome => ({
    state: { ...state, alarm: next },
    changes: [{ kind, alarm: next, by: order.by, ...(text === undefined ? noted : { text }) }],
  })
  if (order.command === 'note') return say('note', touch(alarm, now))
  if (order.command === 'mark' && order.milestone) {
    return say('milestone', touch({ ...alarm, milestones: { ...alarm.milestones, [order.milestone]: now } }, now), order.milestone)
  }
  if (!isOpen(alarm)) return { state, changes: [] }
  switch (order.command) {
    case 'ack': {
      const ack: Ack = {
        by: order.by,
        at: now,
        severity: alarm.severity,
        until: order.until ?? null,
        ...(order.note ? { note: order.note } : {}),
      }
      return say('acknowledged', touch({ ...alarm, ack }, now))
    }
    case 'unack':
      return alarm.ack ? say('unacknowledged', touch({ ...alarm, ack: null }, now)) : { state, changes: [] }
    case 'mute':
      return say('milestone', touch({ ...alarm, milestones: { ...alarm.milestones, muted: now } }, now), 'muted')
    case 'reset':
      return reset(state, alarm, order, now)
    case 'close': {
      const ended = endEpisode(alarm, 'withdrawn', now)
      const next = { ...state, alarm: ended, unknown: false, causeGone: null, closed: worstOn(state.levels) >= 0 }
      return { state: next, changes: [{ kind: 'withdrawn', alarm: ended, by: order.by, ...noted }] }
    }
    default:
      return { state, changes: [] }
  }
}

/** A latch opens only when its input is normal and known. */
function reset(state: RuleState, alarm: Alarm, order: AlarmCommand, now: number): Outcome {
  if (!alarm.latched) return { state, changes: [] }
  if (worstOn(state.levels) >= 0 || state.unknown) {
    const next = touch(alarm, now)
    return { state: { ...state, alarm: next }, changes: [{ kind: 'note', alarm: next, by: order.by, text: STILL_ACTIVE }] }
  }
  const ended = endEpisode(alarm, 'resolved', now)
  return { state: { ...state, alarm: ended }, changes: [{ kind: 'resolved', alarm: ended, by: order.by }] }
}

const STILL_ACTIVE = '未复位：输入仍在告警或无数据 / not reset: the input is still active or unknown'

/** The rule, the device or the check is gone from the configuration. */
export function withdraw(state: RuleState, now: number, text: string): Outcome {
  if (!isOpen(state.alarm)) return { state, changes: [] }
  const alarm = endEpisode(state.alarm, 'withdrawn', now)
  return { state: { ...state, alarm }, changes: [{ kind: 'withdrawn', alarm, text }] }
}
