import type { FieldValue, Sample } from '../model/sample.ts'
import { type CounterReading, rateBetween } from './counter.ts'
import type { GroupResult } from './evaluate.ts'
import type { Group, ReadValue } from './model.ts'
import type { State } from './schema.ts'
import { boundsOf } from './units.ts'
import { statusOf } from './words.ts'
import { WorstState } from './worst-state.ts'

export const STATE_CODE: Readonly<Record<State, number>> = { normal: 0, alarm: 1, fault: 2, unknown: 3 }

/** When a run was made. */
export interface RunTime {
  /** ms since 1970, of the samples. */
  readonly time: number
  /** Monotonic ms, for rates. */
  readonly at: number
  /** sysUpTime in hundredths of a second; null when not read. */
  readonly uptime: number | null
}

/** Makes samples out of what was read; remembers counters between runs of one device. */
export interface Sampler {
  /** `results` most specific first: the first value of a measurement, tags and field stays. */
  samples(results: readonly GroupResult[], when: RunTime): Sample[]
}

interface Series {
  readonly measurement: string
  readonly tags: Readonly<Record<string, string>>
  readonly fields: Map<string, FieldValue>
  readonly words: Set<string>
  readonly groups: Set<Group>
  readonly worst: WorstState
  worded: boolean
}

/** `maxGapMs`: counters read longer ago than this give no rate. */
export function createSampler(maxGapMs: number): Sampler {
  let counters = new Map<string, CounterReading>()
  return {
    samples(results, when) {
      const kept = new Map<string, CounterReading>()
      const series = collect(results)
      for (const { values } of results) {
        for (const value of values) {
          if (value.kind === 'counter' && value.quality === 'ok') addCounter(seriesOf(series, value), value, when, counters, kept)
        }
      }
      for (const [key, reading] of counters) if (!kept.has(key) && when.at - reading.at <= maxGapMs) kept.set(key, reading)
      counters = kept
      return [...series.values()].flatMap((one) => finish(one, when.time))
    },
  }

  function addCounter(series: Series, value: ReadValue, when: RunTime, before: typeof counters, kept: typeof counters): void {
    if (series.fields.has(value.field) || value.value === null) return
    series.fields.set(value.field, BigInt(typeof value.value === 'bigint' ? value.value : Math.trunc(value.value)))
    const key = `${keyOf(value)}|${value.field}`
    const reading: CounterReading = {
      raw: BigInt(typeof value.value === 'bigint' ? value.value : Math.trunc(value.value)),
      at: when.at,
      uptime: when.uptime,
      discontinuity: value.discontinuity,
    }
    kept.set(key, reading)
    if (!value.rate) return
    const outcome = rateBetween(before.get(key), reading, value.counterBits, maxGapMs)
    if (outcome.kind === 'rate') series.fields.set(value.rate.field, outcome.perSecond * value.rate.scale)
  }
}

function collect(results: readonly GroupResult[]): Map<string, Series> {
  const series = new Map<string, Series>()
  for (const { group, values } of results) {
    for (const value of values) {
      if (value.quality !== 'ok') continue
      const one = seriesOf(series, value)
      one.groups.add(group)
      if (value.words.length > 0) addWords(series, value)
      if (value.kind !== 'counter') addValue(one, value)
    }
  }
  return series
}

function seriesOf(all: Map<string, Series>, value: ReadValue): Series {
  const key = keyOf(value)
  let series = all.get(key)
  if (!series) {
    const { measurement, tags } = value
    series = { measurement, tags, fields: new Map(), words: new Set(), groups: new Set(), worst: new WorstState(), worded: false }
    all.set(key, series)
  }
  return series
}

/** Words of an alarm table are about the UPS, whatever series the alarm itself goes to. */
function addWords(all: Map<string, Series>, value: ReadValue): void {
  const ups = value.measurement === 'ups' ? value : { ...value, measurement: 'ups', tags: {} }
  for (const word of value.words) seriesOf(all, ups).words.add(word)
}

function keyOf(value: ReadValue): string {
  let key = value.measurement
  for (const tag of Object.keys(value.tags).sort()) key += `|${tag}=${value.tags[tag]}`
  return key
}

function addValue(series: Series, value: ReadValue): void {
  const put = (field: string, content: FieldValue | null): void => {
    if (content !== null && !series.fields.has(field)) series.fields.set(field, content)
  }
  const number = value.value === null ? null : Number(value.value)
  const known = series.fields.has(value.field)
  switch (value.kind) {
    case 'words':
      series.worded = true
      return
    case 'text':
      put(value.field, value.text)
      return
    case 'enum':
    case 'bits':
      if (known) return
      if (value.measurement === 'ups' && value.kind === 'enum') series.worded ||= value.words.length > 0
      series.worst.note(value)
      if (value.field === 'state') putState(put, value, number)
      else putEnum(put, value, number)
      return
    default:
      put(value.field, number)
      if (series.measurement === 'env' && !known) put('value', number)
  }
}

function putState(put: (field: string, content: FieldValue | null) => void, value: ReadValue, number: number | null): void {
  const state = value.state ?? 'unknown'
  put('state', state)
  put('state_code', STATE_CODE[state])
  put('text', value.text)
  put('raw', number)
}

function putEnum(put: (field: string, content: FieldValue | null) => void, value: ReadValue, number: number | null): void {
  put(value.field, value.text)
  put(`${value.field}_code`, number)
  if (value.stateful) put(`${value.field}_state_code`, STATE_CODE[value.state ?? 'unknown'])
}

function finish(series: Series, time: number): Sample[] {
  const { measurement, tags, fields } = series
  if (measurement === 'ups' && (series.words.size > 0 || series.worded) && !fields.has('status')) {
    const status = statusOf(series.words)
    fields.set('status', status.text)
    fields.set('status_code', status.code)
  }
  for (const [field, content] of Object.entries(series.worst.fields(STATE_CODE))) if (!fields.has(field)) fields.set(field, content)
  for (const group of series.groups) derive(group, fields)
  return fields.size === 0 ? [] : [{ measurement, tags, fields: Object.fromEntries(fields), time }]
}

/** A derived value obeys the same bounds as one that was read. */
function derive(group: Group, fields: Map<string, FieldValue>): void {
  for (const { field, expression } of group.derived) {
    if (fields.has(field)) continue
    const result = expression.evaluate((name) => {
      const value = fields.get(name)
      return value === undefined ? null : typeof value === 'bigint' ? Number(value) : value
    })
    if (typeof result !== 'number') continue
    const { min, max } = boundsOf(field)
    if (result >= min && result <= max) fields.set(field, Number(result.toPrecision(12)))
  }
}
