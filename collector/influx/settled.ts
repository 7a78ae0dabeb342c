/**
 * How far what a database has acknowledged can be relied on. VictoriaMetrics answers 204 before the data is on its disk, so a kill or a
 * power loss takes the last seconds with it: they are sent again (same series, same time: nothing changes where they had survived).
 */
export interface Settled {
  /** Everything below this was acknowledged at least `settleMs` ago. */
  position(now: number): number
  /** Everything below `position` is acknowledged at `now` (ms, monotonic). */
  acknowledged(position: number, now: number): void
  /** Sending starts again at `position`; what was acknowledged beyond it counts no more. */
  restart(position: number): void
}

const GRAIN_MS = 500

export function trackSettled(start: number, settleMs: number): Settled {
  let settled = start
  let recent: { at: number; position: number }[] = []
  let pending: { since: number; at: number; position: number } | null = null
  const settle = (now: number): number => {
    while (recent[0] && now - recent[0].at >= settleMs) settled = recent.shift()?.position ?? settled
    if (pending && now - pending.at >= settleMs) {
      settled = pending.position
      pending = null
    }
    return settled
  }
  return {
    position: settle,
    acknowledged(position, now) {
      // Put together within a grain: the later time counts for all of it, never too early.
      if (pending && now - pending.since < GRAIN_MS) pending = { ...pending, at: now, position }
      else {
        if (pending) recent.push(pending)
        pending = { since: now, at: now, position }
      }
      settle(now)
    },
    restart(position) {
      settled = Math.min(settled, position)
      recent = []
      pending = null
    },
  }
}
