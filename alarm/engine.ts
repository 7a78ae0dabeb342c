import type { Inventory } from '../core/inventory/model.ts'
import type { AgentStatus } from '../core/wire/payloads.ts'
import { Book } from './book.ts'
import { Clauses } from './clauses.ts'
import { type AlarmCommand, command, withdraw } from './commands.ts'
import {
  buildContexts,
  type DeviceContext,
  deviceContext,
  expectedAgents,
  type KindPlaces,
  type Tracked,
  trackedFor,
} from './device-context.ts'
import { Intake } from './intake.ts'
import { checkSilent, hoursSilent, isStale, isSynthetic } from './no-data.ts'
import { carryOver } from './reconfigure.ts'
import type { Rule, RuleSet } from './rule.ts'
import { countAt } from './signal.ts'
import { type StreamNews, Streams } from './streams.ts'
import type { Change } from './transition.ts'

export interface EngineOptions {
  readonly rules: RuleSet
  readonly inventory: Inventory
  readonly kinds?: KindPlaces
}

/** A gap between records longer than this means that nobody listened: timers stop for it. Ticks come far more often. */
const PAUSE_MS = 15_000
/** A clock that was set back by more than this: everything that was begun is moved with it. */
const BACK_MS = 1000

/**
 * Judges one ordered stream of records (DESIGN §11). No I/O and no clock: the same records give the same changes.
 * Every method that takes `now` (the record's receivedAt, ms) is one record; `take` gives what it changed, in order.
 */
export class Engine {
  readonly streams = new Streams()
  readonly clauses = new Clauses()
  readonly book = new Book()
  readonly intake = new Intake(this.book, this.clauses, this.streams)
  contexts: Map<string, DeviceContext>
  rules: RuleSet
  /** Time of the newest record; 0 before the first. */
  now = 0
  /** Restored alarms whose rule, device or check is gone; see `withdrawOrphans`. */
  orphans: Tracked[] = []
  readonly #kinds: KindPlaces
  #expected = false

