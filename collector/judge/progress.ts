/** How far the journal is judged, and who waits for it. */
export class Progress {
  #next: number
  #stopped = false
  #waiting: { readonly offset: number; readonly resolve: () => void; readonly reject: (error: Error) => void }[] = []

  constructor(next: number) {
    this.#next = next
  }

  /** Next record to judge. */
  get next(): number {
    return this.#next
  }

  /** Resolves when the record at `offset` is done, rejects when the judge stops before. */
  reached(offset: number): Promise<void> {
    if (this.#next > offset) return Promise.resolve()
    if (this.#stopped) return Promise.reject(new Error('the alarm judge has stopped'))
    return new Promise((resolve, reject) => this.#waiting.push({ offset, resolve, reject }))
  }

  advance(next: number): void {
    this.#next = next
    const done = this.#waiting.filter((waiter) => next > waiter.offset)
    if (done.length === 0) return
    this.#waiting = this.#waiting.filter((waiter) => next <= waiter.offset)
    for (const { resolve } of done) resolve()
  }

  stop(): void {
    this.#stopped = true
    for (const { reject } of this.#waiting.splice(0)) reject(new Error('the alarm judge has stopped'))
  }
}
