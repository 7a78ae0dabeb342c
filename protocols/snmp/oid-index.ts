import { arcsOf, compareArcs } from '../../core/profile/oid.ts'
import type { Varbind } from '../../core/profile/varbind.ts'

/** Varbinds in the order of their OIDs, for GET, GETNEXT and walks without a scan. */
export interface OidIndex {
  readonly size: number
  get(oid: string): Varbind | undefined
  /** Position of the first OID after this one (which need not exist). */
  after(oid: string): number
  at(position: number): Varbind | undefined
}

export function createOidIndex(varbinds: readonly Varbind[]): OidIndex {
  const sorted = varbinds.map((varbind) => ({ varbind, arcs: arcsOf(varbind.oid) })).sort((a, b) => compareArcs(a.arcs, b.arcs))
  const position = new Map(sorted.map(({ varbind }, i) => [varbind.oid, i]))
  return {
    size: sorted.length,
    get: (oid) => sorted[position.get(oid) ?? -1]?.varbind,
    at: (i) => sorted[i]?.varbind,
    after(oid) {
      const known = position.get(oid)
      if (known !== undefined) return known + 1
      const arcs = arcsOf(oid)
      let low = 0
      let high = sorted.length
      while (low < high) {
        const middle = (low + high) >> 1
        const here = sorted[middle]
        if (here && compareArcs(here.arcs, arcs) <= 0) low = middle + 1
        else high = middle
      }
      return low
    },
  }
}
