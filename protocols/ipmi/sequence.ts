/** Sequence numbers: the sliding window of a session (IPMI 2.0 §6.12.11–6.12.13) and the numbers of requests. */

/** Refuses what was seen before and what is too far from the highest number seen. 32 bit, wraps. */
export class SequenceWindow {
  readonly #ahead: number
  readonly #behind: number
  #highest: number | null = null
  /** Bit n: highest − n was seen. */
  #seen = 0

  /** `size` 16 for RMCP+, 8 for IPMI 1.5. */
  constructor(size: 8 | 16) {
    this.#ahead = size - 1
    this.#behind = size
  }

  accept(sequence: number): boolean {
    if (sequence === 0) return false
    if (this.#highest === null) {
      this.#highest = sequence
      this.#seen = 1
      return true
    }
    const step = (sequence - this.#highest) | 0
    if (step > 0) {
      if (step > this.#ahead) return false
      this.#seen = (this.#seen << step) | 1
      this.#highest = sequence
      return true
    }
    if (-step > this.#behind || (this.#seen & (1 << -step)) !== 0) return false
    this.#seen |= 1 << -step
    return true
  }
}

const REQUEST_NUMBERS = 64

/**
 * The 6-bit numbers that pair answers with requests. A number that was sent more than once, or never answered,
 * rests until no late answer can come any more: it could otherwise be taken for the answer to another request.
 */
export class RequestNumbers {
  readonly #free: number[] = Array.from({ length: REQUEST_NUMBERS }, (_, n) => n)
  readonly #resting: { number: number; until: number }[] = []
  readonly #restMs: number

  constructor(restMs: number) {
    this.#restMs = restMs
  }

  /** Null when all are in use or resting. `now` is monotonic, ms. */
  take(now: number): number | null {
    while (this.#resting[0] && this.#resting[0].until <= now) {
      const rested = this.#resting.shift()
      if (rested) this.#free.push(rested.number)
    }
    return this.#free.shift() ?? null
  }

  release(number: number): void {
    this.#free.push(number)
  }

  rest(number: number, now: number): void {
    this.#resting.push({ number, until: now + this.#restMs })
  }

  /** Monotonic time when the next resting number is free again; null when none rests. */
  get nextFree(): number | null {
    return this.#resting[0]?.until ?? null
  }
}

/** Session sequence numbers we send: 1, 2, 3 …, never 0. */
export function sequenceFrom(first: number): () => number {
  let next = first >>> 0
  return () => {
    if (next === 0) next = 1
    const number = next
    next = (next + 1) >>> 0
    return number
  }
}
