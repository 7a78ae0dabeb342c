/** OIDs are dotted decimal text without a leading dot. Comparison is by arcs, as SNMP orders them. */

/** Strips a leading dot and blanks (real devices and recordings have both); null when it is no OID. */
export function normalizeOid(text: string): string | null {
  const oid = text.trim().replace(/^\.|\.$/g, '')
  return /^\d+(\.\d+)*$/.test(oid) ? oid : null
}

export function compareOid(a: string, b: string): number {
  return compareArcs(arcsOf(a), arcsOf(b))
}

export function arcsOf(oid: string): number[] {
  return oid === '' ? [] : oid.split('.').map(Number)
}

export function compareArcs(a: readonly number[], b: readonly number[]): number {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** True when `oid` is `root` or lies below it. */
export function isUnder(oid: string, root: string): boolean {
  return oid === root || (oid.length > root.length && oid.startsWith(root) && oid[root.length] === '.')
}

/** What follows `root` in `oid`, without the dot; empty for the root itself. */
export function indexOf(oid: string, root: string): string {
  return oid === root ? '' : oid.slice(root.length + 1)
}
