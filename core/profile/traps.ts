import * as v from 'valibot'
import { SEVERITIES, type Severity } from '../model/severity.ts'
import { textOf } from './decode.ts'
import { isUnder, normalizeOid } from './oid.ts'
import type { Varbind } from './varbind.ts'

const oid = v.pipe(v.string(), v.regex(/^\.?\d+(\.\d+)+$/, 'expected an OID such as 1.3.6.1.6.3.1.1.5.3'))
const severity = v.picklist(SEVERITIES)
const words = v.union([v.string(), v.strictObject({ zh: v.string(), en: v.string() })])

/** One entry of a profile's `traps`; what each key means is in config/profiles/README.md. */
export const trapSchema = v.strictObject({
  oid,
  /** A word: it becomes the tag `event`. */
  name: v.pipe(v.string(), v.regex(/^[A-Za-z][A-Za-z0-9_.-]{0,62}$/, 'expected a word of letters, digits, dot, dash and _')),
  title: words,
  severity: v.optional(severity, 'info'),
  /** Everything below `oid` that has no entry of its own. */
  prefix: v.optional(v.boolean(), false),
  varbinds: v.optional(
    v.array(
      v.strictObject({
        oid,
        label: v.optional(v.string()),
        map: v.optional(v.record(v.string(), v.string())),
        severity: v.optional(v.record(v.string(), severity)),
      }),
    ),
    [],
  ),
})
export type TrapInput = v.InferInput<typeof trapSchema>
type TrapEntry = v.InferOutput<typeof trapSchema>

/** What a trap means. */
export interface TrapMeaning {
  /** Word for the tag `event`; `other` when no profile knows the trap. */
  readonly event: string
  /** The word, or the numeric OID of an unknown trap. */
  readonly name: string
  readonly severity: Severity
  /** Title and varbinds; of an unknown trap the varbinds with their OIDs. */
  readonly text: string
}

export interface TrapTable {
  readonly size: number
  explain(oid: string, varbinds: readonly Varbind[], cut?: number): TrapMeaning
}

const MAX_VALUE = 200
const MAX_SHOWN = 24

/** All traps of all profiles; where two name one OID the later profile wins, as the operator's own come last. Entries that are no traps are passed over. */
export function createTrapTable(profiles: readonly unknown[]): TrapTable {
  const exact = new Map<string, TrapEntry>()
  const prefixes = new Map<string, TrapEntry>()
  for (const profile of profiles) {
    const { traps } = (profile ?? {}) as { traps?: unknown }
    for (const raw of Array.isArray(traps) ? (traps as unknown[]) : []) {
      const parsed = v.safeParse(trapSchema, raw)
      if (!parsed.success) continue
      const entry = parsed.output
      if (entry.prefix) prefixes.set(normalizeOid(entry.oid) ?? '', entry)
      else exact.set(canonical(entry.oid), entry)
    }
  }
  const find = (trap: string): TrapEntry | null => {
    const known = exact.get(canonical(trap))
    if (known) return known
    for (let root = trap; root.includes('.'); root = root.slice(0, root.lastIndexOf('.'))) {
      const family = prefixes.get(root)
      if (family) return family
    }
    return null
  }
  return {
    size: exact.size + prefixes.size,
    explain(trap, varbinds, cut = 0) {
      const entry = find(trap)
      return entry ? known(entry, trap, varbinds, cut) : unknown(trap, varbinds, cut)
    },
  }
}

/** Enterprise traps of version 1 become `enterprise.0.N` in version 2; many senders leave the 0 out (RFC 3584 clause 3.1). */
function canonical(oid: string): string {
  return (normalizeOid(oid) ?? oid).replace(/\.0\.(\d+)$/, '.$1')
}

function known(entry: TrapEntry, trap: string, varbinds: readonly Varbind[], cut: number): TrapMeaning {
  let level: Severity = entry.severity
  const parts: string[] = []
  for (const wanted of entry.varbinds) {
    const varbind = varbinds.find((candidate) => isUnder(candidate.oid, normalizeOid(wanted.oid) ?? ''))
    if (!varbind) continue
    const value = valueText(varbind)
    level = wanted.severity?.[value] ?? wanted.severity?.['*'] ?? level
    const word = wanted.map?.[value] ?? wanted.map?.['*'] ?? value
    if (wanted.label !== '') parts.push(wanted.label === undefined ? word : `${wanted.label}=${word}`)
  }
  // Without a list of its own every varbind is worth showing.
  if (entry.varbinds.length === 0) parts.push(...shown(varbinds, cut))
  const title = typeof entry.title === 'string' ? entry.title : entry.title.zh
  const what = entry.prefix && entry.varbinds.length === 0 ? `${title} ${trap}` : title
  return { event: entry.name, name: entry.name, severity: level, text: [what, ...parts].join(' ') }
}

function unknown(trap: string, varbinds: readonly Varbind[], cut: number): TrapMeaning {
  return { event: 'other', name: trap, severity: 'info', text: [trap, ...shown(varbinds, cut)].join(' ') }
}

function shown(varbinds: readonly Varbind[], cut: number): string[] {
  const parts = varbinds.slice(0, MAX_SHOWN).map((varbind) => `${varbind.oid}=${valueText(varbind)}`)
  const left = varbinds.length - parts.length + cut
  return left > 0 ? [...parts, `(+${left})`] : parts
}

function valueText(varbind: Varbind): string {
  const text = textOf(varbind)
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}…` : text
}
