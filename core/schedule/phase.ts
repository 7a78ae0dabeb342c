/** FNV-1a of a name as a fraction in [0, 1): the same name gives the same phase on every machine and at every start. */
export function hashFraction(name: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193)
  // FNV's high bits move little for short names; one more round of mixing spreads them.
  hash ^= hash >>> 15
  hash = Math.imul(hash, 0x2c1b3c6d)
  hash ^= hash >>> 13
  return (hash >>> 0) / 2 ** 32
}

/** Everything is measured once soon after the start, spread over this long, ms. */
const START_SPREAD_MS = 5_000

/** A fixed grid `origin + phase + n × interval`, so that a late run delays nothing behind it. All times monotonic ms. */
export interface Phase {
  readonly intervalMs: number
  readonly fraction: number
  /** The first run, soon after `now`. */
  first(now: number): number
  /** The grid time after `now` that is at least half an interval away. */
  next(now: number): number
}

export function createPhase(name: string, intervalMs: number): Phase {
  const fraction = hashFraction(name)
  return {
    intervalMs,
    fraction,
    first: (now) => now + fraction * Math.min(intervalMs, START_SPREAD_MS),
    next(now) {
      const offset = fraction * intervalMs
      return offset + Math.ceil((now + intervalMs / 2 - offset) / intervalMs) * intervalMs
    },
  }
}
