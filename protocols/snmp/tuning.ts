/** What was learnt about one device's limits; kept between runs. `repetitions` = varbinds asked for in one GETBULK answer. */
export interface Tuning {
  repetitions: number
  maxOids: number
  bulk: boolean
  /** Version 1 only: objects that made a whole GET fail, not to be asked for again (until the device restarts). */
  readonly absent: Set<string>
  streak: number
  bulkMisses: number
}

export const START_REPETITIONS = 50
const MAX_REPETITIONS = 100
const GROW_AFTER = 10

export function createTuning(options: { readonly maxOids?: number; readonly bulk?: boolean; readonly version: '1' | '2c' | '3' }): Tuning {
  return {
    repetitions: START_REPETITIONS,
    maxOids: options.maxOids ?? (options.version === '1' ? 10 : 24),
    bulk: options.version !== '1' && options.bulk !== false,
    absent: new Set(),
    streak: 0,
    bulkMisses: 0,
  }
}

/** An answer came as asked: after ten of them a little more is tried. */
export function grew(tuning: Tuning): void {
  tuning.bulkMisses = 0
  if (++tuning.streak < GROW_AFTER) return
  tuning.streak = 0
  tuning.repetitions = Math.min(MAX_REPETITIONS, Math.ceil(tuning.repetitions * 1.2))
}

/** tooBig or silence: half as much. False when it cannot get smaller. */
export function halved(tuning: Tuning): boolean {
  tuning.streak = 0
  if (tuning.repetitions <= 1) return false
  tuning.repetitions = Math.max(1, tuning.repetitions >> 1)
  return true
}

/** GETBULK got no answer where GETNEXT did. Once may be a lost packet; three times in a row it is the device. */
export function missedBulk(tuning: Tuning): void {
  if (++tuning.bulkMisses >= 3) tuning.bulk = false
}
