import * as v from 'valibot'
import { SEVERITIES } from '../../../core/model/severity.ts'
import { SYSLOG_LEVELS } from '../../../protocols/syslog/message.ts'
import type { KindSpec } from '../../kind-spec.ts'
import { receivingEntries } from '../receiving.ts'

const severity = v.picklist(SEVERITIES)
const level = v.picklist(SYSLOG_LEVELS)
const levels = v.strictObject({
  emerg: v.optional(severity),
  alert: v.optional(severity),
  crit: v.optional(severity),
  err: v.optional(severity),
  warning: v.optional(severity),
  notice: v.optional(severity),
  info: v.optional(severity),
  debug: v.optional(severity),
})
const encoding = v.picklist(['auto', 'utf-8', 'gbk'])
/** Device names, addresses or blocks. */
const from = v.array(v.pipe(v.string(), v.minLength(1)))
const word = v.pipe(v.string(), v.regex(/^[A-Za-z][A-Za-z0-9_.-]{0,62}$/, 'must be a word of letters, digits, dot, dash and _'))

const options = v.strictObject({
  ...receivingEntries({ port: 514, rate: 100, burst: 1000 }),
  protocols: v.optional(v.pipe(v.array(v.picklist(['udp', 'tcp'])), v.minLength(1)), ['udp', 'tcp']),
  encoding: v.optional(encoding, 'auto'),
  /** Messages below this are counted, not told one by one. */
  level: v.optional(level, 'notice'),
  /** Severity of a level; emerg is emergency, alert and crit major, err and warning minor, the rest info. */
  severity: v.optional(levels, {}),
  /** What is different for some sources; the first that fits. */
  overrides: v.optional(
    v.array(v.strictObject({ from, level: v.optional(level), severity: v.optional(levels, {}), encoding: v.optional(encoding) })),
    [],
  ),
  /** What a text means; the first that fits. `name` becomes the tag `event`. */
  patterns: v.optional(
    v.array(
      v.strictObject({
        match: v.pipe(v.string(), v.check(isRegex, 'must be a regular expression')),
        name: v.optional(word),
        severity: v.optional(severity),
        drop: v.optional(v.boolean(), false),
        from: v.optional(from),
      }),
    ),
    [],
  ),
  /** Senders that pass on messages of others: in theirs the host name says whose it is. */
  relays: v.optional(from, []),
})
export type SyslogOptions = v.InferOutput<typeof options>

export const syslogKind: KindSpec = {
  options,
  intervalMs: 60_000,
  timeoutMs: 10_000,
  where: 'push',
  manySources: true,
  secrets: [],
  title: { zh: 'syslog', en: 'syslog' },
}

function isRegex(source: string): boolean {
  try {
    return new RegExp(source, 'u') instanceof RegExp
  } catch {
    return false
  }
}
