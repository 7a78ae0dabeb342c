import type { Owed } from './ledger.ts'

type Item = Pick<Owed, 'about' | 'entry'>

const isEmergency = (item: Item): boolean => item.entry.alarm.severity === 'emergency'

/** When one person may get the next message; all times monotonic, ms. */
export class Allowance {
  readonly #intervalMs: number
  #last = Number.NEGATIVE_INFINITY
  #lastBegun = Number.NEGATIVE_INFINITY
  #lastEnded = Number.NEGATIVE_INFINITY

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs
  }

  /** One message in each interval. The beginning of an emergency waits only for the last one that told of such a beginning, its end for the last such end: a fire is not held up by a disk. */
  next(items: readonly Item[]): number {
    let last = this.#last
    for (const item of items) if (isEmergency(item)) last = Math.min(last, item.about === 'end' ? this.#lastEnded : this.#lastBegun)
    return last + this.#intervalMs
  }

  used(items: readonly Item[], at: number): void {
    this.#last = Math.max(this.#last, at)
    for (const item of items.filter(isEmergency)) {
      if (item.about === 'end') this.#lastEnded = Math.max(this.#lastEnded, at)
      else this.#lastBegun = Math.max(this.#lastBegun, at)
    }
  }
}
