import { type ParsedLine, parseAfterSeries, parseLine } from '../core/line/parse.ts'
import type { Book } from './book.ts'
import type { Clauses } from './clauses.ts'
import { holds, type Scalar } from './condition.ts'
import type { CheckTrack, DeviceContext, Tracked } from './device-context.ts'
import { isSynthetic } from './no-data.ts'
import { makeSeries, type Series, toScalar } from './series.ts'
import { signalValue } from './signal.ts'
import type { Streams } from './streams.ts'

/** A sample that was sent this soon after it was taken is the newest there is, whatever the agent's clock did before. */
const FRESH_MS = 5000
const MAX_SERIES = 200_000
/** Lines of a longer message are copied before they are kept: a slice holds the whole text in memory. */
const SHARED_CHARS = 16 * 1024
const COMMENT = 35
const CR = 13

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

  /**
   * Every line of a message. A series is parsed whole when it is first seen; after that only lines that a rule looks at
   * are parsed, the others are kept as they came until somebody asks for their values.
   */
  message(agent: string, now: number, sent: number | null, text: string, onBad: (line: string, message: string) => void): void {
    const copy = text.length > SHARED_CHARS
    for (let start = 0; start < text.length; ) {
      const newline = text.indexOf('\n', start)
      const end = newline < 0 ? text.length : newline
      const line = text.slice(start, text.charCodeAt(end - 1) === CR ? end - 1 : end)
      start = end + 1
      if (line === '' || line.charCodeAt(0) === COMMENT) continue
      const problem = this.#line({ agent, now, sent }, copy ? ownCopy(line) : line)
      if (problem !== null) onBad(line, problem)
    }
    for (const context of this.#runs) context.run = []
    this.#runs.clear()
  }

  /** What is wrong with the line; null when nothing is. */
  #line(message: MessageFacts, line: string): string | null {
    const end = seriesEnd(line)
    const key = line.slice(0, end)
    const series = this.#series.get(key) ?? this.#meet(line)
    if (series === null) {
      this.strangers++
      return null
    }
    if (typeof series === 'string') return series
    const { agent, now, sent } = message
    const judged = series.tracked.length > 0 || series.clauses.length > 0 || series.measurement === 'jifang_collector'
    const parsed = judged || series.measurement === 'check' ? parseAfterSeries(line, end) : null
    if (typeof parsed === 'string') return parsed
    const stamp = parsed ? parsed.time : stampOf(line)
    const time = Number.isNaN(stamp) ? now : stamp
    const age = Math.max(0, (sent ?? now) - time)
    const context = series.device
    const late = age > context.lateAfterMs
    if (!late) context.lastSeen = now
    if (time >= series.time || age < FRESH_MS) {
      series.newest = line
      series.time = time
    }
    if (!parsed) return null
    this.#feed(series, key, { agent, now, time, at: now - age, late, fresh: age < FRESH_MS }, outcomeOf(series, parsed.fields))
    if (series.measurement === 'check') this.#checkRun(series, parsed.fields, agent, now, time, late)
    else if (series.measurement === 'jifang_collector' && agent === 'collector') this.#ownHealth(parsed.fields, now)
    return null
  }

  /** A series that comes for the first time; null when its device is a stranger, a text when the line is bad. */
  #meet(text: string): Series | string | null {
    const line = parseLine(ownCopy(text))
    if (typeof line === 'string') return line
    const context = this.#contexts.get(line.tags.device ?? '')
    return context ? this.#newSeries(line.text.slice(0, seriesEnd(line.text)), context, line.measurement, line.tags) : null
  }

  #newSeries(key: string, context: DeviceContext, measurement: string, tags: Readonly<Record<string, string>>): Series {
    if (this.#series.size >= MAX_SERIES) this.#series.clear()
    const series = makeSeries(context, measurement, tags, this.#clauses.watching(measurement))
    for (const tracked of series.tracked) this.#book.gate(tracked)
    this.#series.set(key, series)
    return series
  }

  #feed(series: Series, key: string, sample: SampleFacts, fields: Fields): void {
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

  #sample(tracked: Tracked, value: Scalar, sample: SampleFacts, fields: Fields): void {
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
    if (saysUnknown(tracked, value)) {
      if (!sample.late) this.#book.judge(tracked, { kind: 'stale' }, sample.now)
      return
    }
    const compared = signalValue(tracked.rule.signal, tracked.window, value, sample.late ? sample.at : sample.now)
    if (compared === null) return
    tracked.value = compared
    const gate = tracked.rule.all.length === 0 || this.#clauses.gate(tracked)
    this.#book.judge(tracked, { kind: 'sample', value: compared, gate, late: sample.late, at: sample.at }, sample.now)
  }

  #checkRun({ device, tags }: Series, fields: Fields, agent: string, now: number, time: number, late: boolean): void {
    const check = device.checks.get(tags.check ?? '')
    if (!check || tags.group !== undefined) return
    for (const tracked of device.run) tracked.check = check.name
    device.run = []
    if (late) return
    const up = fields.up
    check.agent = agent
    check.seen = now
    check.up = up === undefined ? null : Number(up) === 1
    check.reason = typeof fields.reason === 'string' ? fields.reason : null
    check.at = time
    check.durationMs = typeof fields.duration_ms === 'number' ? fields.duration_ms : null
    if (check.silent) this.silence(device, check, false, now)
  }

  #ownHealth(fields: Fields, now: number): void {
    const connected = fields.broker_connected
    if (connected === undefined) return
    const goneMs = this.#streams.broker(Number(connected) !== 0, now)
    if (goneMs > 0) this.#book.freeze((tracked) => tracked.agent !== 'collector' && !isSynthetic(tracked.rule), goneMs)
  }
}

/** A part that is not `ok` in a run that is, such as a group of objects that the device does not have, is no failure. */
function outcomeOf({ device, measurement, tags }: Series, fields: Fields): Fields {
  if (measurement !== 'check' || tags.group === undefined) return fields
  return device.checks.get(tags.check ?? '')?.reason === 'ok' ? { ...fields, up: true } : fields
}

/** The word `unknown` of a contact or component is no data: it ends no alarm. Rules that ask for it get it as a value. */
const saysUnknown = ({ rule }: Tracked, value: Scalar): boolean =>
  value === 'unknown' && /^(worst_)?state$/.test(rule.field) && !rule.levels.some((level) => holds(level.fire, value))

type Fields = ParsedLine['fields']

interface MessageFacts {
  readonly agent: string
  readonly now: number
  readonly sent: number | null
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

const ownCopy = (text: string): string => Buffer.from(text).toString()

/** The time at the end of a line, ms; NaN when it has none. Ingest has seen to it that the rest is line protocol. */
function stampOf(line: string): number {
  const at = line.lastIndexOf(' ') + 1
  const digits = line.length - at
  if (digits < 16 || digits > 19) return Number.NaN
  const ms = Number(line.slice(at, -6))
  return ms + Number(line.slice(-6)) / 1e6
}
