import { decodeText, type Reading, textOf } from './decode.ts'
import { normalizeOid } from './oid.ts'
import { listOf, type Ref, type RefObject } from './schema.ts'
import type { Varbind } from './varbind.ts'

/** What a row of a table (or the one row of a scalar group) can look at. */
export interface Row {
  /** Index arcs as text, empty in a scalar group. */
  readonly index: string
  /** Value of a `let` name; null when unknown or missing. */
  named(name: string): Varbind | null
  /** Value below a column root at an index. `prefix`: the first one whose index starts with it. */
  at(column: string, index: string, prefix: boolean): Varbind | null
  scalar(oid: string): Varbind | null
}

export type Cell = (row: Row) => Varbind | null

/** Objects that a group asks for. `rows` are the columns whose indexes make the rows. */
export interface Needs {
  readonly scalars: Set<string>
  readonly columns: Set<string>
  readonly rows: Set<string>
}

export interface RefContext {
  readonly table: string | null
  readonly needs: Needs
  readonly lets: ReadonlySet<string>
  fail(message: string): void
}

export const emptyCell: Cell = () => null

/** `constant`: a text is itself (tags) and not an OID or a `let` name. */
export function compileRef(ref: Ref, context: RefContext, constant = false): Cell {
  if (typeof ref === 'number') return column(String(ref), context)
  if (typeof ref === 'string') {
    if (constant) return () => constantCell(ref)
    const oid = ref.includes('.') ? normalizeOid(ref) : null
    return oid ? object({ oid }, context) : named(ref, context)
  }
  const base = source(ref, context)
  return decorate(ref, base)
}

function source(ref: RefObject, context: RefContext): Cell {
  if (ref.first) {
    const cells = ref.first.map((item) => compileRef(item, context))
    return (row) => {
      for (const cell of cells) {
        const found = cell(row)
        if (found && textOf(found) !== '') return found
      }
      return null
    }
  }
  if (ref.join)
    return joined(
      ref.join.map((item) => compileRef(item, context, true)),
      ref.separator ?? ' ',
    )
  if (ref.column !== undefined) return column(String(ref.column), context)
  if (ref.oid !== undefined) return object(ref, context)
  if (ref.let !== undefined) return named(ref.let, context)
  if (ref.index !== undefined) return indexPart(ref)
  if (ref.const !== undefined) {
    const value = ref.const
    return () => constantCell(typeof value === 'boolean' ? Number(value) : value)
  }
  context.fail('says nowhere to find a value: give column, oid, index, let, first, join or const')
  return emptyCell
}

function column(name: string, context: RefContext): Cell {
  if (!/^\d+(\.\d+)*$/.test(name)) {
    context.fail(`"${name}" is no column number`)
    return emptyCell
  }
  if (context.table === null) {
    context.fail(`column ${name} needs a group with a table`)
    return emptyCell
  }
  const root = `${context.table}.${name}`
  context.needs.columns.add(root)
  context.needs.rows.add(root)
  return (row) => row.at(root, row.index, false)
}

function object(ref: RefObject, context: RefContext): Cell {
  const oid = normalizeOid(ref.oid ?? '') ?? ''
  if (context.table === null || (oid.endsWith('.0') && ref.by === undefined)) {
    context.needs.scalars.add(oid)
    return (row) => row.scalar(oid)
  }
  context.needs.columns.add(oid)
  const prefix = ref.prefix === true
  const { by } = ref
  if (by === undefined || by === 'all') return (row) => row.at(oid, row.index, prefix)
  if (typeof by === 'object' && !Array.isArray(by)) {
    const pointer = column(String(by.column), context)
    return (row) => {
      const target = pointer(row)
      return target ? row.at(oid, textOf(target), prefix) : null
    }
  }
  const parts = listOf(by)
  return (row) => row.at(oid, pickParts(row.index, parts), prefix)
}

function named(name: string, context: RefContext): Cell {
  if (!context.lets.has(name)) context.fail(`"${name}" is neither an OID nor a name under let`)
  return (row) => row.named(name)
}

function indexPart(ref: RefObject): Cell {
  const { index } = ref
  return (row) => {
    if (row.index === '') return null
    if (ref.text === true) return constantCell(indexText(row.index, typeof index === 'number' ? index : 1))
    const text = index === 'all' || index === undefined ? row.index : pickParts(row.index, listOf(index))
    return text === '' ? null : constantCell(text)
  }
}

/** Parts count from 1, negative from the end; `=5` is the constant arc 5. */
function pickParts(index: string, parts: readonly (number | string)[]): string {
  const arcs = index.split('.')
  const picked = parts.map((part) => {
    if (typeof part === 'string') return part.startsWith('=') ? part.slice(1) : arcs[Number(part) - 1]
    return part < 0 ? arcs[arcs.length + part] : arcs[part - 1]
  })
  return picked.some((part) => part === undefined) ? '' : picked.join('.')
}

/** Text within an index, from a part on: length-prefixed when the first arc is a fitting length, else to the end (IMPLIED). */
function indexText(index: string, from: number): string {
  const arcs = index
    .split('.')
    .map(Number)
    .slice(from - 1)
  const length = arcs[0] ?? 0
  const bytes = length > 0 && length < arcs.length && arcs.slice(1, length + 1).every((arc) => arc >= 32) ? arcs.slice(1, length + 1) : arcs
  return decodeText(Uint8Array.from(bytes.map((arc) => arc & 255))).trim()
}

function joined(cells: readonly Cell[], separator: string): Cell {
  return (row) => {
    const texts = cells.map((cell) => cell(row)).map((found) => (found ? textOf(found) : ''))
    const text = texts.filter((part) => part !== '').join(separator)
    return text === '' ? null : constantCell(text)
  }
}

/** `extract`, `map`, `default` and `type` of a reference; the OID stays that of the value read. */
function decorate(ref: RefObject, base: Cell): Cell {
  const reading: Reading = ref.type === undefined || ref.type === 'number' || ref.type === 'text' ? 'auto' : ref.type
  const pattern = ref.extract === undefined ? null : new RegExp(ref.extract, 'u')
  const { map } = ref
  if (!pattern && !map && ref.default === undefined && reading === 'auto') return base
  return (row) => {
    const found = base(row)
    let text = found ? textOf(found, reading) : ''
    if (pattern) {
      const match = pattern.exec(text)
      text = match ? (match[1] ?? match[0]) : ''
    }
    if (map && text !== '') text = Object.hasOwn(map, text) ? (map[text] ?? '') : (map['*'] ?? (ref.default !== undefined ? '' : text))
    if (text === '') text = ref.default ?? ''
    return text === '' ? null : { ...constantCell(text), oid: found?.oid ?? '' }
  }
}

/** A value that no device sent: text or number of the profile itself. */
export function constantCell(value: string | number): Varbind {
  if (typeof value === 'number') return { oid: '', type: 'integer', value }
  return { oid: '', type: 'ip', value }
}
