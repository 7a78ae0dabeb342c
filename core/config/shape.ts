import * as v from 'valibot'
import { type Path, quoted, valueAt, type YamlDocument } from './document.ts'
import { didYouMean } from './suggest.ts'
import { kindOf, wordsFor } from './wording.ts'

/** What the walk needs to see of a valibot schema; which of these exist depends on `type`. */
interface Schema extends v.GenericSchema {
  readonly entries?: Readonly<Record<string, Schema>>
  readonly item?: Schema
  readonly items?: readonly Schema[]
  readonly rest?: Schema
  readonly wrapped?: Schema
  readonly value?: Schema
  readonly options?: readonly unknown[]
  readonly key?: string | Schema
  readonly literal?: unknown
  readonly getter?: (input: unknown) => Schema
  readonly pipe?: readonly { readonly kind: string }[]
}

interface Walk {
  /** `key`: the position is the key's, not the value's; `hidden`: and the key is not named. */
  report(path: Path, message: string, at?: 'value' | 'key' | 'hidden'): void
  /** A document with syntax errors: what is missing or empty may only not have been understood, and is not told. */
  readonly broken: boolean
}

/**
 * Validates `value`, found at `at` in the document, and adds every problem to the document: all unknown keys (with what
 * was probably meant), all missing and wrong values, at every depth. valibot itself stops at the first unknown key and
 * skips an object's own checks when a member is bad; therefore containers are walked here and valibot judges the leaves.
 * Returns the output, undefined when there was an error at or below `at`.
 */
export function checkShape<S extends v.GenericSchema>(
  doc: YamlDocument,
  schema: S,
  value: unknown,
  at: Path,
): v.InferOutput<S> | undefined {
  let wrong = 0
  const walk: Walk = {
    broken: doc.broken,
    report(path, message, where = 'value') {
      wrong++
      if (where === 'value') doc.error(path, message)
      else doc.errorAtKey(path, message, where === 'hidden' ? path.slice(0, -1) : path)
    },
  }
  const clean = visit(walk, schema as unknown as Schema, value, at)
  if (!clean || wrong > 0) return undefined
  const result = v.safeParse(schema, value)
  if (result.success) return result.output
  for (const issue of result.issues) walk.report([...at, ...pathOf(issue)], wordsFor(issue))
  return undefined
}

/** True when nothing was wrong with the value or below it. */
function visit(walk: Walk, schema: Schema, value: unknown, path: Path): boolean {
  const clean = visitBare(walk, schema, value, path)
  if (!clean || isLeaf(schema) || !schema.pipe?.some((step, index) => index > 0 && step.kind !== 'metadata')) return clean
  return judge(walk, schema, value, path)
}

function visitBare(walk: Walk, schema: Schema, value: unknown, path: Path): boolean {
  if (walk.broken && value === null) return false
  switch (schema.type) {
    case 'optional':
    case 'exact_optional':
    case 'undefinedable':
    case 'nullable':
    case 'nullish':
    case 'non_optional':
    case 'non_nullish':
      if (value === undefined || (value === null && (schema.type === 'nullable' || schema.type === 'nullish'))) return true
      return visit(walk, schema.wrapped as Schema, value, path)
    case 'lazy':
      return visit(walk, (schema.getter as (input: unknown) => Schema)(value), value, path)
    case 'object':
    case 'strict_object':
    case 'loose_object':
    case 'object_with_rest':
      return visitObject(walk, schema, value, path)
    case 'record':
      if (!isPlain(value)) return wrongKind(walk, path, 'a mapping (`key: value`)', value)
      return every(Object.keys(value), (key) => {
        const keyResult = v.safeParse(schema.key as Schema, key)
        if (!keyResult.success) walk.report([...path, key], wordsFor(keyResult.issues[0]), 'key')
        return visit(walk, schema.value as Schema, value[key], [...path, key]) && keyResult.success
      })
    case 'array':
      if (!Array.isArray(value)) return wrongKind(walk, path, 'a list', value)
      return every([...value.keys()], (index) => visit(walk, schema.item as Schema, value[index], [...path, index]))
    case 'tuple':
    case 'strict_tuple':
    case 'loose_tuple':
    case 'tuple_with_rest':
      return visitTuple(walk, schema, value, path)
    case 'variant':
      return visitVariant(walk, schema, value, path)
    case 'intersect':
      return every(schema.options as readonly Schema[], (option) => visit(walk, option, value, path))
    case 'union':
      if (!isLeaf(schema)) return visitUnion(walk, schema, value, path)
  }
  return judge(walk, schema, value, path)
}

