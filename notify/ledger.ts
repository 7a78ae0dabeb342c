import type { AlarmEvent, NoticeSummary } from '../core/model/alarm.ts'
import { severityRank } from '../core/model/severity.ts'
import { afterEvent, begin, type Entry, type Fate, isDone, isOpen, newEntry, noticeOf, owed, settle } from './ledger-entry.ts'
import type { About, Notice } from './notice.ts'

export interface Owed {
  readonly key: string
  readonly entry: Entry
  readonly about: About
}

const keyOf = (alarm: string, person: string): string => `${person}\n${alarm}`

/** Closed entries are shown for a day, at most this many. */
const KEEP_DONE_MS = 86_400_000
const KEEP_DONE = 2000

/**
 * All entries in memory. Every method that changes something returns the changed entries, for the outbox; no I/O and no clock here.
 * What somebody was told ends with them; nobody hears an end without a beginning.
 */
export class Ledger {
  readonly #entries = new Map<string, Entry>()
  readonly #byAlarm = new Map<string, Set<string>>()
  readonly #owing = new Map<string, Set<string>>()

  get size(): number {
    return this.#entries.size
  }

  entries(): IterableIterator<Entry> {
    return this.#entries.values()
  }

  /** Takes entries as they are: what the outbox had, or what the methods below returned. */
  put(entries: readonly Entry[]): void {
    for (const entry of entries) this.#put(entry)
  }

  /** Attempts that were under way when the program died: their fate is unknown. */
  recover(at: number): Entry[] {
    const open = [...this.#entries.values()].filter((entry) => entry.trying)
    return this.#change(open.map((entry) => settle(entry, 'unknown', '', at)))
  }

  /** Gives up what is owed about closed alarms to people who are no longer configured. */
  forsake(people: ReadonlySet<string>): Entry[] {
    const gone = [...this.#entries.values()].filter((entry) => !people.has(entry.person) && !entry.open && owed(entry) !== null)
    return this.#change(gone.map((entry) => ({ ...entry, told: null, late: false })))
  }

  event(event: AlarmEvent, recipients: ReadonlySet<string>): Entry[] {
    const known = [...(this.#byAlarm.get(event.alarm.id) ?? [])].flatMap((key) => this.#entries.get(key) ?? [])
    const changed = known.map((entry) => afterEvent(entry, event, recipients.has(entry.person))).filter((entry) => !known.includes(entry))
    if (isOpen(event.alarm)) {
      for (const person of recipients) if (!known.some((entry) => entry.person === person)) changed.push(newEntry(person, event))
    }
    return this.#change(changed)
  }

  /** Whoever is owed something. */
  people(): string[] {
    return [...this.#owing].filter(([, keys]) => keys.size > 0).map(([person]) => person)
  }

  /** Worst first, beginnings before ends, then by age. */
  owed(person: string): Owed[] {
    const all: Owed[] = []
    for (const key of this.#owing.get(person) ?? []) {
      const entry = this.#entries.get(key)
      const about = entry ? owed(entry) : null
      if (entry && about) all.push({ key, entry, about })
    }
    return all.sort(worstFirst)
  }

  begin(items: readonly Owed[]): Entry[] {
    return this.#change(items.map((item) => begin(item.entry, item.about)))
  }

  settle(items: readonly Owed[], fate: Fate, channel: string, at: number): Entry[] {
    const current = items.flatMap((item) => this.#entries.get(item.key) ?? [])
    return this.#change(current.map((entry) => settle(entry, fate, channel, at)))
  }

  /** Newest last, what is owed at the end. */
  summary(alarm: string): NoticeSummary[] {
    const entries = [...(this.#byAlarm.get(alarm) ?? [])].flatMap((key) => this.#entries.get(key) ?? [])
    const told = entries.flatMap((entry) => entry.notices).sort((a, b) => a.at - b.at)
    const waiting = entries.flatMap((entry): NoticeSummary[] => {
      const about = entry.trying?.about ?? owed(entry)
      return about ? [{ person: entry.person, channel: '', about, state: 'owed', at: entry.alarm.updated }] : []
    })
    return [...told, ...waiting]
  }

  pending(): number {
    let count = 0
    for (const keys of this.#owing.values()) count += keys.size
    for (const entry of this.#entries.values()) if (entry.trying) count++
    return count
  }

  /** Forgets closed alarms of which nothing is owed. */
  prune(now: number): void {
    const done = [...this.#entries].filter(([, entry]) => isDone(entry))
    const excess = done.length - KEEP_DONE
    done.sort(([, a], [, b]) => (a.closedAt ?? 0) - (b.closedAt ?? 0))
    for (const [index, [key, entry]] of done.entries()) {
      if (index < excess || (entry.closedAt ?? 0) < now - KEEP_DONE_MS) this.#remove(key, entry)
    }
  }

  #change(entries: readonly Entry[]): Entry[] {
    this.put(entries)
    return [...entries]
  }

  #put(entry: Entry): void {
    const key = keyOf(entry.alarm.id, entry.person)
    this.#entries.set(key, entry)
    setOf(this.#byAlarm, entry.alarm.id).add(key)
    if (owed(entry)) setOf(this.#owing, entry.person).add(key)
    else this.#owing.get(entry.person)?.delete(key)
  }

  #remove(key: string, entry: Entry): void {
    this.#entries.delete(key)
    const keys = this.#byAlarm.get(entry.alarm.id)
    keys?.delete(key)
    if (keys?.size === 0) this.#byAlarm.delete(entry.alarm.id)
  }
}

export const noticeFor = (item: Owed): Notice => noticeOf(item.entry, item.about)

function worstFirst(a: Owed, b: Owed): number {
  const ends = Number(a.about === 'end') - Number(b.about === 'end')
  return ends || severityRank(b.entry.alarm.severity) - severityRank(a.entry.alarm.severity) || a.entry.alarm.since - b.entry.alarm.since
}

function setOf(map: Map<string, Set<string>>, key: string): Set<string> {
  let set = map.get(key)
  if (!set) {
    set = new Set()
    map.set(key, set)
  }
  return set
}
