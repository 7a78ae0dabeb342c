import { type ParsedLine, parseLine } from '../../core/line/parse.ts'

/** Why a line is not let in; one word, it stands in the journal before the line. */
export type Refusal = 'unassigned' | 'no_device' | 'wrong_site' | 'no_time' | 'future' | 'unparsable'

export interface Refused {
  readonly reason: Refusal
  readonly message: string
  readonly line: string
}

export interface Vetted {
  readonly accepted: number
  readonly refused: readonly Refused[]
  /** The text with refused lines turned into comments, which databases skip; null when every line was let in as it is. */
  readonly text: string | null
}

export interface VetRules {
  readonly site: string
  /** May this device's samples of this measurement come this way? */
  readonly allowed: (device: string, measurement: string) => boolean
  /** Later samples than this are refused, ms; undefined for no bound. */
  readonly latest: number | undefined
  /** For lines from outside: `host` stands for a missing `device`, the site is added, a missing time is `now` (ms). */
  readonly complete?: { readonly now: number }
}

/** Of lines from outside, in UTF-16 units; an agent's fit into its message. */
const LONGEST_LINE = 64 * 1024

/** Looks at every line of a message (DESIGN §5: what is refused is journalled as refused and blocks nothing behind it). */
export function vet(text: string, rules: VetRules): Vetted {
  const refused: Refused[] = []
  const out: string[] = []
  let accepted = 0
  let changed = false
  for (const raw of text.split('\n')) {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw
    if (line === '' || line.startsWith('#')) {
      if (line !== '') out.push(line)
      continue
    }
    const verdict = judge(line, rules)
    if (typeof verdict === 'string') {
      accepted++
      changed ||= verdict !== raw
      out.push(verdict)
    } else {
      refused.push(verdict)
      changed = true
      out.push(`# ${verdict.reason === 'unparsable' ? 'rejected' : 'refused'} ${verdict.reason} ${line.slice(0, LONGEST_LINE)}`)
    }
  }
  return { accepted, refused, text: changed ? `${out.join('\n')}\n` : null }
}

/**
 * A whole line of numbers without escapes and quotes, as nearly all are: known to be well-formed without taking it apart. Anything else
 * goes through the parser.
 */
const PLAIN =
  /^[^,= "\\]+(?:,[^,= "\\]+=[^,= "\\]+)* [^,= "\\]+=-?(?:\d{1,18}i|\d{1,25}(?:\.\d{1,25})?(?:e[+-]?\d{1,2})?)(?:,[^,= "\\]+=-?(?:\d{1,18}i|\d{1,25}(?:\.\d{1,25})?(?:e[+-]?\d{1,2})?))* \d{16,19}$/

/** The line as it is to be stored, or why not. */
function judge(line: string, rules: VetRules): string | Refused {
  return rules.complete === undefined && PLAIN.test(line) && letIn(line, rules) ? line : examine(line, rules)
}

function letIn(line: string, rules: VetRules): boolean {
  const site = tagOf(line, ',site=')
  const device = tagOf(line, ',device=')
  if (site !== rules.site || device === null || !rules.allowed(device, line.slice(0, line.indexOf(',')))) return false
  return rules.latest === undefined || Number(line.slice(line.lastIndexOf(' ') + 1)) / 1e6 <= rules.latest
}

/** The value of a tag in a line without escapes; null when the series has none, or has it twice. */
function tagOf(line: string, tag: string): string | null {
  const blank = line.indexOf(' ')
  const at = line.indexOf(tag)
  if (at < 0 || at > blank) return null
  const again = line.indexOf(tag, at + 1)
  if (again >= 0 && again < blank) return null
  const comma = line.indexOf(',', at + tag.length)
  return line.slice(at + tag.length, comma < 0 || comma > blank ? blank : comma)
}

function examine(line: string, rules: VetRules): string | Refused {
  if (rules.complete && line.length > LONGEST_LINE)
    return { reason: 'unparsable', message: `the line is longer than ${LONGEST_LINE} characters`, line }
  const parsed = parseLine(line)
  if (typeof parsed === 'string') return { reason: 'unparsable', message: parsed, line }
  const completed = rules.complete ? complete(parsed, rules, rules.complete.now) : parsed
  const { device, site } = completed.tags
  if (device === undefined) return { reason: 'no_device', message: 'the tag device is missing', line }
  if (site !== rules.site) return { reason: 'wrong_site', message: `the tag site is not ${rules.site}`, line }
  if (Number.isNaN(completed.time)) return { reason: 'no_time', message: 'the time is missing', line }
  if (rules.latest !== undefined && completed.time > rules.latest) return { reason: 'future', message: 'the time lies in the future', line }
  if (!rules.allowed(device, parsed.measurement))
    return { reason: 'unassigned', message: `no samples of ${device} are expected this way`, line }
  return completed.text
}

interface Completed {
  readonly tags: Readonly<Record<string, string>>
  readonly time: number
  readonly text: string
}

function complete(parsed: ParsedLine, rules: VetRules, now: number): Completed {
  const { device, host } = parsed.tags
  const tags: Record<string, string> = { site: rules.site, ...parsed.tags }
  let added = parsed.tags.site === undefined ? `,site=${rules.site}` : ''
  if (device === undefined && host !== undefined) {
    tags.device = host
    added += `,device=${host.replace(/[,= ]/g, '\\$&')}`
  }
  const blank = endOfSeries(parsed.text)
  let text = parsed.text.slice(0, blank) + added + parsed.text.slice(blank)
  if (!Number.isNaN(parsed.time)) return { tags, time: parsed.time, text }
  text = `${text.trimEnd()} ${now}000000`
  return { tags, time: now, text }
}

function endOfSeries(line: string): number {
  for (let at = 0; at < line.length; at++) {
    if (line[at] === '\\') at++
    else if (line[at] === ' ') return at
  }
  return line.length
}