function visitObject(walk: Walk, schema: Schema, value: unknown, path: Path): boolean {
  if (!isPlain(value)) return wrongKind(walk, path, 'a mapping (`key: value`)', value)
  const entries = schema.entries as Record<string, Schema>
  const known = Object.keys(entries)
  let clean = true
  for (const [key, entry] of Object.entries(entries)) {
    if (Object.hasOwn(value, key)) clean = visit(walk, entry, value[key], [...path, key]) && clean
    else if (!/^(exact_optional|optional|nullish|undefinedable)$/.test(entry.type)) {
      if (!walk.broken) walk.report([...path, key], 'is required')
      clean = false
    }
  }
  for (const key of Object.keys(value)) {
    if (Object.hasOwn(entries, key)) continue
    if (schema.type === 'object_with_rest') clean = visit(walk, schema.rest as Schema, value[key], [...path, key]) && clean
    if (schema.type !== 'strict_object') continue
    const meant = didYouMean(key, known)
    // a value that lost its key or a quote looks like a key, even a password: what is no plain word, or has no value, is not repeated
    if (meant === '' && (value[key] === null || !/^[\p{L}\p{N}_.-]{1,32}$/u.test(key)))
      walk.report([...path, key], 'this is no known key: is a colon or a quote missing?', 'hidden')
    else walk.report([...path, key], `unknown key${meant === '' ? `; known here: ${known.join(', ')}` : meant}`, 'key')
    clean = false
  }
  return clean
}

function visitTuple(walk: Walk, schema: Schema, value: unknown, path: Path): boolean {
  const items = schema.items as readonly Schema[]
  if (!Array.isArray(value)) return wrongKind(walk, path, `a list of ${items.length}`, value)
  const exact = schema.type !== 'loose_tuple' && schema.type !== 'tuple_with_rest'
  if (value.length < items.length || (exact && value.length > items.length)) {
    walk.report(path, `must be a list of ${items.length}, has ${value.length}`)
    return false
  }
  return every([...value.keys()], (index) => {
    const item = items[index] ?? schema.rest
    return item ? visit(walk, item, value[index], [...path, index]) : true
  })
}

/** The key that tells the options apart is judged first, so that the other messages are about the option that is meant. */
function visitVariant(walk: Walk, schema: Schema, value: unknown, path: Path): boolean {
  if (!isPlain(value)) return wrongKind(walk, path, 'a mapping (`key: value`)', value)
  const key = schema.key as string
  const options = flatOptions(schema)
  const words = [...new Set(options.flatMap((option) => literalsOf(option.entries?.[key])))]
  if (!Object.hasOwn(value, key)) {
    const optional = options.filter((option) => /optional|nullish/.test(option.entries?.[key]?.type ?? ''))
    if (optional.length > 0) return best(walk, optional, value, path)
    walk.report([...path, key], `is required: one of ${words.join(', ')}`)
    return false
  }
  const meant = options.filter((option) => v.is(option.entries?.[key] as Schema, value[key]))
  if (meant.length > 0) return best(walk, meant, value, path)
  const given = String(value[key])
  walk.report([...path, key], `unknown ${key} ${quoted(given)}${didYouMean(given, words) || `: must be one of ${words.join(', ')}`}`)
  return false
}

