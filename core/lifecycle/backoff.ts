/** Exponential delays with jitter, without an end: `first`, then doubling up to `cap`, each ±25 %. */
export interface Backoff {
  /** ms to wait before the next attempt. */
  next(): number
  /** After a success. */
  reset(): void
}

export function createBackoff({ firstMs = 500, capMs = 60_000, random = Math.random } = {}): Backoff {
  let attempts = 0
  return {
    next() {
      const plain = Math.min(capMs, firstMs * 2 ** Math.min(attempts++, 30))
      return Math.min(capMs, Math.round(plain * (0.75 + random() * 0.5)))
    },
    reset() {
      attempts = 0
    },
  }
}
