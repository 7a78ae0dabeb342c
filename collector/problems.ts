import type { Counters } from '../core/lifecycle/counters.ts'
import type { Log } from '../core/log/log.ts'

/** What does not work at the moment, by part: shown by /readyz and the panel, counted, logged once per change. */
export class Problems {
  readonly #log: Log
  readonly #counters: Counters
  readonly #lasting = new Map<string, string>()

  constructor(log: Log, counters: Counters) {
    this.#log = log
    this.#counters = counters
  }

  /** Lasts until `recovered` with the same part. */
  raise(part: string, text: string): void {
    if (this.#lasting.get(part) !== text) this.#log.error({ part, problem: text }, 'problem')
    this.#lasting.set(part, text)
    this.#counters.set('jifang_problem', 1, { part })
  }

  recovered(part: string): void {
    if (!this.#lasting.delete(part)) return
    this.#counters.set('jifang_problem', 0, { part })
    this.#log.info({ part }, 'works again')
  }

  /** Something that happened and is over: told and counted. */
  happened(part: string, text: string): void {
    this.#counters.add('jifang_incidents_total', 1, { part })
    this.#log.warn({ part, problem: text }, 'incident')
  }

  list(): string[] {
    return [...this.#lasting].map(([part, text]) => `${part}: ${text}`)
  }
}
