import { textOf } from './decode.ts'
import { compareOid, isUnder, normalizeOid } from './oid.ts'
import type { Varbind, VarbindSource } from './varbind.ts'

const SYS_DESCR = '1.3.6.1.2.1.1.1.0'
export const SYS_OBJECT_ID = '1.3.6.1.2.1.1.2.0'
const ENTERPRISES = '1.3.6.1.4.1'
/** More branches than any device has; one that goes on is not walked in order. */
const MAX_BRANCHES = 24

/** What a device tells of itself. */
export interface Facts {
  readonly sysDescr: string
  readonly sysObjectID: string
  /** The first object at or below one of the OIDs that were asked for. */
  probe(oid: string): Varbind | null
  /** Questions without an answer, or not asked yet: the facts may be incomplete. */
  readonly unanswered: number
}

/**
 * Asks for the identity and for `probes`. Most probes lie below one vendor's branch each, and a device has few of them: these are found
 * first, one question each, and only probes below them are asked, which is a tenth of all. Where that can't be trusted (no branch, the
 * branch of sysObjectID is not among them, an order that is none) all are asked, because many boxes lie; but by `quick` only what is no
 * vendor's, or of the vendor that the device names.
 */
export async function readFacts(probes: Iterable<string>, source: VarbindSource, quick = false): Promise<Facts> {
  const identity = await source.get([SYS_DESCR, SYS_OBJECT_ID])
  const text = (oid: string): string => {
    const found = identity.varbinds.find((varbind) => varbind.oid === oid)
    return found ? textOf(found) : ''
  }
  const sysObjectID = normalizeOid(text(SYS_OBJECT_ID)) ?? ''
  const asked = new Map([...probes].map((oid) => [oid, oid.replace(/\.0$/, '')]))
  const branches = await branchesOf(source)
  const trusted = branches.inOrder && branches.roots.length > 0 && isKnown(sysObjectID, branches.roots)
  const all = [...new Set(asked.values())]
  const likely = all.filter((oid) => isKnown(oid, trusted ? branches.roots : [...branches.roots, branchOf(sysObjectID)]))
  const wanted = trusted || quick ? likely : all
  const { following, failed } = await source.next(wanted)
  return {
    sysDescr: text(SYS_DESCR),
    sysObjectID,
    unanswered: failed.length + (trusted ? 0 : all.length - wanted.length),
    probe(oid) {
      const found = following.get(asked.get(oid) ?? oid)
      return found && isUnder(found.oid, oid) && found.type !== 'null' ? found : null
    },
  }
}

/** Below one of the branches, or not a vendor's at all. */
const isKnown = (oid: string, roots: readonly string[]): boolean =>
  !isUnder(oid, ENTERPRISES) || roots.some((root) => isUnder(oid, root) || isUnder(root, oid))

/** `1.3.6.1.4.1.N`, of what is below it. */
const branchOf = (oid: string): string => oid.split('.').slice(0, 7).join('.')

/** The vendors' branches that the device has, `1.3.6.1.4.1.N`. */
async function branchesOf(source: VarbindSource): Promise<{ roots: string[]; inOrder: boolean }> {
  const roots: string[] = []
  for (let at = ENTERPRISES; roots.length < MAX_BRANCHES; ) {
    const { following, failed } = await source.next([at])
    if (failed.length > 0) return { roots, inOrder: false }
    const found = following.get(at)
    if (!found || !isUnder(found.oid, ENTERPRISES)) return { roots, inOrder: !found || compareOid(found.oid, at) > 0 }
    const root = branchOf(found.oid)
    if (compareOid(root, at) < 0 || roots.includes(root)) return { roots, inOrder: false }
    roots.push(root)
    at = `${ENTERPRISES}.${Number(found.oid.split('.')[6]) + 1}`
  }
  return { roots, inOrder: false }
}
