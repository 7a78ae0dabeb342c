/** What a level or clause asks of a value; written in rules as text, e.g. `> 90`, `has OB`, `in [alarm, fault]`, `outside 198..242`. */
export type Test =
  | { readonly op: '>' | '>=' | '<' | '<='; readonly number: number; readonly text: string }
  | { readonly op: '==' | '!='; readonly value: Scalar; readonly text: string }
  | { readonly op: 'has' | 'not has'; readonly words: readonly string[]; readonly text: string }
  | { readonly op: 'in' | 'not in'; readonly values: readonly Scalar[]; readonly text: string }
  | { readonly op: 'outside' | 'inside'; readonly low: number; readonly high: number; readonly text: string }

/** A measured value as rules see it: booleans are 0 and 1, 64-bit integers are rounded to a double. */
export type Scalar = number | string

/** Width of the default hysteresis of a numeric level, as a share of its threshold. */
const BAND = 0.03

const NUMBER = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(%|°C|℃|[A-Za-z/µ]*)$/
const RANGE = /^([+-]?(?:\d+\.?\d*|\.\d+))\s*(?:\.\.|~)\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*(?:%|°C|℃|[A-Za-z/µ]*)$/

/** The test written in `text`, or why it can't be understood. A unit behind a number is for the reader and is dropped. */
export function parseTest(text: string): Test | { readonly error: string } {
  const trimmed = text.trim()
  const compare = /^(>=|<=|>|<)\s*(.+)$/.exec(trimmed)
  if (compare) return parseCompare(compare[1] as '>' | '>=' | '<' | '<=', compare[2] ?? '', trimmed)
  const equal = /^(==|!=|=)\s*(.+)$/.exec(trimmed)
  if (equal) return { op: equal[1] === '!=' ? '!=' : '==', value: scalar(equal[2] ?? ''), text: trimmed }
  const list = /^(not\s+)?(has|in)\s+(.+)$/.exec(trimmed)
  if (list) return parseList(list[1] !== undefined, list[2] as 'has' | 'in', list[3] ?? '', trimmed)
  const range = /^(outside|inside)\s+(.+)$/.exec(trimmed)
  if (range) return parseRange(range[1] as 'outside' | 'inside', range[2] ?? '', trimmed)
  return {
    error: `can't understand ${JSON.stringify(text)}: use e.g. "> 90", "<= 5", "== 1", "has OB", "in [alarm, fault]", "outside 198..242"`,
  }
}

function parseCompare(op: '>' | '>=' | '<' | '<=', right: string, text: string): Test | { error: string } {
  const match = NUMBER.exec(right.trim())
  if (!match) return { error: `${JSON.stringify(text)} needs a number behind ${op}` }
  return { op, number: Number(match[1]), text }
}

function parseList(not: boolean, op: 'has' | 'in', right: string, text: string): Test | { error: string } {
  const bare = right.trim().replace(/^\[(.*)\]$/s, '$1')
  const items = bare.split(op === 'has' ? /[\s,|]+/ : /\s*,\s*/).filter((item) => item !== '')
  if (items.length === 0) return { error: `${JSON.stringify(text)} names nothing` }
  if (op === 'has') return { op: not ? 'not has' : 'has', words: items.map(unquote), text }
  return { op: not ? 'not in' : 'in', values: items.map(scalar), text }
}

function parseRange(op: 'outside' | 'inside', right: string, text: string): Test | { error: string } {
  const match = RANGE.exec(right.trim())
  if (!match) return { error: `${JSON.stringify(text)} needs a range such as 198..242` }
  const low = Number(match[1])
  const high = Number(match[2])
  if (low >= high) return { error: `${JSON.stringify(text)}: the lower end must be smaller than the upper end` }
  return { op, low, high, text }
}

const unquote = (text: string): string => text.trim().replace(/^(['"])(.*)\1$/s, '$2')

function scalar(text: string): Scalar {
  const trimmed = text.trim()
  const match = NUMBER.exec(trimmed)
  return match && /^(%|°C|℃|)$/.test(match[2] ?? '') ? Number(match[1]) : unquote(trimmed)
}

/** True when the value passes. A text never passes a numeric comparison and a number never `has` a word. */
export function holds(test: Test, value: Scalar): boolean {
  switch (test.op) {
    case '>':
      return typeof value === 'number' && value > test.number
    case '>=':
      return typeof value === 'number' && value >= test.number
    case '<':
      return typeof value === 'number' && value < test.number
    case '<=':
      return typeof value === 'number' && value <= test.number
    case '==':
      return same(value, test.value)
    case '!=':
      return !same(value, test.value)
    case 'has':
      return hasAny(value, test.words)
    case 'not has':
      return !hasAny(value, test.words)
    case 'in':
      return test.values.some((wanted) => same(value, wanted))
    case 'not in':
      return !test.values.some((wanted) => same(value, wanted))
    case 'outside':
      return typeof value === 'number' && (value < test.low || value > test.high)
    case 'inside':
      return typeof value === 'number' && value >= test.low && value <= test.high
  }
}

const same = (value: Scalar, wanted: Scalar): boolean => value === wanted || String(value) === String(wanted)

/** Status texts are words with blanks between them (`OB DISCHRG`), as NUT writes them. */
function hasAny(value: Scalar, words: readonly string[]): boolean {
  return typeof value === 'string' && value.split(/[\s,]+/).some((word) => words.includes(word))
}

/** When a level without `clear` ends: a band of 3 % behind the threshold for numbers, the complement for everything else. */
export function defaultClear(fire: Test): Test {
  switch (fire.op) {
    case '>':
    case '>=': {
      const number = round(fire.number - Math.abs(fire.number) * BAND)
      return fire.op === '>' ? { op: '<=', number, text: `<= ${number}` } : { op: '<', number, text: `< ${number}` }
    }
    case '<':
    case '<=': {
      const number = round(fire.number + Math.abs(fire.number) * BAND)
      return fire.op === '<' ? { op: '>=', number, text: `>= ${number}` } : { op: '>', number, text: `> ${number}` }
    }
    case 'outside': {
      const band = (fire.high - fire.low) * BAND
      return inside(round(fire.low + band), round(fire.high - band))
    }
    default:
      return complement(fire)
  }
}

const inside = (low: number, high: number): Test => ({ op: 'inside', low, high, text: `inside ${low}..${high}` })
const round = (number: number): number => Number(number.toPrecision(12))

const OPPOSITE = { '==': '!=', '!=': '==', has: 'not has', 'not has': 'has', in: 'not in', 'not in': 'in' } as const

function complement(test: Test): Test {
  switch (test.op) {
    case '==':
    case '!=':
      return { op: OPPOSITE[test.op], value: test.value, text: `${OPPOSITE[test.op]} ${test.value}` }
    case 'has':
    case 'not has':
      return { op: OPPOSITE[test.op], words: test.words, text: `${OPPOSITE[test.op]} ${test.words.join(' ')}` }
    case 'in':
    case 'not in':
      return { op: OPPOSITE[test.op], values: test.values, text: `${OPPOSITE[test.op]} [${test.values.join(', ')}]` }
    case 'inside':
      return { op: 'outside', low: test.low, high: test.high, text: `outside ${test.low}..${test.high}` }
    default:
      return test
  }
}
