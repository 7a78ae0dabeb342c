/** Words of RFC 5424 table 2, worst first: the number in a message is the place in this list. */
export const SYSLOG_LEVELS = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'] as const
export type SyslogLevel = (typeof SYSLOG_LEVELS)[number]

export interface SyslogMessage {
  readonly level: SyslogLevel
  /** 0 … 23; 1 (user) when the message has none. */
  readonly facility: number
  /** As the sender calls itself; null when it does not say. */
  readonly host: string | null
  /** Program or module, without the process id. */
  readonly program: string | null
  /** What is to be read: of RFC 5424 the message, with the structured data before it when there is no message. */
  readonly text: string
}

const NOTICE = { level: 'notice', facility: 1 } as const
const STAMP_3164 = /^[A-Z][a-z]{2} [ \d]?\d(?: \d{4})? \d{2}:\d{2}:\d{2}(?:\.\d{1,6})?(?: \d{4})?(?: [A-Z]{3,4})?:? /
const STAMP_ISO = /^\d{4}[-/]\d{1,2}[-/]\d{1,2}[T ]\d{1,2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?:Z| ?[+-]\d{2}:?\d{2})? ?/
const HOST = /^([A-Za-z0-9_.:-]{1,255}) /
/** `sshd[123]:`, `%LINK-3-UPDOWN:`, `IPS:`; devices put more into it than the standard allows. */
const TAG = /^([^\s:[\]]{1,64})(?:\[[^\]]{0,32}\])?: ?/

/** Reads RFC 5424 and everything that devices call RFC 3164: nothing is refused, what is not understood is text. */
export function parseSyslog(line: string): SyslogMessage {
  const head = /^<(\d{1,3})>/.exec(line)
  const priority = head ? Number(head[1]) : Number.NaN
  const valid = head !== null && priority <= 191
  const rest = valid ? line.slice(head[0].length) : line
  const base = valid ? { level: SYSLOG_LEVELS[priority & 7] ?? NOTICE.level, facility: priority >> 3 } : NOTICE
  const modern = /^1 (?=\S+ \S+ \S+ \S+ \S+ )/.test(rest) ? parseModern(rest.slice(2)) : null
  return { ...base, ...(modern ?? parseClassic(rest)) }
}

type Content = Pick<SyslogMessage, 'host' | 'program' | 'text'>

/** RFC 5424 clause 6 behind the version; null when the structured data is broken, then it is read as text. */
function parseModern(rest: string): Content | null {
  const [, , host = '-', program = '-', , , tail = ''] = /^(\S+) (\S+) (\S+) (\S+) (\S+) ([\s\S]*)$/.exec(rest) ?? []
  const end = endOfData(tail)
  if (end < 0) return null
  const message = tail
    .slice(end)
    .replace(/^ /, '')
    .replace(/^\ufeff/, '')
  const data = tail.slice(0, end)
  return { host: named(host), program: named(program), text: message.trim() === '' ? (data === '-' ? '' : data) : message }
}

/** Where the structured data ends: `-`, or elements in brackets whose quoted values may hold `\]`; -1 when it never does. */
function endOfData(text: string): number {
  if (text.startsWith('-')) return 1
  if (!text.startsWith('[')) return -1
  let quoted = false
  for (let at = 1; at < text.length; at++) {
    const character = text[at]
    if (character === '\\' && quoted) at++
    else if (character === '"') quoted = !quoted
    else if (character === ']' && !quoted && text[at + 1] !== '[') return at + 1
  }
  return -1
}

/** A stamp, a host, a tag: each only when it is there. Without a stamp the first word is no host but part of the text. */
function parseClassic(rest: string): Content {
  let text = rest.replace(/^[*.]/, '')
  const stamp = STAMP_3164.exec(text) ?? STAMP_ISO.exec(text)
  let host: string | null = null
  if (stamp) {
    text = text.slice(stamp[0].length)
    const found = HOST.exec(text)
    if (found && !found[0].endsWith(': ')) {
      host = found[1] ?? null
      text = text.slice(found[0].length)
    }
  } else text = rest
  const tag = TAG.exec(text)
  return { host, program: tag ? (tag[1] ?? null) : null, text: tag ? text.slice(tag[0].length) : text }
}

const named = (word: string): string | null => (word === '-' ? null : word)
