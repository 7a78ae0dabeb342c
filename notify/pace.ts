import type { Delivery } from './channel.ts'

/** Times in ms. */
export interface Pace {
  /** Waits before the same channel is tried again; then the next channel's turn comes. */
  readonly retryMs: readonly number[]
  /** Wait after all channels failed, doubled each round up to `maxRoundMs`. */
  readonly roundMs: number
  readonly maxRoundMs: number
  /** One attempt, waiting for the network included. */
  readonly sendMs: number
  readonly checkMs: number
}

export const PACE: Pace = {
  retryMs: [5000, 30_000, 120_000],
  roundMs: 300_000,
  maxRoundMs: 1_800_000,
  sendMs: 200_000,
  checkMs: 60_000,
}

/** Where a person's way through their channels stands. */
export interface Way {
  readonly index: number
  readonly attempt: number
  readonly round: number
  /** Channels that refused for good in this round. */
  readonly refusals: number
}

export const FIRST_WAY: Way = { index: 0, attempt: 0, round: 0, refusals: 0 }

/** `waitMs` until the next attempt. `refused`: every channel said never. */
export interface Step {
  readonly way: Way
  readonly waitMs: number
  readonly refused: boolean
}

/** The one place that decides about trying again. A time that the other side named counts up to the longest own wait; beyond that the next channel is better. */
export function afterDelivery(way: Way, delivery: Delivery, channels: number, pace: Pace): Step {
  if (delivery.result === 'sent') return { way: FIRST_WAY, waitMs: 0, refused: false }
  if (delivery.result === 'retry') {
    const tries = Math.min(delivery.tries ?? pace.retryMs.length, pace.retryMs.length)
    const waitMs = delivery.afterMs ?? pace.retryMs[way.attempt] ?? 0
    const bearable = waitMs <= Math.max(...pace.retryMs, 0)
    if (way.attempt < tries && bearable) return { way: { ...way, attempt: way.attempt + 1 }, waitMs, refused: false }
  }
  const refusals = way.refusals + Number(delivery.result === 'failed' && delivery.permanent)
  if (way.index + 1 < channels) return { way: { ...way, index: way.index + 1, attempt: 0, refusals }, waitMs: 0, refused: false }
  if (refusals >= channels) return { way: FIRST_WAY, waitMs: 0, refused: true }
  const waitMs = Math.min(pace.roundMs * 2 ** Math.min(way.round, 20), pace.maxRoundMs)
  return { way: { index: 0, attempt: 0, round: way.round + 1, refusals: 0 }, waitMs, refused: false }
}
