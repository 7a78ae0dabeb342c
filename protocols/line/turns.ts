import { ProbeError } from '../../core/model/reason.ts'

/** One at a time: on a line that all share, two requests at once destroy each other. */
export interface Turns {
  /** Runs `work` when it is its turn. Rejects with ProbeError('timeout') when the signal aborts before that. */
  take<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T>
}

export function createTurns(what: string): Turns {
  const waiting: (() => void)[] = []
  let busy = false

  function wait(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(tooLate(what))
    if (!busy) {
      busy = true
      return Promise.resolve()
    }
    return new Promise((resolve, reject) => {
      const go = (): void => {
        signal.removeEventListener('abort', stop)
        resolve()
      }
      const stop = (): void => {
        const at = waiting.indexOf(go)
        if (at >= 0) waiting.splice(at, 1)
        reject(tooLate(what))
      }
      waiting.push(go)
      signal.addEventListener('abort', stop, { once: true })
    })
  }

  return {
    async take(signal, work) {
      await wait(signal)
      try {
        return await work()
      } finally {
        const next = waiting.shift()
        if (next) next()
        else busy = false
      }
    },
  }
}

const tooLate = (what: string): ProbeError => new ProbeError('timeout', `${what} was busy with other requests`)
