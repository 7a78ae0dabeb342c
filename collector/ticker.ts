import type { Clock } from '../core/lifecycle/clock.ts'
import type { Running } from '../core/lifecycle/stack.ts'
import type { NewRecord } from '../core/segment/types.ts'

/** How often time itself is journalled: the finest step in which alarms can ripen. */
const TICK_MS = 1000

/** Writes a `tick` each second, so that a replay of the journal sees the same time pass. Never two on the way at once. */
export function startTicker(append: (record: NewRecord) => Promise<unknown>, clock: Clock): Running {
  let last: Promise<unknown> | null = null
  const timer = setInterval(() => {
    if (last) return
    last = append({ kind: 'tick', receivedAt: clock.now(), agent: '', session: '', seq: 0, payload: Buffer.alloc(0) }).finally(() => {
      last = null
    })
  }, TICK_MS)
  return {
    async stop() {
      clearInterval(timer)
      await last
    },
  }
}
