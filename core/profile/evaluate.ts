import type { Reason } from '../model/reason.ts'
import { convert, meaningOf, passes } from './convert.ts'
import { numberOf, rawOf, textOf } from './decode.ts'
import type { EnumTable, Field, Group, Meaning, ReadValue } from './model.ts'
import { arcsOf, compareArcs } from './oid.ts'
import type { Row } from './refs.ts'
import { Snapshot, type Trouble } from './snapshot.ts'
import type { Varbind, VarbindSource } from './varbind.ts'

/** How one group fared. `no_such`: the device does not have these objects. */
export interface GroupResult {
  readonly group: Group
  readonly reason: Reason
  readonly detail?: string
  readonly values: readonly ReadValue[]
}

/** Tables longer than this are cut: a core switch has some thousand interfaces, a runaway agent has no end. */
export const MAX_ROWS = 20_000

/** Reads groups from a source, most specific first. Never throws for what a device sends; a group that fails leaves the others alone. */
export async function evaluate(groups: readonly Group[], source: VarbindSource): Promise<GroupResult[]> {
  const snapshot = new Snapshot(source)
  await snapshot.fetchScalars(groups.flatMap((group) => [...group.needs.scalars]))
  await snapshot.fetchColumns(groups.flatMap((group) => [...group.needs.columns]))
  const results: GroupResult[] = []
  const claimed = new Map<string, string>()
  for (const group of groups) {
    const answeredInstead = group.unless.some((name) =>
      results.some((other) => other.group.profile === group.profile && other.group.name === name && other.values.some(isGood)),
    )
    if (answeredInstead) continue
    const values = readGroup(group, snapshot).filter(
      (value) => value.oid === '' || (claimed.get(value.oid) ?? group.profile) === group.profile,
    )
    for (const value of values) if (value.oid !== '' && value.quality === 'ok') claimed.set(value.oid, group.profile)
    results.push({ group, values, ...outcome(group, values, snapshot) })
  }
  return results
}

const isGood = (value: ReadValue): boolean => value.quality === 'ok'

function outcome(group: Group, values: readonly ReadValue[], snapshot: Snapshot): { reason: Reason; detail?: string } {
  const trouble = firstTrouble(group, snapshot)
  const good = values.some(isGood)
  if (trouble) return good ? { reason: 'partial', detail: trouble.detail ?? trouble.reason } : trouble
  if (good) return { reason: 'ok' }
  const bad = values.find((value) => value.quality === 'bad_value')
  if (bad) return { reason: 'bad_value', detail: `${bad.field} from ${bad.oid}: ${bad.raw}` }
  return { reason: values.length > 0 ? 'no_data' : 'no_such' }
}

function firstTrouble(group: Group, snapshot: Snapshot): Trouble | null {
  for (const oid of [...group.needs.scalars, ...group.needs.columns]) {
    const trouble = snapshot.trouble(oid)
    if (trouble) return trouble
  }
  return null
}

function readGroup(group: Group, snapshot: Snapshot): ReadValue[] {
  if (group.presence) return readPresence(group, snapshot)
  const rows = group.table === null ? [''] : rowIndexes(group, snapshot)
  const values: ReadValue[] = []
  const taken = new Map<string, string>()
  for (const index of rows) {
    const row = createRow(group, snapshot, index)
    if (!passes(group.where, row)) continue
    const tags = uniqueTags(group, readTags(group.tags, row), index, taken)
    if (tags === null) continue
    for (const field of group.fields) {
      const value = readField(group, field, row, tags)
      if (value) values.push(value)
    }
  }
  return values
}

function rowIndexes(group: Group, snapshot: Snapshot): string[] {
  const indexes = new Set<string>()
  const roots = group.needs.rows.size > 0 ? group.needs.rows : group.needs.columns
  for (const root of roots) for (const index of snapshot.column(root).keys()) indexes.add(index)
  return [...indexes]
    .map((index) => ({ index, arcs: arcsOf(index) }))
    .sort((a, b) => compareArcs(a.arcs, b.arcs))
    .slice(0, MAX_ROWS)
    .map(({ index }) => index)
}

function createRow(group: Group, snapshot: Snapshot, index: string): Row {
  const known = new Map<string, Varbind | null>()
  const row: Row = {
    index,
    named(name) {
      const memo = known.get(name)
      if (memo !== undefined) return memo
      known.set(name, null)
      const cell = group.lets[name]?.(row) ?? null
      known.set(name, cell)
      return cell
    },
    at(root, at, prefix) {
      const column = snapshot.column(root)
      const exact = column.get(at) ?? null
      if (exact || !prefix) return exact
      for (const [key, varbind] of column) if (key.startsWith(`${at}.`)) return varbind
      return null
    },
    scalar: (oid) => snapshot.scalar(oid),
  }
  return row
}

