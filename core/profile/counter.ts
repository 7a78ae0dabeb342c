/** A counter as read once. */
export interface CounterReading {
  readonly raw: bigint
  /** Monotonic ms of the poller. */
  readonly at: number
  /** sysUpTime of the device, hundredths of a second, 0 … 2³²−1; null when it gives none. */
  readonly uptime: number | null
  /** Value of the counter's discontinuity object (a sysUpTime); null when there is none. */
  readonly discontinuity: number | null
}

export type RateOutcome =
  | { readonly kind: 'rate'; readonly perSecond: number; readonly wrapped: boolean }
  | { readonly kind: 'none'; readonly because: 'first' | 'gap' | 'reset' | 'no_time' }

const TICKS_WRAP = 2 ** 32

/**
 * Rate between two readings. A gap longer than `maxGapMs` or a reset gives none, never a spike.
 * A smaller value is a wrap only when sysUpTime proves that the device ran on in between.
 */
export function rateBetween(previous: CounterReading | undefined, current: CounterReading, bits: 32 | 64, maxGapMs: number): RateOutcome {
  if (!previous) return { kind: 'none', because: 'first' }
  const elapsed = current.at - previous.at
  if (elapsed <= 0) return { kind: 'none', because: 'no_time' }
  if (elapsed > maxGapMs) return { kind: 'none', because: 'gap' }
  const ran = ranOn(previous, current, elapsed)
  if (ran === 'no') return { kind: 'none', because: 'reset' }
  let delta = current.raw - previous.raw
  let wrapped = false
  if (delta < 0n) {
    if (ran !== 'yes') return { kind: 'none', because: 'reset' }
    delta += 1n << BigInt(bits)
    // More than half of the range forward is a step back: a counter that was cleared.
    if (delta < 0n || delta >= 1n << BigInt(bits - 1) || previous.raw < 1n << BigInt(bits - 1)) return { kind: 'none', because: 'reset' }
    wrapped = true
  }
  return { kind: 'rate', perSecond: Number(delta) / (elapsed / 1000), wrapped }
}

/** Did the device run on between the readings? sysUpTime itself starts over after 497 days (2³² hundredths of a second). */
function ranOn(previous: CounterReading, current: CounterReading, elapsedMs: number): 'yes' | 'no' | 'unknown' {
  if (previous.discontinuity !== null && current.discontinuity !== null && previous.discontinuity !== current.discontinuity) return 'no'
  // Some cards never count sysUpTime: then it proves nothing.
  if (previous.uptime === null || current.uptime === null || previous.uptime === current.uptime) return 'unknown'
  return uptimeContinues(previous.uptime, current.uptime, elapsedMs) ? 'yes' : 'no'
}

/**
 * True when `current` is what sysUpTime should be `elapsedMs` after `previous`, counted modulo 2³².
 * Agents refresh sysUpTime lazily and their clocks drift: 20 s or a fifth of the time are forgiven backwards; forwards anything is.
 */
export function uptimeContinues(previous: number, current: number, elapsedMs: number): boolean {
  const ticks = elapsedMs / 10
  const slack = Math.max(2000, ticks / 5)
  const expected = previous + ticks
  if (current >= previous) return current >= expected - slack
  const behind = expected - TICKS_WRAP - current
  return expected + slack >= TICKS_WRAP && behind <= slack && behind >= -slack
}
