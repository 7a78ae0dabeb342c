import type { ParsedLine } from '../core/line/parse.ts'
import type { Book } from './book.ts'
import type { Clauses } from './clauses.ts'
import type { Scalar } from './condition.ts'
import type { CheckTrack, DeviceContext, Tracked } from './device-context.ts'
import { isSynthetic } from './no-data.ts'
import { makeSeries, type Series, toScalar } from './series.ts'
import { signalValue } from './signal.ts'
import type { Streams } from './streams.ts'

/** A sample that was sent this soon after it was taken is the newest there is, whatever the agent's clock did before. */
const FRESH_MS = 5000
const MAX_SERIES = 200_000

/** Takes samples to the rules that look at them: what a series means is decided once, when it is first seen. */
export class Intake {
  /** Samples of devices that are not in the inventory. */
  strangers = 0
  readonly #book: Book
  readonly #clauses: Clauses
  readonly #streams: Streams
  #contexts: ReadonlyMap<string, DeviceContext> = new Map()
  #series = new Map<string, Series>()
  /** Devices with states that wait for the `check` sample of their run. */
  readonly #runs = new Set<DeviceContext>()

  constructor(book: Book, clauses: Clauses, streams: Streams) {
    this.#book = book
    this.#clauses = clauses
    this.#streams = streams
  }

  /** New devices or rules: every series is looked at anew. */
  configure(contexts: ReadonlyMap<string, DeviceContext>): void {
    this.#contexts = contexts
    this.#series = new Map()
  }

  /** The message is over: what has no `check` sample behind it stays without. */
  endMessage(): void {
    for (const context of this.#runs) context.run = []
    this.#runs.clear()
  }

  /** Every series of a device with its newest sample. */
  *seriesOf(device: string): Generator<Series> {
    for (const series of this.#series.values()) if (series.device.name === device) yield series
  }

  /** A check began or ceased to be silent. */
  silence(context: DeviceContext, check: CheckTrack, silent: boolean, now: number): void {
    check.silent = silent
    this.told(context, 'check', { check: check.name, kind: check.kind }, { silent: silent ? 1 : 0 }, check.agent, now)
  }

  /** A sample that the judge itself makes. */
  told(
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

  line(agent: string, now: number, sent: number | null, line: ParsedLine): void {
    const end = seriesEnd(line.text)
    const key = line.text.slice(0, end)
    let series = this.#series.get(key)
    if (!series) {
      const context = this.#contexts.get(line.tags.device ?? '')
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
    const series = makeSeries(context, measurement, tags, this.#clauses.watching(measurement))
    for (const tracked of series.tracked) this.#book.gate(tracked)
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
      if (!this.#clauses.note(watched, series.device, key, toScalar(raw))) continue
      for (const tracked of this.#book.gatedBy(watched.rule)) {
        if (tracked.value === null || !this.#clauses.reaches(watched.clause, series.device, tracked.device)) continue
        this.#book.judge(
          tracked,
          { kind: 'sample', value: tracked.value, gate: this.#clauses.gate(tracked), late: false, at: sample.now },
          sample.now,
        )
      }
    }
  }

  #sample(tracked: Tracked, value: Scalar, sample: SampleFacts, fields: ParsedLine['fields']): void {
    if (sample.time === tracked.time && !isSynthetic(tracked.rule)) return
    if (sample.time < tracked.time && !sample.fresh) {
      this.#book.judge(tracked, { kind: 'overtaken', value, at: sample.at }, sample.now)
      return
    }
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
    const gate = tracked.rule.all.length === 0 || this.#clauses.gate(tracked)
    this.#book.judge(tracked, { kind: 'sample', value: compared, gate, late: sample.late, at: sample.at }, sample.now)
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
    if (check.silent) this.silence(context, check, false, now)
  }

  #ownHealth(line: ParsedLine, now: number): void {
    const connected = line.fields.broker_connected
    if (connected !== undefined) this.#streams.broker(Number(connected) !== 0, now)
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
