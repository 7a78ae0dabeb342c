import type { Clock } from '../../core/lifecycle/clock.ts'
import type { Counters } from '../../core/lifecycle/counters.ts'
import type { Sample } from '../../core/model/sample.ts'
import { type Severity, severityRank } from '../../core/model/severity.ts'
import type { Emit } from '../probe.ts'

/** Something a source told. */
export interface Told {
  /** Address it came from. */
  readonly source: string
  /** Declared device that it is about; null: nobody declared the source, it goes under the listener's own device. */
  readonly device: string | null
  /** Tag `event`: a word out of profiles or patterns, never out of the message. */
  readonly event: string
  readonly name: string
  readonly severity: Severity
  readonly text: string
  /** Equal for what says the same. */
  readonly same: string
  /** How many messages it stands for; default 1. */
  readonly count?: number
}

export interface EventDeskDeps {
  readonly type: 'trap' | 'syslog'
  readonly emit: Emit
  readonly clock: Clock
  readonly counters: Counters
  /** Repetitions within this are one event with their count, ms. */
  readonly foldMs: number
}

interface Fold {
  last: Told
  more: number
  readonly until: number
}

const MAX_FOLDS = 2000
const MAX_TEXT = 1000
const MAX_SERIES = 20_000
/** As µs: two events of one series never have the same time. */
const STEP_MS = 0.001

/**
 * Makes `event` samples: tags `type severity event` (and `device`), fields `text name source severity_code count`.
 * The first of a kind goes out at once; what repeats it within the window follows as one event with its count when the window ends.
 */
export class EventDesk {
  readonly #deps: EventDeskDeps
  readonly #folds = new Map<string, Fold>()
  readonly #lastTimes = new Map<string, number>()

  constructor(deps: EventDeskDeps) {
    this.#deps = deps
  }

  /** True when it is news, false when it was folded into what was told before. */
  take(told: Told): boolean {
    const now = this.#deps.clock.monotonic()
    const key = `${told.source}|${told.device ?? ''}|${told.same}`
    const fold = this.#folds.get(key)
    if (fold && now < fold.until) {
      fold.last = told
      fold.more++
      this.#deps.counters.add('jifang_events_folded_total', 1, { type: this.#deps.type })
      return false
    }
    if (fold) this.#end(key, fold)
    // The oldest window ends early: what it has is told, nothing is forgotten.
    for (const [oldest, first] of this.#folds) {
      if (this.#folds.size < MAX_FOLDS) break
      this.#end(oldest, first)
    }
    this.#folds.set(key, { last: told, more: 0, until: now + this.#deps.foldMs })
    this.#send(told, told.count ?? 1)
    return true
  }

  /** Ends the windows that are over; `all` at the end of the program. */
  flush(all = false): void {
    const now = this.#deps.clock.monotonic()
    for (const [key, fold] of this.#folds) if (all || now >= fold.until) this.#end(key, fold)
  }

  #end(key: string, fold: Fold): void {
    this.#folds.delete(key)
    if (fold.more > 0) this.#send(fold.last, fold.more)
  }

  #send(told: Told, count: number): void {
    const { type, clock, counters, emit } = this.#deps
    const tags: Record<string, string> = { type, severity: told.severity, event: told.event }
    if (told.device !== null) tags.device = told.device
    const fields: Sample['fields'] = {
      text: bounded(told.text),
      name: told.name,
      source: told.source,
      severity_code: severityRank(told.severity),
      count,
    }
    counters.add('jifang_events_total', 1, { type, severity: told.severity })
    emit([{ measurement: 'event', tags, fields, time: this.#time(`${told.device}|${told.severity}|${told.event}`, clock.now()) }])
  }

  /** Later than the last of the series, by a microsecond if need be. */
  #time(series: string, now: number): number {
    const last = this.#lastTimes.get(series) ?? 0
    // A clock that was set back starts anew: only a burst counts microseconds.
    const time = last >= now && last - now < 1000 ? last + STEP_MS : now
    if (this.#lastTimes.size >= MAX_SERIES) this.#lastTimes.clear()
    this.#lastTimes.set(series, time)
    return time
  }
}

/** One line of at most 1000 characters, without control characters. */
export function bounded(text: string, limit = MAX_TEXT): string {
  const line = text
    .slice(0, limit * 2)
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')
    .trim()
  return line.length <= limit ? line : `${line.slice(0, limit - 1).replace(/[\ud800-\udbff]$/, '')}…`
}
