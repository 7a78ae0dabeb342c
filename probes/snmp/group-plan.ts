import type { GroupResult } from '../../core/profile/evaluate.ts'
import type { Group } from '../../core/profile/model.ts'

/** A group the device does not have is looked for again after this, ms. */
const LOOK_AGAIN_MS = 600_000

/** Which groups to read in a run: slow ones at their own pace, absent ones seldom. */
export interface GroupPlan {
  due(groups: readonly Group[], now: number): Group[]
  learn(results: readonly GroupResult[], now: number): void
  reset(): void
}

export function createGroupPlan(): GroupPlan {
  const notBefore = new Map<string, number>()
  const keyOf = (group: Group): string => `${group.profile}.${group.name}`
  return {
    due: (groups, now) => groups.filter((group) => (notBefore.get(keyOf(group)) ?? 0) <= now),
    learn(results, now) {
      for (const { group, reason } of results) {
        const wait =
          reason === 'no_such' ? Math.max(LOOK_AGAIN_MS, group.everyMs) : reason === 'ok' || reason === 'no_data' ? group.everyMs : 0
        if (wait > 0) notBefore.set(keyOf(group), now + wait)
      }
    },
    reset: () => notBefore.clear(),
  }
}