function visitUnion(walk: Walk, schema: Schema, value: unknown, path: Path): boolean {
  const options = schema.options as readonly Schema[]
  const kind = kindOf(value)
  const candidates = options.filter((option) => kindsOf(option).includes(kind))
  if (candidates.length > 0) return best(walk, candidates, value, path)
  return wrongKind(walk, path, [...new Set(options.flatMap(kindsOf))].join(' or '), value)
}

/** Reports against the option with the fewest problems. */
function best(walk: Walk, options: readonly Schema[], value: unknown, path: Path): boolean {
  let least: Parameters<Walk['report']>[] | null = null
  for (const option of options) {
    const found: Parameters<Walk['report']>[] = []
    visit({ broken: walk.broken, report: (...args) => found.push(args) }, option, value, path)
    if (found.length === 0) return true
    if (least === null || found.length < least.length) least = found
  }
  for (const args of least ?? []) walk.report(...args)
  return false
}

/** Lets valibot itself judge a whole value: a leaf, or a container whose members are all right. */
function judge(walk: Walk, schema: Schema, value: unknown, path: Path): boolean {
  const result = v.safeParse(schema, value)
  if (result.success) return true
  for (const issue of result.issues) walk.report([...path, ...pathOf(issue)], wordsFor(issue, valueAt(value, pathOf(issue))))
  return false
}

function wrongKind(walk: Walk, path: Path, wanted: string, value: unknown): false {
  walk.report(path, value === null ? `is empty: must be ${wanted}` : `must be ${wanted}, not ${kindOf(value)}`)
  return false
}

const CONTAINER =
  /^(object|strict_object|loose_object|object_with_rest|record|array|tuple|strict_tuple|loose_tuple|tuple_with_rest|variant|intersect|lazy)$/

function isLeaf(schema: Schema): boolean {
  if (schema.wrapped) return isLeaf(schema.wrapped)
  if (schema.type === 'union') return (schema.options as readonly Schema[]).every(isLeaf)
  return !CONTAINER.test(schema.type)
}

/** Which kinds of value (in the words of kindOf) a schema can take. */
function kindsOf(schema: Schema): string[] {
  if (schema.wrapped) return [...kindsOf(schema.wrapped), ...(/null/.test(schema.type) ? ['nothing'] : [])]
  switch (schema.type) {
    case 'string':
      return ['text']
    case 'number':
      return ['a number']
    case 'boolean':
      return ['true or false']
    case 'null':
      return ['nothing']
    case 'literal':
      return [kindOf(schema.literal)]
    case 'picklist':
    case 'enum':
      return [...new Set((schema.options ?? []).map(kindOf))]
    case 'union':
      return [...new Set((schema.options as readonly Schema[]).flatMap(kindsOf))]
    case 'array':
    case 'tuple':
    case 'strict_tuple':
    case 'loose_tuple':
    case 'tuple_with_rest':
      return ['a list']
    case 'any':
    case 'unknown':
    case 'lazy':
      return ['text', 'a number', 'true or false', 'nothing', 'a list', 'a mapping']
    default:
      return ['a mapping']
  }
}

function flatOptions(schema: Schema): Schema[] {
  return (schema.options as readonly Schema[]).flatMap((option) => (option.type === 'variant' ? flatOptions(option) : [option]))
}

function literalsOf(schema: Schema | undefined): string[] {
  if (!schema) return []
  if (schema.wrapped) return literalsOf(schema.wrapped)
  return schema.type === 'literal' ? [String(schema.literal)] : (schema.options ?? []).map(String)
}

const isPlain = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Like Array.every, but visits all. */
function every<T>(items: readonly T[], test: (item: T) => boolean): boolean {
  let all = true
  for (const item of items) all = test(item) && all
  return all
}

const pathOf = (issue: v.BaseIssue<unknown>): (string | number)[] => (issue.path ?? []).map((item) => item.key as string | number)
