import type { Alarm, AlarmEvent, NoticeSummary } from '../core/model/alarm.ts'
import { type Severity, severityRank } from '../core/model/severity.ts'
import type { About, Notice } from './notice.ts'

/** What a person believes about an alarm. Not `certain`: an attempt was made whose fate is unknown. */
interface Told {
  readonly severity: Severity
  readonly at: number
  readonly certain: boolean
}

interface Trying {
  readonly about: About
  readonly severity: Severity
}

/** One alarm and one person: how it stands, what they were told, and, by comparison, what they are owed. */
export interface Entry {
  readonly person: string
  /** As of the latest event. */
  readonly alarm: Alarm
  readonly event: string
  readonly open: boolean
  readonly again: boolean
  readonly late: boolean
  readonly remind: boolean
  readonly told: Told | null
  /** Set while a message is under way; found at a start it means that its fate is unknown. */
  readonly trying: Trying | null
  /** No channel can ever reach this person about a beginning of this severity. */
  readonly refused: Severity | null
  readonly notices: readonly NoticeSummary[]
  readonly closedAt: number | null
}

const KEPT_NOTICES = 20

export const isOpen = (alarm: Alarm): boolean => alarm.state === 'firing' || alarm.state === 'acknowledged' || alarm.state === 'unknown'

export function newEntry(person: string, event: AlarmEvent): Entry {
  return {
    person,
    alarm: event.alarm,
    event: event.id,
    open: true,
    again: event.kind === 'reopened',
    late: event.late === true,
    remind: false,
    told: null,
    trying: null,
    refused: null,
    notices: [],
    closedAt: null,
  }
}

/** The entry after an event of its alarm. `routed`: the person is among those to be told now; one who isn't is never begun with again, but hears the end. */
export function afterEvent(entry: Entry, event: AlarmEvent, routed: boolean): Entry {
  const next = { ...entry, alarm: event.alarm, event: event.id }
  if (!isOpen(event.alarm)) {
    const keepLate = entry.late && event.alarm.severity === 'emergency'
    return { ...next, open: false, late: keepLate, remind: false, closedAt: event.at }
  }
  if (!entry.open) {
    if (!routed && entry.told === null) return entry
    return { ...next, open: true, again: true, late: event.late === true, refused: null, closedAt: null }
  }
  if (event.kind === 'unacknowledged') return { ...next, remind: entry.told !== null }
  if (event.kind === 'acknowledged') return { ...next, remind: false }
  return next
}

/** What the person is owed now; null when they know all they must. The state of the alarm decides, not the events that led there, so what was missed becomes one notice. */
export function owed(entry: Entry): About | null {
  if (entry.trying) return null
  const { alarm, told } = entry
  if (!entry.open) {
    if (told) return 'end'
    // An emergency that came and went while its agent was cut off is told once.
    return entry.late ? 'late' : null
  }
  if (alarm.caused_by !== null || alarm.suppressed_by !== null) return null
  if (entry.refused && severityRank(alarm.severity) <= severityRank(entry.refused)) return null
  if (!told?.certain) return entry.late ? 'late' : 'raise'
  if (severityRank(alarm.severity) > severityRank(told.severity) || entry.remind) return 'change'
  return null
}

export function noticeOf(entry: Entry, about: About): Notice {
  const rise = severityRank(entry.alarm.severity) > severityRank(entry.told?.severity)
  return { about, alarm: entry.alarm, event: entry.event, again: entry.again, remind: about === 'change' && !rise }
}

/** An attempt begins; recorded before anything is sent. */
export function begin(entry: Entry, about: About): Entry {
  return { ...entry, trying: { about, severity: entry.alarm.severity } }
}

/** `sent` it arrived · `unsent` it surely did not · `unknown` it may have · `refused` it can't, whatever is tried. */
export type Fate = 'sent' | 'unsent' | 'unknown' | 'refused'

export function settle(entry: Entry, fate: Fate, channel: string, at: number): Entry {
  const { trying } = entry
  if (!trying) return entry
  const done = { ...entry, trying: null }
  if (fate === 'unsent') return done
  if (fate === 'unknown') return inDoubt(done, trying, at)
  const summary: NoticeSummary = { person: entry.person, channel, about: trying.about, state: fate === 'sent' ? 'sent' : 'failed', at }
  const noted = { ...done, notices: [...entry.notices, summary].slice(-KEPT_NOTICES) }
  if (trying.about === 'end') return { ...noted, told: null, late: false, again: false }
  if (fate === 'refused') return { ...noted, refused: trying.severity, late: false, told: entry.told?.certain ? entry.told : null }
  // A late emergency that is already over was told as such; there is no end to follow.
  if (trying.about === 'late' && !entry.open) return { ...noted, late: false }
  return {
    ...noted,
    told: { severity: trying.severity, at, certain: true },
    late: false,
    remind: trying.about === 'change' ? false : entry.remind,
  }
}

/** A beginning that may have arrived is told again while the alarm lasts, and its end is told: better twice than never. */
function inDoubt(entry: Entry, trying: Trying, at: number): Entry {
  if (trying.about === 'end' || trying.about === 'change' || entry.told?.certain) return entry
  if (trying.about === 'late' && !entry.open) return entry
  return { ...entry, told: { severity: trying.severity, at, certain: false } }
}

/** Nothing is owed or under way and the alarm is over: kept only to be shown. */
export const isDone = (entry: Entry): boolean => !entry.open && entry.trying === null && owed(entry) === null
