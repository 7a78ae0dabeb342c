import type { Alarm } from '../core/model/alarm.ts'
import { findCause, noteLoss } from './causes.ts'
import type { Scalar } from './condition.ts'
import { describe } from './describe.ts'
import type { DeviceContext, Tracked } from './device-context.ts'
import { shortId } from './identity.ts'
import { timing } from './levels.ts'
import { latches } from './series.ts'
import { isOpen, postpone, type RuleState } from './state.ts'
import { type Change, type Input, type Outcome, type Surroundings, transition } from './transition.ts'

/** All alarm states and their indexes: which are open, which wait for time, which wait for another condition. */
export class Book implements Surroundings {
  contexts: ReadonlyMap<string, DeviceContext> = new Map()
  /** States that time alone can change. */
  readonly #watched = new Set<Tracked>()
  /** States whose rule has other conditions, by rule. */
  readonly #gated = new Map<string, Set<Tracked>>()
  readonly #episodes = new Map<string, Tracked>()
  readonly #openShorts = new Map<string, string>()
  #changes: Change[] = []
  #asking: Tracked | null = null

  /** What happened since it was asked last. */
  take(): readonly Change[] {
    if (this.#changes.length === 0) return NOTHING
    const changes = this.#changes
    this.#changes = []
    return changes
  }

  judge(tracked: Tracked, input: Input, now: number): void {
    this.#asking = tracked
    this.commit(tracked, transition(tracked.rule, tracked.state, input, now, this))
  }

  /** Takes over what a transition or command gave. */
  commit(tracked: Tracked, outcome: Outcome): void {
    for (const change of outcome.changes) this.#changes.push(change)
    const before = tracked.state
    if (outcome.state !== before) {
      tracked.state = outcome.state
      if (before.alarm !== outcome.state.alarm) this.#index(tracked, before, outcome.state)
      noteLoss(tracked)
      this.#watch(tracked)
    } else if (counting(tracked)) this.#watched.add(tracked)
  }

  /** Takes a state that was made elsewhere (snapshot, reload) into all indexes. */
  adopt(tracked: Tracked): void {
    this.adoptEpisode(tracked)
    this.gate(tracked)
    noteLoss(tracked)
    this.#watch(tracked)
  }

  /** Only so that its alarm is found. */
  adoptEpisode(tracked: Tracked): void {
    const { alarm } = tracked.state
    if (alarm) this.#episodes.set(alarm.id, tracked)
    if (isOpen(alarm)) this.#openShorts.set(alarm.short_id, alarm.id)
  }

  /** Forgets which states wait, before a reload adopts what is kept. */
  clearWaiting(): void {
    this.#watched.clear()
    this.#gated.clear()
  }

  /** Its alarm is no longer found, as if it had never been adopted. */
  forgetEpisode(tracked: Tracked): void {
    const { alarm } = tracked.state
    if (!alarm) return
    this.#episodes.delete(alarm.id)
    if (this.#openShorts.get(alarm.short_id) === alarm.id) this.#openShorts.delete(alarm.short_id)
  }

  /** Takes a state out for good, after it was withdrawn. */
  drop(tracked: Tracked): void {
    this.#watched.delete(tracked)
    this.#gated.get(tracked.rule.name)?.delete(tracked)
    tracked.device.losses.delete(tracked)
  }

  gate(tracked: Tracked): void {
    if (tracked.rule.all.length === 0) return
    const states = this.#gated.get(tracked.rule.name)
    if (states) states.add(tracked)
    else this.#gated.set(tracked.rule.name, new Set([tracked]))
  }

  gatedBy(rule: string): Tracked[] {
    return [...(this.#gated.get(rule) ?? [])].sort(byKey)
  }

  /** In an order that does not depend on history, so that a replay numbers events alike. */
  watched(): Tracked[] {
    return [...this.#watched].sort(byKey)
  }

  /** Timers go on where they stood after `ms` in which nothing could be known. */
  freeze(which: (tracked: Tracked) => boolean, ms: number): void {
    for (const tracked of this.#watched) if (which(tracked)) tracked.state = postpone(tracked.state, ms)
  }

  /** Open alarms in the order of their ids. */
  open(): Alarm[] {
    const alarms: Alarm[] = []
    for (const id of this.#openShorts.values()) {
      const tracked = this.#episodes.get(id)
      if (tracked?.state.alarm) alarms.push(withValue(tracked, tracked.state.alarm))
    }
    return alarms.sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  /** An open alarm by id or short id, with its newest value. */
  openAlarm(id: string): Alarm | undefined {
    const tracked = this.find(id)
    const alarm = tracked?.state.alarm ?? null
    return tracked && isOpen(alarm) ? withValue(tracked, alarm) : undefined
  }

  /** The state behind an alarm's id or short id, open or the last closed one. */
  find(id: string): Tracked | undefined {
    return this.#episodes.get(id) ?? this.#episodes.get(this.#openShorts.get(id.toUpperCase()) ?? '')
  }

  get device(): string {
    return this.#asking?.device.name ?? ''
  }
  get instance(): string {
    return this.#asking?.instance ?? ''
  }
  get value(): Scalar | null {
    return this.#asking?.value ?? null
  }
  get latch(): boolean {
    const tracked = this.#asking
    return tracked !== null && latches(tracked.rule, tracked.device, tracked.tags)
  }
  title(): { readonly zh: string; readonly en: string } {
    return this.#asking ? describe(this.#asking) : { zh: '', en: '' }
  }
  shortId(id: string): string {
    return shortId(id, (short) => this.#openShorts.has(short) && this.#openShorts.get(short) !== id)
  }
  cause(): string | 'wait' | null {
    return this.#asking ? findCause(this.#asking, this.contexts) : null
  }
  isOpen(id: string): boolean {
    return isOpen(this.#episodes.get(id)?.state.alarm ?? null)
  }

  #index(tracked: Tracked, before: RuleState, after: RuleState): void {
    if (before.alarm) {
      if (this.#openShorts.get(before.alarm.short_id) === before.alarm.id) this.#openShorts.delete(before.alarm.short_id)
      if (before.alarm.id !== after.alarm?.id) this.#episodes.delete(before.alarm.id)
    }
    if (!after.alarm) return
    this.#episodes.set(after.alarm.id, tracked)
    if (isOpen(after.alarm)) this.#openShorts.set(after.alarm.short_id, after.alarm.id)
  }

  #watch(tracked: Tracked): void {
    const { state } = tracked
    const waits = isOpen(state.alarm) || timing(state.levels) || state.tellAt !== null || state.lateUntil !== null || counting(tracked)
    if (waits) this.#watched.add(tracked)
    else this.#watched.delete(tracked)
  }
}

const NOTHING: readonly Change[] = []

const byKey = (a: Tracked, b: Tracked): number => (a.key < b.key ? -1 : 1)

const counting = (tracked: Tracked): boolean =>
  tracked.rule.signal.kind === 'silence' || (tracked.rule.signal.kind === 'count' && tracked.window.length > 0)

/** The alarm with its newest value. */
const withValue = (tracked: Tracked, alarm: Alarm): Alarm => (tracked.value === null ? alarm : { ...alarm, value: tracked.value })
