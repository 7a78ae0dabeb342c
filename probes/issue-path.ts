import type * as v from 'valibot'

/** valibot wants every step of a path with what stands there. */
export function issuePath(value: unknown, path: readonly (string | number)[]): [v.IssuePathItem, ...v.IssuePathItem[]] | undefined {
  let input = value
  const items = path.map((key): v.IssuePathItem => {
    const item = { type: 'unknown', origin: 'value', input, key, value: (input as Record<string | number, unknown>)[key] } as const
    input = item.value
    return item
  })
  const [first, ...rest] = items
  return first ? [first, ...rest] : undefined
}
