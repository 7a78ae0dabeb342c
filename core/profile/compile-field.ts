import type { Reading } from './decode.ts'
import { compileTags, compileText, type GroupContext, type Path, refContext } from './group-context.ts'
import { compileMeanings, contactMeanings, wordMeanings } from './meanings.ts'
import type { EnumTable, Field, FieldKind } from './model.ts'
import { type Cell, compileRef, emptyCell } from './refs.ts'
import { type FieldCase, type FieldObject, listOf } from './schema.ts'
import { boundsOf, SOURCE_UNITS, unitFacts, unitOfField } from './units.ts'

type NamedField = FieldObject & { field: string }

export function compileField(data: NamedField, context: GroupContext, path: Path): Field {
  const own = { ...bare(data, context, path), variant: null }
  if (!data.case) return own
  const { by, of, default: otherwise } = data.case
  const variants = new Map<string, Field>()
  for (const [key, item] of Object.entries(of))
    variants.set(key.trim().toLowerCase(), variant(data, item, context, [...path, 'case', 'of', key]))
  return {
    ...own,
    variant: {
      by: compileRef(by, refContext(context, [...path, 'case', 'by'])),
      of: variants,
      otherwise: otherwise === undefined ? null : variant(data, otherwise, context, [...path, 'case', 'default']),
    },
  }
}

/** A case says what differs from the field it stands in. */
function variant(data: NamedField, item: FieldCase, context: GroupContext, path: Path): Field {
  const override = typeof item === 'string' ? { field: item } : item
  const merged: NamedField = { ...data, ...override, field: override.field ?? data.field }
  delete merged.case
  return { ...bare(merged, context, path), variant: null }
}

function bare(data: NamedField, context: GroupContext, path: Path): Omit<Field, 'variant'> {
  const bounds = boundsOf(data.field)
  const target = unitOfField(data.field)
  const meanings = meaningsOf(data)
  const reading: Reading = data.type === undefined || data.type === 'number' ? 'auto' : data.type
  const scale = ratio(data.scale, context, [...path, 'scale'])
  checkConflicts(data, context, path)
  return {
    name: data.field,
    kind: kindOf(data),
    target,
    symbol: target === null ? null : (unitFacts(target)?.symbol ?? target),
    stateful: meanings !== null && [...meanings.values()].some((meaning) => meaning.state !== null),
    source: sourceOf(data, context, path),
    reading,
    extract: data.extract === undefined ? null : new RegExp(data.extract, 'u'),
    expr: compileText(data.expr, context, [...path, 'expr']),
    missing: new Set([...context.missing, ...listOf(data.missing)].map((value) => String(value).trim().toLowerCase())),
    scale,
    offset: ratio(data.offset, context, [...path, 'offset']),
    unit: unitOf(data, context, path),
    auto: autoOf(data),
    min: data.min ?? bounds.min,
    max: data.max ?? bounds.max,
    meanings,
    bitOrder: data.bit_order ?? 'lsb',
    rate: data.rate ? { field: data.rate.field, scale: data.rate.scale ?? 1 } : null,
    discontinuity: data.discontinuity ? compileRef({ oid: data.discontinuity }, refContext(context, [...path, 'discontinuity'])) : null,
    tags: data.tags ? compileTags(data.tags, context, [...path, 'tags']) : null,
    measurement: data.measurement ?? null,
    where: compileText(data.where, context, [...path, 'where']),
  }
}

function kindOf(data: NamedField): FieldKind {
  if (data.counter) return 'counter'
  if (data.bits) return 'bits'
  if (meaningsOf(data)) return data.words && !data.enum ? 'words' : 'enum'
  const numeric = unitOfField(data.field) !== null || data.scale !== undefined || data.expr !== undefined || data.type === 'number'
  const textual = data.type !== undefined && ['text', 'hex', 'mac', 'ip'].includes(data.type)
  return textual && !numeric ? 'text' : 'number'
}

function meaningsOf(data: NamedField): EnumTable | null {
  if (data.bits) return compileMeanings(data.bits)
  if (data.enum) {
    const table = new Map(compileMeanings(data.enum))
    for (const [key, words] of data.words ? wordMeanings(data.words) : []) {
      const known = table.get(key)
      if (known) table.set(key, { ...known, words: words.words })
    }
    return table
  }
  if (data.words) return wordMeanings(data.words)
  return contactMeanings({ normal: data.normal, alarm: data.alarm, fault: data.fault, unknown: data.unknown })
}

/** Only where to look; `extract` and `type` of a field are applied when its value is converted. */
function sourceOf(data: NamedField, context: GroupContext, path: Path): Cell {
  const { column, oid, by, prefix, let: name, index, text, first, join, separator } = data
  const where = { column, oid, by, prefix, let: name, index, text, const: data.const, first, join, separator }
  if (Object.values(where).every((value) => value === undefined)) {
    context.report(path, 'says nowhere to find its value: give oid, column, first, let or index')
    return emptyCell
  }
  return compileRef(where, refContext(context, path))
}

function ratio(rule: number | string | undefined, context: GroupContext, path: Path) {
  return typeof rule === 'string' ? compileText(rule, context, path) : (rule ?? null)
}

function unitOf(data: NamedField, context: GroupContext, path: Path): string | Cell | null {
  const { unit } = data
  if (unit === undefined) return null
  if (typeof unit !== 'string') return compileRef(unit, refContext(context, [...path, 'unit']))
  if (context.lets.has(unit)) return compileRef({ let: unit }, refContext(context, [...path, 'unit']))
  if (!SOURCE_UNITS.includes(unit)) context.report([...path, 'unit'], `unknown unit "${unit}" (there are ${SOURCE_UNITS.join(' ')})`)
  return unit
}

function autoOf(data: NamedField): Field['auto'] {
  if (data.scale_auto === undefined) return null
  if (data.scale_auto !== true) return data.scale_auto
  const above = unitFacts(unitOfField(data.field) ?? '')?.auto
  return above === undefined ? null : { above, divide: 10 }
}

function checkConflicts(data: NamedField, context: GroupContext, path: Path): void {
  if (data.enum && data.bits) context.report(path, 'enum and bits exclude each other')
  if (data.counter && (data.enum || data.bits || data.scale !== undefined))
    context.report(path, 'a counter is kept raw: scale belongs under rate')
  if (data.rate && !data.counter) context.report([...path, 'rate'], 'rate needs counter: true')
  if (data.scale_auto === true && autoOf(data) === null)
    context.report([...path, 'scale_auto'], `"${data.field}" names no unit with a known range: give {above, divide}`)
  if (data.min !== undefined && data.max !== undefined && data.min > data.max) context.report([...path, 'min'], 'min is above max')
}
