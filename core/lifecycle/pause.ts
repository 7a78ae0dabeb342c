/** Waits `ms`, or less when the signal aborts or `wake` is called; never rejects. */
export function pause(ms: number, signal: AbortSignal, onWaker?: (wake: () => void) => void): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
    onWaker?.(done)
  })
}