function readTags(cells: Group['tags'], row: Row): Record<string, string> {
  const tags: Record<string, string> = {}
  for (const name in cells) {
    const cell = cells[name]?.(row)
    const text = cell ? textOf(cell).slice(0, 120) : ''
    if (text !== '') tags[name] = text
  }
  return tags
}

/** Two rows must not share a series: a later one gets its index behind the first tag that came from the row, or is dropped. */
function uniqueTags(group: Group, tags: Record<string, string>, index: string, taken: Map<string, string>): Record<string, string> | null {
  if (group.table === null || group.sameTags === 'merge') return tags
  const key = JSON.stringify(tags)
  if (!taken.has(key)) {
    taken.set(key, index)
    return tags
  }
  if (group.sameTags === 'first') return null
  const name = Object.keys(tags).find((tag) => tag !== 'side' && tag !== 'type') ?? 'index'
  return { ...tags, [name]: tags[name] === undefined ? index : `${tags[name]} #${index}` }
}

function readField(group: Group, spec: Field, row: Row, tags: Record<string, string>): ReadValue | null {
  const field = pick(spec, row)
  if (!field) return null
  const cell = field.source(row)
  if (!cell) return null
  if (field.where && !passes(field.where, row, scalarOf(cell))) return null
  const { quality, value, text, state, words } = convert(field, cell, row)
  const discontinuity = field.discontinuity?.(row)
  return {
    profile: group.profile,
    group: group.name,
    oid: cell.oid,
    raw: rawOf(cell),
    kind: field.kind,
    quality,
    value,
    unit: field.symbol,
    text,
    state,
    words,
    measurement: field.measurement ?? group.measurement,
    field: field.name,
    tags: field.tags === null ? tags : { ...tags, ...readTags(field.tags, row) },
    stateful: field.stateful,
    rate: field.rate,
    counterBits: cell.type === 'counter64' ? 64 : 32,
    discontinuity: discontinuity ? Number(numberOf(discontinuity) ?? 0) : null,
  }
}

function scalarOf(cell: Varbind): number | string {
  const number = numberOf(cell)
  return number === null ? textOf(cell) : Number(number)
}

function pick(field: Field, row: Row): Field | null {
  if (!field.variant) return field
  const by = field.variant.by(row)
  const number = by ? numberOf(by) : null
  const text = by ? textOf(by).toLowerCase() : ''
  return (number === null ? undefined : field.variant.of.get(String(number))) ?? field.variant.of.get(text) ?? field.variant.otherwise
}

/** A table that lists only what is wrong: every known entry is told, present or not, so that absence is a value too. */
function readPresence(group: Group, snapshot: Snapshot): ReadValue[] {
  const { presence } = group
  if (!presence) return []
  const base = {
    profile: group.profile,
    group: group.name,
    kind: 'number' as const,
    quality: 'ok' as const,
    unit: null,
    state: null,
    measurement: group.measurement,
    field: presence.field,
    stateful: false,
    rate: null,
    counterBits: 32 as const,
    discontinuity: null,
  }
  const values: ReadValue[] = []
  const present = new Set<string>()
  for (const [index, cell] of snapshot.column(presence.column)) {
    const meaning = presentMeaning(presence.known, textOf(cell))
    const text = meaning?.text ?? textOf(cell)
    if (text === '' || present.has(text)) continue
    present.add(text)
    const row = createRow(group, snapshot, index)
    const tags = { ...readTags(group.tags, row), [presence.tag]: text }
    values.push({ ...base, oid: cell.oid, raw: rawOf(cell), value: 1, text, words: meaning?.words ?? [], tags })
  }
  if (snapshot.trouble(presence.column)) return values
  for (const { text } of presence.known.values()) {
    if (!present.has(text)) values.push({ ...base, oid: '', raw: 0, value: 0, text, words: [], tags: { [presence.tag]: text } })
  }
  return values
}

/** Exact, else by the longest known OID above it, the rest of the arcs behind the name: part 2.1 of `high head pressure`. */
function presentMeaning(known: EnumTable, text: string): Meaning | undefined {
  const exact = meaningOf(known, null, text)
  if (exact || !/^\.?\d+(\.\d+)+$/.test(text)) return exact
  const arcs = text.replace(/^\./, '').split('.')
  for (let length = arcs.length; length > 6; length--) {
    const above = known.get(arcs.slice(0, length).join('.'))
    if (above) return length === arcs.length ? above : { ...above, text: `${above.text} ${arcs.slice(length).join('.')}` }
  }
  return undefined
}