  constructor(options: EngineOptions) {
    this.rules = options.rules
    this.#kinds = options.kinds ?? {}
    this.contexts = buildContexts(options.rules, options.inventory, this.#kinds)
    this.book.contexts = this.contexts
    this.clauses.configure(options.rules)
    this.intake.configure(this.contexts)
  }

  /** What happened since it was asked last. */
  take(): readonly Change[] {
    return this.book.take()
  }

  /** A data message. `sent`: the agent's clock when it published, null for plain line protocol. A bad line is told and passed over. */
  data(agent: string, now: number, sent: number | null, text: string, onBad: (line: string, message: string) => void): void {
    this.#advance(now)
    this.#heard(agent, now)
    if (sent !== null) this.#news(this.streams.skew(agent, sent, now), now)
    this.intake.message(agent, now, sent, text, onBad)
  }

  status(agent: string, now: number, status: AgentStatus): void {
    this.#advance(now)
    if (status.state === 'offline') {
      this.#news(this.streams.offline(agent, status, now), now)
    } else {
      this.#heard(agent, now)
      this.#news(this.streams.status(agent, status), now)
    }
  }

  /** False when the command names no alarm. */
  command(now: number, order: AlarmCommand): boolean {
    this.#advance(now)
    const tracked = this.book.find(order.alarm)
    if (tracked) this.book.commit(tracked, command(tracked.state, order, now))
    return tracked !== undefined
  }

  tick(now: number): void {
    this.#advance(now)
    this.#news(this.streams.tick(now), now)
    for (const context of this.contexts.values()) {
      for (const check of context.checks.values()) {
        const silent = checkSilent(check, this.streams, this.#kinds)
        if (silent !== null && silent !== check.silent) this.intake.silence(context, check, silent, now)
      }
    }
    for (const tracked of this.book.watched()) this.#elapse(tracked, now)
  }

  /** New rules and inventory from here on: what is gone is withdrawn, the rest keeps its state and timers. */
  configure(rules: RuleSet, inventory: Inventory, now: number): void {
    this.#advance(now)
    const before = this.contexts
    this.rules = rules
    this.contexts = buildContexts(rules, inventory, this.#kinds)
    this.book.contexts = this.contexts
    this.clauses.configure(rules)
    this.intake.configure(this.contexts)
    this.book.clearWaiting()
    for (const tracked of carryOver(before, this.contexts)) {
      this.book.commit(tracked, withdraw(tracked.state, now, 'configuration'))
      this.book.drop(tracked)
    }
    for (const context of this.contexts.values()) for (const tracked of context.tracked.values()) this.book.adopt(tracked)
    this.#expect(now)
  }

  /** After a snapshot was read: agents are as they were then. */
  restored(now: number): void {
    this.now = now
    this.#expected = false
  }

  /** An open alarm of a snapshot that nothing configured explains any more. */
  adoptOrphan(state: Omit<Tracked, 'device'>, device: string): void {
    const tracked: Tracked = { ...state, device: deviceContext(device, null, { rules: [], version: '' }, {}) }
    this.orphans.push(tracked)
    this.book.adoptEpisode(tracked)
  }

  /** Orphans whose end was told already, by records behind the snapshot. */
  dropOrphans(hasEnded: (id: string) => boolean): void {
    const ended = this.orphans.filter(({ state }) => hasEnded(state.alarm?.id ?? ''))
    for (const tracked of ended) this.book.forgetEpisode(tracked)
    this.orphans = this.orphans.filter((tracked) => !ended.includes(tracked))
  }

  /** Ends the alarms of a snapshot that the configuration no longer has; part of the next record. */
  withdrawOrphans(now: number): void {
    for (const tracked of this.orphans) {
      this.book.commit(tracked, withdraw(tracked.state, now, 'configuration'))
      this.book.drop(tracked)
    }
    this.orphans = []
  }

  #advance(now: number): void {
    const gap = now - this.now
    if (this.now > 0 && (gap > PAUSE_MS || gap < -BACK_MS)) {
      this.streams.paused(now)
      this.book.freeze(() => true, gap)
    }
    this.now = now
    if (!this.#expected) this.#expect(now)
  }

  #expect(now: number): void {
    this.#expected = true
    const kinds = new Set([...this.contexts.values()].flatMap((context) => [...context.checks.values()].map((check) => check.kind)))
    for (const context of this.contexts.values()) {
      for (const rule of [...context.rules.values()].flat()) {
        if (rule.signal.kind !== 'silence' || !isReceived(rule, kinds)) continue
        const tracked = trackedFor(context, rule, '', {})
        if (tracked.seen === 0) tracked.seen = now
        this.book.adopt(tracked)
      }
    }
    this.#news(this.streams.expect(expectedAgents(this.contexts.values()), now), now)
  }

  #heard(agent: string, now: number): void {
    const { news, backAfterMs } = this.streams.heard(agent, now)
    if (news.length === 0) return
    this.book.freeze((tracked) => tracked.agent === agent && !isSynthetic(tracked.rule), backAfterMs)
    this.#news(news, now)
  }

  #news(news: readonly StreamNews[], now: number): void {
    for (const item of news) {
      const context = this.contexts.get(item.agent)
      if (context) this.intake.told(context, 'agent', {}, { [item.field]: item.value, reason: item.reason }, item.agent, now)
    }
  }

  #elapse(tracked: Tracked, now: number): void {
    if (!isSynthetic(tracked.rule)) {
      const stale = isStale(tracked, this.streams, this.#kinds)
      if (stale === null) return
      if (stale && tracked.state.lateUntil === null) {
        this.book.judge(tracked, { kind: 'stale' }, now)
        return
      }
    }
    const signal = tracked.rule.signal
    if (signal.kind === 'count' || signal.kind === 'silence') {
      const value = signal.kind === 'count' ? countAt(signal.withinMs, tracked.window, now) : hoursSilent(tracked, this.streams, now)
      tracked.value = value
      const gate = tracked.rule.all.length === 0 || this.clauses.gate(tracked)
      this.book.judge(tracked, { kind: 'sample', value, gate, late: false, at: now }, now)
    } else {
      this.book.judge(tracked, { kind: 'tick' }, now)
    }
  }
}

/** Whether events of this rule can come at all: where nobody listens for traps or syslog, their absence says nothing. */
function isReceived(rule: Rule, kinds: ReadonlySet<string>): boolean {
  const types = rule.measurement === 'event' ? rule.where.find(({ key, not }) => key === 'type' && !not) : undefined
  return types === undefined || types.values.some((type) => kinds.has(type))
}
