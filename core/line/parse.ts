import type { FieldValue } from '../model/sample.ts'

/** One accepted line of InfluxDB line protocol. */
export interface ParsedLine {
  readonly measurement: string
  readonly tags: Readonly<Record<string, string>>
  /** Integers as number when they are safe, else bigint; `t`/`true` … as boolean. */
  readonly fields: Readonly<Record<string, FieldValue>>
  /** ms since 1970, with the microseconds as fraction; NaN when the line has no time. */
  readonly time: number
  /** The line as it came. */
  readonly text: string
}

/** Parses every line of `text`; comment lines and empty ones are passed over, a bad one goes to `onError` and the next is tried. */
export function parseLines(text: string, onLine: (line: ParsedLine) => void, onError: (line: string, message: string) => void): void {
  let start = 0
  while (start < text.length) {
    let end = text.indexOf('\n', start)
    if (end < 0) end = text.length
    const line = text.charCodeAt(end - 1) === 13 ? text.slice(start, end - 1) : text.slice(start, end)
    start = end + 1
    if (line === '' || line.charCodeAt(0) === 35) continue
    const parsed = parseLine(line)
    if (typeof parsed === 'string') onError(line, parsed)
    else onLine(parsed)
  }
}

/** Parses one line; a text says what is wrong with it. */
export function parseLine(line: string): ParsedLine | string {
  const seriesEnd = endOfToken(line, 0, SPACE)
  if (seriesEnd <= 0) return 'the measurement is missing'
  if (seriesEnd >= line.length) return 'the fields are missing'
  const series = parseSeries(line.slice(0, seriesEnd))
  if (typeof series === 'string') return series
  const rest = parseAfterSeries(line, seriesEnd)
  return typeof rest === 'string' ? rest : { ...series, ...rest, text: line }
}

/** Fields and time of a line whose series, which ends at `seriesEnd`, is known already. */
export function parseAfterSeries(line: string, seriesEnd: number): Pick<ParsedLine, 'fields' | 'time'> | string {
  const fieldsEnd = endOfFields(line, seriesEnd + 1)
  const fields = parseFields(line.slice(seriesEnd + 1, fieldsEnd))
  if (typeof fields === 'string') return fields
  const stamp = line.slice(fieldsEnd + 1).trim()
  if (stamp !== '' && !/^-?\d{1,19}$/.test(stamp)) return `the time is not a number: ${quote(stamp)}`
  return { fields, time: stamp === '' ? Number.NaN : milliseconds(stamp) }
}

const COMMA = 44
const SPACE = 32
const EQUALS = 61
const QUOTE = 34
const BACKSLASH = 92

const quote = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)

/** Nanoseconds text to ms without losing the microseconds. */
function milliseconds(stamp: string): number {
  if (stamp.length <= 15) return Number(stamp) / 1e6
  return Number(stamp.slice(0, -6)) + Number(stamp.slice(-6)) / 1e6
}

/** Index of the next unescaped `stop`, or the length. */
function endOfToken(text: string, from: number, stop: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === BACKSLASH) at++
    else if (code === stop) return at
  }
  return text.length
}

/** Index of the blank before the time: the first one outside of a text. A quote opens a text only right behind `=`. */
function endOfFields(text: string, from: number): number {
  let quoted = false
  let afterEquals = false
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === BACKSLASH) at++
    else if (code === QUOTE && (quoted || afterEquals)) quoted = !quoted
    else if (code === SPACE && !quoted) return at
    afterEquals = code === EQUALS
  }
  return text.length
}

const plain = (text: string): string => (text.includes('\\') ? text.replace(/\\([,= \\])/g, '$1') : text)

/** An object keeps it to itself: the tag would be lost without a word. */
const RESERVED = '__proto__'

function parseSeries(text: string): { measurement: string; tags: Record<string, string> } | string {
  let at = endOfToken(text, 0, COMMA)
  const measurement = plain(text.slice(0, at))
  if (measurement === '') return 'the measurement is missing'
  const tags: Record<string, string> = {}
  while (at < text.length) {
    const end = endOfToken(text, at + 1, COMMA)
    const equals = endOfToken(text, at + 1, EQUALS)
    if (equals >= end || equals === at + 1 || equals + 1 === end) return `a tag is not key=value: ${quote(text.slice(at + 1, end))}`
    const key = plain(text.slice(at + 1, equals))
    if (key === RESERVED) return `no tag can be called ${RESERVED}`
    // Whoever reads the first and whoever reads the last must not disagree on whose sample it is.
    if (Object.hasOwn(tags, key)) return `the tag ${quote(key)} is there twice`
    tags[key] = plain(text.slice(equals + 1, end))
    at = end
  }
  return { measurement, tags }
}

function parseFields(text: string): Record<string, FieldValue> | string {
  const fields: Record<string, FieldValue> = {}
  let at = 0
  let count = 0
  while (at < text.length) {
    const equals = endOfToken(text, at, EQUALS)
    if (equals >= text.length || equals === at) return `a field is not key=value: ${quote(text.slice(at))}`
    const end = text.charCodeAt(equals + 1) === QUOTE ? endOfString(text, equals + 1) : endOfToken(text, equals + 1, COMMA)
    if (end < 0) return `a text does not end: ${quote(text.slice(equals + 1))}`
    if (end < text.length && text.charCodeAt(end) !== COMMA) return `a comma is missing after ${quote(text.slice(at, end))}`
    const value = parseValue(text.slice(equals + 1, end))
    if (value === undefined) return `not a value: ${quote(text.slice(equals + 1, end))}`
    const key = plain(text.slice(at, equals))
    if (key === RESERVED) return `no field can be called ${RESERVED}`
    fields[key] = value
    count++
    at = end + 1
  }
  return count === 0 ? 'the fields are missing' : fields
}

/** Index behind the closing quote, -1 when there is none. */
function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === BACKSLASH) at++
    else if (code === QUOTE) return at + 1
  }
  return -1
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/
const INTEGER = /^-?\d{1,19}[iu]$/

function parseValue(text: string): FieldValue | undefined {
  if (text.charCodeAt(0) === QUOTE) return text.slice(1, -1).replace(/\\(["\\])/g, '$1')
  if (INTEGER.test(text)) {
    const value = Number(text.slice(0, -1))
    if (Number.isSafeInteger(value)) return value
    const exact = BigInt(text.slice(0, -1))
    return BigInt.asIntN(64, exact) === exact || text.endsWith('u') ? exact : undefined
  }
  if (NUMBER.test(text)) {
    const value = Number(text)
    return Number.isFinite(value) ? value : undefined
  }
  switch (text) {
    case 't':
    case 'T':
    case 'true':
    case 'True':
    case 'TRUE':
      return true
    case 'f':
    case 'F':
    case 'false':
    case 'False':
    case 'FALSE':
      return false
    default:
      return undefined
  }
}
