import type { Inventory } from '../core/inventory/model.ts'
import type { ParsedLine } from '../core/line/parse.ts'
import type { AgentStatus } from '../core/wire/payloads.ts'
import { Book } from './book.ts'
import { Clauses } from './clauses.ts'
import { type AlarmCommand, command, withdraw } from './commands.ts'
import type { Scalar } from './condition.ts'
import { buildContexts, type CheckTrack, type DeviceContext, deviceContext, expectedAgents, type KindPlaces, type Tracked, trackedFor } from './device-context.ts'
import { checkSilent, hoursSilent, isStale, isSynthetic } from './no-data.ts'
import { carryOver } from './reconfigure.ts'
import type { RuleSet } from './rule.ts'
import { makeSeries, type Series, toScalar } from './series.ts'
import { countAt, signalValue } from './signal.ts'
import { type StreamNews, Streams } from './streams.ts'
import type { Change } from './transition.ts'

export interface EngineOptions {
  readonly rules: RuleSet
  readonly inventory: Inventory
  readonly kinds?: KindPlaces
}

/** A gap between records longer than this means that nobody listened: timers stop for it. Ticks come far more often. */
const PAUSE_MS = 15_000
/** A sample that was sent this soon after it was taken is the newest there is, whatever the agent's clock did before. */
const FRESH_MS = 5000
const MAX_SERIES = 200_000

/**
 * Judges one ordered stream of records (DESIGN §11). No I/O and no clock: the same records give the same changes.
 * Every method that takes `now` (the record's receivedAt, ms) is one record; `take` gives what it changed, in order.
 */
export class Engine {
  readonly streams = new Streams()
  readonly clauses = new Clauses()
  readonly book = new Book()
  contexts: Map<string, DeviceContext>
  rules: RuleSet
  /** Time of the newest record; 0 before the first. */
  now = 0
  /** Samples of devices that are not in the inventory. */
  strangers = 0
  /** Restored alarms whose rule, device or check is gone; see `withdrawOrphans`. */
  orphans: Tracked[] = []
  readonly #kinds: KindPlaces
  #series = new Map<string, Series>()
  /** Devices with states that wait for the `check` sample of their run. */
  readonly #runs = new Set<DeviceContext>()
  #expected = false

  constructor(options: EngineOptions) {
    this.rules = options.rules
    this.#kinds = options.kinds ?? {}
    this.contexts = buildContexts(options.rules, options.inventory, this.#kinds)
    this.book.contexts = this.contexts
    this.clauses.configure(options.rules)
  }

  /** What happened since it was asked last. */
  take(): readonly Change[] {
    return this.book.take()
  }

  /** A data message. `sent`: the agent's clock when it published, null for plain line protocol. */
  data(agent: string, now: number, sent: number | null, lines: (onLine: (line: ParsedLine) => void) => void): void {
    this.#advance(now)
    this.#heard(agent, now)
    if (sent !== null) this.#news(this.streams.skew(agent, sent, now), now)
    lines((line) => this.#line(agent, now, sent, line))
    for (const context of this.#runs) context.run = []
    this.#runs.clear()
  }

  status(agent: string, now: number, status: AgentStatus): void {
    this.#advance(now)
    if (status.state === 'offline') return this.#news(this.streams.offline(agent, status.session, status.reason, now), now)
    this.#heard(agent, now)
    this.#news(this.streams.status(agent, status), now)
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
        if (silent !== null && silent !== check.silent) this.#silence(context, check, silent, now)
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
    this.#series = new Map()
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

  /** Ends the alarms of a snapshot that the configuration no longer has; part of the next record. */
  withdrawOrphans(now: number): void {
    for (const tracked of this.orphans) {
      this.book.commit(tracked, withdraw(tracked.state, now, 'configuration'))
      this.book.drop(tracked)
    }
    this.orphans = []
  }

  /** Every series of a device with its newest sample. */
  *seriesOf(device: string): Generator<Series> {
    for (const series of this.#series.values()) if (series.device.name === device) yield series
  }

  #advance(now: number): void {
    const gap = now - this.now
    if (this.now > 0 && gap > PAUSE_MS) {
      this.streams.paused(now)
      this.book.freeze(() => true, gap)
    }
    this.now = now
    if (!this.#expected) this.#expect(now)
  }

  #expect(now: number): void {
    this.#expected = true
    for (const context of this.contexts.values()) {
      for (const rule of [...context.rules.values()].flat()) {
        if (rule.signal.kind !== 'silence') continue
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
      if (context) this.#told(context, 'agent', {}, { [item.field]: item.value, reason: item.reason }, item.agent, now)
    }
  }

  #silence(context: DeviceContext, check: CheckTrack, silent: boolean, now: number): void {
    check.silent = silent
    this.#told(context, 'check', { check: check.name, kind: check.kind }, { silent: silent ? 1 : 0 }, check.agent, now)
  }

  /** A sample that the judge itself makes. */
  #told(
    context: DeviceContext,
    measurement: string,
    tags: Readonly<Record<string, string>>,
    fields: Readonly<Record<string, Scalar>>,
    agent: string,
    now: number,
  ): void {
    const key = `\0${measurement}\0${context.name}\0${tags.check ?? ''}`
    const series = this.#series.get(key) ?? this.#newSeries(key, context, measurement, tags)
    this.#feed(series, key, { agent, now, time: now, at: now, late: false, fresh: true }, fields)
  }

  #line(agent: string, now: number, sent: number | null, line: ParsedLine): void {
    const end = seriesEnd(line.text)
    const key = line.text.slice(0, end)
    let series = this.#series.get(key)
    if (!series) {
      const context = this.contexts.get(line.tags.device ?? '')
      if (!context) {
        this.strangers++
        return
      }
      series = this.#newSeries(key, context, line.measurement, line.tags)
    }
    const time = Number.isNaN(line.time) ? now : line.time
    const age = Math.max(0, (sent ?? now) - time)
    const context = series.device
    const late = age > context.lateAfterMs
    if (!late) context.lastSeen = now
    if (time >= series.time || age < FRESH_MS) {
      series.fields = line.fields
      series.time = time
    }
    this.#feed(series, key, { agent, now, time, at: now - age, late, fresh: age < FRESH_MS }, line.fields)
    if (line.measurement === 'check') this.#checkRun(context, line, agent, now, time, late)
    else if (line.measurement === 'jifang_collector' && agent === 'collector') this.#ownHealth(line, now)
  }

  #newSeries(key: string, context: DeviceContext, measurement: string, tags: Readonly<Record<string, string>>): Series {
    if (this.#series.size >= MAX_SERIES) this.#series.clear()
    const series = makeSeries(context, measurement, tags, this.clauses.watching(measurement))
    for (const tracked of series.tracked) this.book.gate(tracked)
    this.#series.set(key, series)
    return series
  }

  #feed(series: Series, key: string, sample: SampleFacts, fields: ParsedLine['fields']): void {
    for (const tracked of series.tracked) {
      const raw = fields[tracked.rule.field]
      if (raw !== undefined) this.#sample(tracked, toScalar(raw), sample, fields)
    }
    for (const watched of series.clauses) {
      const raw = fields[watched.clause.field]
      if (raw === undefined || sample.late) continue
      if (!this.clauses.note(watched, series.device, key, toScalar(raw))) continue
      for (const tracked of this.book.gatedBy(watched.rule)) {
        if (tracked.value === null || !this.clauses.reaches(watched.clause, series.device, tracked.device)) continue
        this.book.judge(tracked, { kind: 'sample', value: tracked.value, gate: this.clauses.gate(tracked), late: false, at: sample.now }, sample.now)
      }
    }
  }

  #sample(tracked: Tracked, value: Scalar, sample: SampleFacts, fields: ParsedLine['fields']): void {
    if (sample.time === tracked.time && !isSynthetic(tracked.rule)) return
    if (sample.time < tracked.time && !sample.fresh) return this.book.judge(tracked, { kind: 'overtaken', value, at: sample.at }, sample.now)
    tracked.time = sample.time
    if (!sample.late) tracked.seen = sample.now
    tracked.agent = sample.agent
    tracked.fields = fields
    if (tracked.check === null) {
      tracked.device.run.push(tracked)
      this.#runs.add(tracked.device)
    }
    const compared = signalValue(tracked.rule.signal, tracked.window, value, sample.late ? sample.at : sample.now)
    if (compared === null) return
    tracked.value = compared
    const gate = tracked.rule.all.length === 0 || this.clauses.gate(tracked)
    this.book.judge(tracked, { kind: 'sample', value: compared, gate, late: sample.late, at: sample.at }, sample.now)
  }

