/** Runs tasks one after the other, in the order they came. The store has two: one that writes, one that answers queries. */
export class Lane {
  #last: Promise<unknown> = Promise.resolve()
  #waiting = 0

  /** Tasks that wait or run. */
  get length(): number {
    return this.#waiting
  }

  run<T>(task: () => Promise<T>): Promise<T> {
    this.#waiting++
    const turn = this.#last.then(task).finally(() => {
      this.#waiting--
    })
    this.#last = turn.catch(() => undefined)
    return turn
  }
}
