import type { Path } from '../config/document.ts'

const RANGE = /\[(\d+)-(\d+)\]/g
const MAX_COUNT = 1000

/** How many values `[01-06]` stands for; a text when the range can't be used. */
function countOf(from: string, to: string): number | string {
  const count = Number(to) - Number(from) + 1
  if (count < 1) return `the range [${from}-${to}] must go upwards`
  return count > MAX_COUNT ? `the range [${from}-${to}] has more than ${MAX_COUNT} values` : count
}

/**
 * One entry of devices.yaml whose name holds `[01-06]` becomes one entry per value: every range in every text of it goes
 * in step, therefore all have as many values as the name's. Leading zeros are kept. Entries without a range in their name
 * stay as they are.
 */
export function expandRanges(
  entry: Readonly<Record<string, unknown>>,
  report: (path: Path, message: string) => void,
): Record<string, unknown>[] {
  const first = typeof entry.name === 'string' ? new RegExp(RANGE.source).exec(entry.name) : null
  if (!first) return [{ ...entry }]
  const count = countOf(first[1] ?? '', first[2] ?? '')
  if (typeof count === 'string') {
    report(['name'], count)
    return []
  }
  let wrong = false
  visitTexts(entry, [], (text, path) => {
    for (const [range, from, to] of text.matchAll(RANGE)) {
      const own = countOf(from ?? '', to ?? '')
      if (own === count) continue
      wrong = true
      report(
        path,
        typeof own === 'string'
          ? own
          : `the range ${range} has ${own} values, but the one in the name ${count}: they go in step (in a pattern, write \\d for [0-9])`,
      )
    }
  })
  if (wrong) return []
  return Array.from({ length: count }, (_, step) => substitute(entry, step) as Record<string, unknown>)
}

function substitute(node: unknown, step: number): unknown {
  if (typeof node === 'string') {
    return node.replace(RANGE, (_, from: string) => String(Number(from) + step).padStart(from.startsWith('0') ? from.length : 1, '0'))
  }
  if (Array.isArray(node)) return node.map((item) => substitute(item, step))
  if (typeof node === 'object' && node !== null)
    return Object.fromEntries(Object.entries(node).map(([key, item]) => [key, substitute(item, step)]))
  return node
}

function visitTexts(node: unknown, path: Path, visit: (text: string, path: Path) => void): void {
  if (typeof node === 'string') visit(node, path)
  else if (Array.isArray(node)) for (const [index, item] of node.entries()) visitTexts(item, [...path, index], visit)
  else if (typeof node === 'object' && node !== null)
    for (const [key, item] of Object.entries(node)) visitTexts(item, [...path, key], visit)
}
