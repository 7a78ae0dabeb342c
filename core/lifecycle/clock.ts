import { performance } from 'node:perf_hooks'

/** Time as handed to everything that needs it, so that tests can hold it still. */
export interface Clock {
  /** Wall clock, ms since 1970. */
  now(): number
  /** Never goes backwards, ms. */
  monotonic(): number
}

export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() }
