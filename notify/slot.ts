/** One at a time; who waits with the highest rank is next, among equals who came first. */
export class Slot {
  #busy = false
  readonly #waiting: { rank: number; start: () => void }[] = []

  get waiting(): number {
    return this.#waiting.length
  }

  /** Resolves with the function that frees the slot again. */
  async take(rank: number): Promise<() => void> {
    if (this.#busy) {
      await new Promise<void>((resolve) => {
        const after = this.#waiting.findIndex((other) => other.rank < rank)
        this.#waiting.splice(after === -1 ? this.#waiting.length : after, 0, { rank, start: resolve })
      })
    }
    this.#busy = true
    let freed = false
    return () => {
      if (freed) return
      freed = true
      const next = this.#waiting.shift()
      if (next) next.start()
      else this.#busy = false
    }
  }
}