  #checkRun(context: DeviceContext, line: ParsedLine, agent: string, now: number, time: number, late: boolean): void {
    const check = context.checks.get(line.tags.check ?? '')
    if (!check || line.tags.group !== undefined) return
    for (const tracked of context.run) tracked.check = check.name
    context.run = []
    if (late) return
    const up = line.fields.up
    check.agent = agent
    check.seen = now
    check.up = up === undefined ? null : Number(up) === 1
    check.reason = typeof line.fields.reason === 'string' ? line.fields.reason : null
    check.at = time
    check.durationMs = typeof line.fields.duration_ms === 'number' ? line.fields.duration_ms : null
    if (check.silent) this.#silence(context, check, false, now)
  }

  #ownHealth(line: ParsedLine, now: number): void {
    const connected = line.fields.broker_connected
    if (connected !== undefined) this.streams.broker(Number(connected) !== 0, now)
  }

  #elapse(tracked: Tracked, now: number): void {
    if (!isSynthetic(tracked.rule)) {
      const stale = isStale(tracked, this.streams)
      if (stale === null) return
      if (stale && tracked.state.lateUntil === null) return this.book.judge(tracked, { kind: 'stale' }, now)
    }
    const signal = tracked.rule.signal
    if (signal.kind === 'count' || signal.kind === 'silence') {
      const value = signal.kind === 'count' ? countAt(signal.withinMs, tracked.window, now) : hoursSilent(tracked, this.streams, now)
      tracked.value = value
      const gate = tracked.rule.all.length === 0 || this.clauses.gate(tracked)
      return this.book.judge(tracked, { kind: 'sample', value, gate, late: false, at: now }, now)
    }
    this.book.judge(tracked, { kind: 'tick' }, now)
  }
}

interface SampleFacts {
  readonly agent: string
  readonly now: number
  /** On the agent's clock. */
  readonly time: number
  /** The same on the collector's clock. */
  readonly at: number
  readonly late: boolean
  /** Sent right after it was taken. */
  readonly fresh: boolean
}

/** Length of the series part of a line: up to the first blank that is not escaped. */
function seriesEnd(text: string): number {
  let at = text.indexOf(' ')
  while (at > 0 && text.charCodeAt(at - 1) === 92) at = text.indexOf(' ', at + 1)
  return at < 0 ? text.length : at
}
