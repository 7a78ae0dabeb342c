/** What was learnt about one device's limits; kept between runs. `repetitions` = varbinds asked for in one GETBULK answer. */
export interface Tuning {
  repetitions: number
  /** Largest size that was answered so far: silence at or below it is more likely a lost packet. */
  proven: number
  maxOids: number
  bulk: boolean
  /** Version 1 only: objects that made a whole GET fail, not to be asked for again (until the device restarts). */
  readonly absent: Set<string>
  /** Tables that were not answered last time. */
  readonly suspects: Set<string>
  streak: number
  bulkMisses: number
}

export const START_REPETITIONS = 50
const MAX_REPETITIONS = 100
const GROW_AFTER = 10

export function createTuning(options: { readonly maxOids?: number; readonly bulk?: boolean; readonly version: '1' | '2c' | '3' }): Tuning {
  return {
    repetitions: START_REPETITIONS,
    proven: 0,
    maxOids: options.maxOids ?? (options.version === '1' ? 10 : 24),
    bulk: options.version !== '1' && options.bulk !== false,
    absent: new Set(),
    suspects: new Set(),
    streak: 0,
    bulkMisses: 0,
  }
}

/** An answer came as asked: back to what worked before at once, beyond it slowly, after ten answers in a row. */
export function grew(tuning: Tuning): void {
  tuning.bulkMisses = 0
  if (tuning.repetitions < tuning.proven) {
    tuning.repetitions = Math.min(tuning.proven, tuning.repetitions * 2)
    return
  }
  tuning.proven = tuning.repetitions
  if (++tuning.streak < GROW_AFTER) return
  tuning.streak = 0
  tuning.repetitions = Math.min(MAX_REPETITIONS, Math.ceil(tuning.repetitions * 1.2))
}

/** The device said tooBig: this size is not to be tried again. False when it cannot get smaller. */
export function tooBig(tuning: Tuning): boolean {
  const smaller = halved(tuning)
  tuning.proven = Math.min(tuning.proven, tuning.repetitions)
  return smaller
}

/** Silence. A size that has worked is asked for once more as it is; else, and the second time, half as much. */
export function unanswered(tuning: Tuning, tries: number): void {
  tuning.streak = 0
  if (tries === 0 && tuning.repetitions <= tuning.proven) return
  halved(tuning)
  tuning.proven = Math.min(tuning.proven, tuning.repetitions)
}

function halved(tuning: Tuning): boolean {
  tuning.streak = 0
  if (tuning.repetitions <= 1) return false
  tuning.repetitions = Math.max(1, tuning.repetitions >> 1)
  return true
}

/** GETBULK got no answer where GETNEXT did. Once may be a lost packet; three times in a row it is the device. */
export function missedBulk(tuning: Tuning): void {
  if (++tuning.bulkMisses >= 3) tuning.bulk = false
}
