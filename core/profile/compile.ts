import { compileField } from './compile-field.ts'
import { compileTags, compileText, type GroupContext, type Path, type Report, refContext, tryExpression } from './group-context.ts'
import { compileMeanings } from './meanings.ts'
import type { Group, Profile } from './model.ts'
import { normalizeOid } from './oid.ts'
import { type Cell, compileRef, type Needs } from './refs.ts'
import { forModel, isRelative, NO_MODEL } from './relative.ts'
import { type FieldObject, type GroupData, listOf, type ProfileData } from './schema.ts'

/**
 * Data of a profile file → something that runs. Every error of meaning goes to `report` with its path; the result is then only good for showing.
 */
export function compileProfile(data: ProfileData, report: Report): Profile {
  const groups = compileGroups(data, report, NO_MODEL)
  if (groups.length === 0 && listOf(data.extends).length === 0 && !data.traps) report([], 'has neither groups nor extends nor traps')
  return { ...headOf(data), groups, relative: isRelative(data) }
}

/** Of data without errors: compiled when its groups are first asked for, as most profiles fit no device of the room. */
export function profileOf(data: ProfileData): Profile {
  const compiled = once(() => compileGroups(data, () => undefined, NO_MODEL))
  const relative = once(() => isRelative(data))
  return {
    ...headOf(data),
    get groups() {
      return compiled()
    },
    get relative() {
      return relative()
    },
  }
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | null = null
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

function headOf(data: ProfileData): Omit<Profile, 'groups' | 'relative'> {
  return {
    name: data.profile,
    title: typeof data.title === 'string' ? { zh: data.title, en: data.title } : data.title,
    class: data.class ?? null,
    priority: data.priority ?? 0,
    match: data.match ?? null,
    extends: listOf(data.extends),
    excludes: listOf(data.excludes),
    data,
  }
}

/** `model`: the device's sysObjectID, for a profile with OIDs relative to it. */
function compileGroups(data: ProfileData, report: Report, model: string): Group[] {
  const seen = new Set<string>()
  return ((isRelative(data) ? forModel(data, model) : data).groups ?? []).map((group, i) => {
    const path: Path = ['groups', i]
    if (seen.has(group.name)) report([...path, 'name'], `a second group "${group.name}"`)
    for (const other of listOf(group.unless)) if (!seen.has(other)) report([...path, 'unless'], `no group "${other}" before this one`)
    seen.add(group.name)
    return compileGroup(data, group, path, report)
  })
}

/** The profile as it is for one device; the same unless it has OIDs relative to the sysObjectID. */
export function profileFor(profile: Profile, sysObjectID: string): Profile {
  if (!profile.relative || sysObjectID === '') return profile
  return { ...headOf(profile.data), relative: true, groups: compileGroups(profile.data, () => undefined, sysObjectID) }
}

const EVERY: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

function compileGroup(profile: ProfileData, data: GroupData, path: Path, report: Report): Group {
  const table = data.table === undefined ? null : normalizeOid(data.table)
  const needs: Needs = { scalars: new Set(), columns: new Set(), rows: new Set() }
  const lets = new Set(Object.keys(data.let ?? {}))
  const context: GroupContext = { table, needs, lets, missing: [...listOf(profile.missing), ...listOf(data.missing)], report }
  const letCells: Record<string, Cell> = {}
  for (const [name, ref] of Object.entries(data.let ?? {})) letCells[name] = compileRef(ref, refContext(context, [...path, 'let', name]))
  const tags = compileTags(data.tags, context, [...path, 'tags'])
  // Rows come from the columns of fields; tags and lets alone make no row.
  if (data.fields !== undefined) needs.rows.clear()
  const fields = fieldsOf(data).map(({ field, at }) => compileField(field, context, [...path, 'fields', at]))
  const { presence } = data
  if (presence) needs.columns.add(`${table}.${presence.column}`)
  if (presence && !table) report([...path, 'presence'], 'presence needs a group with a table')
  if (!presence && fields.length === 0) report(path, 'has no fields')
  const where = compileText(data.where, context, [...path, 'where'])
  checkUnused(data, path, report)
  return {
    profile: profile.profile,
    name: data.name,
    measurement: data.measurement,
    table,
    tags,
    lets: letCells,
    where,
    sameTags: data.same_tags ?? 'number',
    unless: listOf(data.unless),
    everyMs: data.every ? Number.parseInt(data.every, 10) * (EVERY[data.every.slice(-1)] ?? 1000) : 0,
    fields,
    derived: compileDerived(data, path, report),
    presence: presence
      ? {
          column: `${table}.${presence.column}`,
          tag: presence.tag ?? 'alarm',
          field: presence.field ?? 'active',
          known: compileMeanings(presence.known),
        }
      : null,
    needs,
  }
}

function fieldsOf(data: GroupData): { field: FieldObject & { field: string }; at: string | number }[] {
  const { fields } = data
  if (fields === undefined) return []
  if (Array.isArray(fields)) return fields.map((field, at) => ({ field, at }))
  return Object.entries(fields).map(([at, field]) => {
    if (typeof field === 'number') return { field: { column: field, field: at }, at }
    if (typeof field === 'string') return { field: normalizeOid(field) ? { oid: field, field: at } : { let: field, field: at }, at }
    return { field: { ...field, field: field.field ?? at }, at }
  })
}

function compileDerived(data: GroupData, path: Path, report: Report): Group['derived'] {
  return Object.entries(data.derived ?? {}).flatMap(([field, text]) => {
    const expression = tryExpression(text, [...path, 'derived', field], report)
    return expression ? [{ field, expression }] : []
  })
}

function checkUnused(data: GroupData, path: Path, report: Report): void {
  if (data.table === undefined && data.same_tags !== undefined) report([...path, 'same_tags'], 'only a group with a table has rows')
}
