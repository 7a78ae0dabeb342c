import type { Severity } from '../../../core/model/severity.ts'
import { inBlocks } from '../../../core/net/cidr.ts'
import { SYSLOG_LEVELS, type SyslogLevel, type SyslogMessage } from '../../../protocols/syslog/message.ts'
import type { SyslogEncoding } from '../../../protocols/syslog/text.ts'
import { blocksOf } from '../receiving.ts'
import type { SyslogOptions } from './options.ts'

/** What a message means to us. */
export interface Read {
  readonly event: string
  readonly name: string
  readonly severity: Severity
}

/** How messages of one source are read. */
export interface Reader {
  readonly encoding: SyslogEncoding
  /** null: it is only counted. */
  read(message: SyslogMessage): Read | null
}

const USUAL: Readonly<Record<SyslogLevel, Severity>> = {
  emerg: 'emergency',
  alert: 'major',
  crit: 'major',
  err: 'minor',
  warning: 'minor',
  notice: 'info',
  info: 'info',
  debug: 'info',
}
/** A regular expression of the operator's can be slow on long texts. */
const MATCHED_CHARS = 2048

/** True when the source or its device is among names, addresses and blocks. */
export function createSelector(from: readonly string[]): (source: string, device: string | null) => boolean {
  const blocks = blocksOf(from)
  const names = new Set(from)
  return (source, device) => (device !== null && names.has(device)) || inBlocks(blocks, source)
}

/** Gives the reader for a source; the first override and the first pattern that fit count. */
export function createReaders(options: SyslogOptions): (source: string, device: string | null) => Reader {
  const overrides = options.overrides.map((override) => ({ ...override, covers: createSelector(override.from) }))
  const patterns = options.patterns.map((pattern) => ({
    ...pattern,
    regex: new RegExp(pattern.match, 'u'),
    covers: pattern.from ? createSelector(pattern.from) : () => true,
  }))
  return (source, device) => {
    const own = overrides.find((override) => override.covers(source, device))
    const severities = { ...USUAL, ...given(options.severity), ...given(own?.severity ?? {}) }
    const least = SYSLOG_LEVELS.indexOf(own?.level ?? options.level)
    const applying = patterns.filter((pattern) => pattern.covers(source, device))
    return {
      encoding: own?.encoding ?? options.encoding,
      read(message) {
        const text = message.text.slice(0, MATCHED_CHARS)
        const found = applying.find(({ regex }) => regex.test(text))
        if (found?.drop) return null
        // What was named or weighed by hand is wanted whatever the sender thinks of it.
        const wanted = found?.name !== undefined || found?.severity !== undefined
        if (!wanted && SYSLOG_LEVELS.indexOf(message.level) > least) return null
        return {
          event: found?.name ?? 'other',
          name: found?.name ?? message.program ?? 'syslog',
          severity: found?.severity ?? severities[message.level],
        }
      },
    }
  }
}

function given(levels: Partial<Record<SyslogLevel, Severity | undefined>>): Partial<Record<SyslogLevel, Severity>> {
  return Object.fromEntries(Object.entries(levels).filter(([, severity]) => severity !== undefined)) as Partial<
    Record<SyslogLevel, Severity>
  >
}
