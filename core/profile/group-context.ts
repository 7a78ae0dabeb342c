import { compileExpression, type Expression, ExpressionError } from './expression.ts'
import { type Cell, compileRef, type Needs, type RefContext } from './refs.ts'
import type { TagsData } from './schema.ts'

export type Path = readonly (string | number)[]
export type Report = (path: Path, message: string) => void

/** What compiling a group passes around. */
export interface GroupContext {
  readonly table: string | null
  readonly needs: Needs
  readonly lets: ReadonlySet<string>
  readonly missing: readonly (string | number | boolean)[]
  readonly report: Report
}

export function compileTags(tags: TagsData | undefined, context: GroupContext, path: Path): Record<string, Cell> {
  const cells: Record<string, Cell> = {}
  for (const [name, ref] of Object.entries(tags ?? {})) cells[name] = compileRef(ref, refContext(context, [...path, name]), true)
  return cells
}

export function refContext(context: GroupContext, path: Path): RefContext {
  return { table: context.table, needs: context.needs, lets: context.lets, fail: (message) => context.report(path, message) }
}

const OWN_NAMES = new Set(['value', 'row_index'])

/** An expression whose names must be `value`, `row_index` or a `let` of the group. */
export function compileText(text: string | undefined, context: GroupContext, path: Path): Expression | null {
  if (text === undefined) return null
  const expression = tryExpression(text, path, context.report)
  for (const name of expression?.names ?? []) {
    if (!OWN_NAMES.has(name) && !context.lets.has(name)) context.report(path, `"${name}" is not under let`)
  }
  return expression
}

export function tryExpression(text: string, path: Path, report: Report): Expression | null {
  try {
    return compileExpression(text)
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    report(path, error.message)
    return null
  }
}
