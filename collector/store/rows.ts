import { gunzipSync } from 'node:zlib'
import { type ParsedLine, parseLines } from '../../core/line/parse.ts'
import type { FieldValue } from '../../core/model/sample.ts'
import type { LogRecord } from '../../core/segment/types.ts'

export const DAY_MS = 86_400_000
const MAX_PAYLOAD_BYTES = 64 * 1024 * 1024
const MAX_INTERNED = 400_000

/** What a series is; `key` is all of it in one text. */
export interface SeriesKey {
  readonly key: string
  readonly measurement: string
  readonly device: string
  /** JSON object of all tags, keys sorted. */
  readonly tags: string
  readonly field: string
  readonly kind: 'number' | 'text'
}

/** Points of one UTC day in the order of the journal, column by column. */
export class DayRows {
  readonly series: SeriesKey[] = []
  /** ms since the day began. */
  readonly ts: number[] = []
  /** µs within the ms: event times are made unique below a millisecond. */
  readonly us: number[] = []
  readonly value: (number | null)[] = []
  readonly text: (string | null)[] = []
  /** Where each record's points begin, by growing offset. */
  readonly marks: { readonly offset: number; readonly at: number }[] = []

  get length(): number {
    return this.series.length
  }

  /** Index of the first point that a file which has applied everything below `applied` does not have yet. */
  firstAfter(applied: number): number {
    for (const mark of this.marks) if (mark.offset >= applied) return mark.at
    return this.length
  }
}

export interface RowLimits {
  /** Samples before this time (ms) are beyond retention. */
  readonly oldest: number
  /** A sample may be this far ahead of the time its record was received, ms. */
  readonly aheadMs: number
}

export interface RowCounts {
  values: number
  badLines: number
  beyondRetention: number
  future: number
  badPayloads: number
}

/** Turns journal records into points by day. Keeps what it knows of each series head between calls. */
export class RowReader {
  #interned = new Map<string, Map<string, SeriesKey>>()
  #keys = 0

  read(records: readonly LogRecord[], limits: RowLimits): { days: Map<number, DayRows>; counts: RowCounts } {
    const days = new Map<number, DayRows>()
    const counts: RowCounts = { values: 0, badLines: 0, beyondRetention: 0, future: 0, badPayloads: 0 }
    for (const record of records) {
      if (record.kind !== 'data') continue
      const text = payloadText(record.payload)
      if (text === null) {
        counts.badPayloads++
        continue
      }
      parseLines(
        text,
        (line) => this.#line(line, record, limits, days, counts),
        () => {
          counts.badLines++
        },
      )
    }
    return { days, counts }
  }

  #line(line: ParsedLine, record: LogRecord, limits: RowLimits, days: Map<number, DayRows>, counts: RowCounts): void {
    const time = Number.isNaN(line.time) ? record.receivedAt : line.time
    const fields = Object.keys(line.fields)
    if (time < limits.oldest) counts.beyondRetention += fields.length
    else if (time > record.receivedAt + limits.aheadMs) counts.future += fields.length
    else {
      const rows = rowsOf(days, Math.floor(time / DAY_MS), record.offset)
      const inDay = time - Math.floor(time / DAY_MS) * DAY_MS
      const ts = Math.floor(inDay + 0.0005)
      const us = Math.min(999, Math.max(0, Math.round((inDay - ts) * 1000)))
      const known = this.#knownFields(line)
      for (const field of fields) this.#append(rows, line, known, field, ts, us)
      counts.values += fields.length
    }
  }

  #append(rows: DayRows, line: ParsedLine, known: Map<string, SeriesKey>, field: string, ts: number, us: number): void {
    const value = line.fields[field] as FieldValue
    const isText = typeof value === 'string'
    const short = isText ? `"${field}` : field
    let series = known.get(short)
    if (!series) {
      series = seriesKey(line, field, isText ? 'text' : 'number')
      known.set(short, series)
      this.#keys++
    }
    rows.series.push(series)
    rows.ts.push(ts)
    rows.us.push(us)
    rows.value.push(isText ? null : Number(value))
    rows.text.push(isText ? value : null)
  }

  #knownFields(line: ParsedLine): Map<string, SeriesKey> {
    const head = headOf(line.text)
    let known = this.#interned.get(head)
    if (!known) {
      if (this.#keys > MAX_INTERNED) {
        this.#interned = new Map()
        this.#keys = 0
      }
      known = new Map()
      this.#interned.set(head, known)
    }
    return known
  }
}

/** The text of a payload as received: plain or gzip, several members included; null when it does not unpack. */
export function payloadText(payload: Buffer): string | null {
  if (payload[0] !== 0x1f || payload[1] !== 0x8b) return payload.toString('utf8')
  try {
    return gunzipSync(payload, { maxOutputLength: MAX_PAYLOAD_BYTES }).toString('utf8')
  } catch {
    return null
  }
}

function rowsOf(days: Map<number, DayRows>, day: number, offset: number): DayRows {
  let rows = days.get(day)
  if (!rows) {
    rows = new DayRows()
    days.set(day, rows)
  }
  if (rows.marks.at(-1)?.offset !== offset) rows.marks.push({ offset, at: rows.length })
  return rows
}

/** Measurement and tags as written: everything up to the first blank that is not escaped. */
function headOf(text: string): string {
  let at = text.indexOf(' ')
  while (at > 0 && text.charCodeAt(at - 1) === 92) at = text.indexOf(' ', at + 1)
  return at < 0 ? text : text.slice(0, at)
}

function seriesKey(line: ParsedLine, field: string, kind: SeriesKey['kind']): SeriesKey {
  const sorted = Object.keys(line.tags)
    .sort()
    .map((key) => [key, line.tags[key]])
  const tags = JSON.stringify(Object.fromEntries(sorted))
  const device = line.tags.device ?? line.tags.host ?? ''
  return { key: `${line.measurement}\n${tags}\n${field}\n${kind}`, measurement: line.measurement, device, tags, field, kind }
}
