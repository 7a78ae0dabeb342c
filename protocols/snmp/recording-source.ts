import { isUnder } from '../../core/profile/oid.ts'
import type { Varbind, VarbindSource } from '../../core/profile/varbind.ts'
import { createOidIndex } from './oid-index.ts'

/** A recording read like a device. */
export function createRecordingSource(varbinds: readonly Varbind[]): VarbindSource {
  const index = createOidIndex(varbinds)
  return {
    get: async (oids) => ({ varbinds: oids.flatMap((oid) => index.get(oid) ?? []), failed: [] }),
    async columns(roots) {
      const found: Varbind[] = []
      for (const root of roots) {
        for (let i = index.after(root); ; i++) {
          const varbind = index.at(i)
          if (!varbind || !isUnder(varbind.oid, root)) break
          found.push(varbind)
        }
      }
      return { varbinds: found, failed: [] }
    },
    async next(oids) {
      const following = new Map<string, Varbind>()
      for (const oid of oids) {
        const varbind = index.at(index.after(oid))
        if (varbind) following.set(oid, varbind)
      }
      return { varbinds: [...following.values()], failed: [], following }
    },
  }
}
