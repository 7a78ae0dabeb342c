import type { Streams } from './streams.ts'

export interface AckDeps {
  readonly streams: Streams
  /** Publishes one acknowledgement. */
  readonly send: (agent: string, session: string, seq: number) => void
}

interface Owed {
  readonly agent: string
  readonly session: string
  /** Something before what came is missing: the agent must see one acknowledgement twice to go back. */
  again: boolean
}

/** Gathers acknowledgements: at most one per stream and group commit. */
export class Acks {
  readonly #deps: AckDeps
  readonly #owed = new Map<string, Owed>()
  readonly #told = new Map<string, number>()
  #planned = false

  constructor(deps: AckDeps) {
    this.#deps = deps
  }

  owe(agent: string, session: string, again = false): void {
    const key = `${agent}/${session}`
    const owed = this.#owed.get(key)
    if (owed) owed.again ||= again
    else this.#owed.set(key, { agent, session, again })
    if (this.#planned) return
    this.#planned = true
    setImmediate(() => this.#flush())
  }

  /** Streams whose agent has gone need not be remembered. */
  forget(): void {
    this.#told.clear()
  }

  #flush(): void {
    this.#planned = false
    for (const [key, { agent, session, again }] of this.#owed) {
      const seq = this.#deps.streams.durable(agent, session)
      const news = this.#told.get(key) !== seq
      const pending = this.#deps.streams.pending(agent, session)
      if (!pending || !again) this.#owed.delete(key)
      // With a commit under way a repeated one would say that something is missing; the commit brings its own.
      if (pending && !news) continue
      this.#told.set(key, seq)
      this.#deps.send(agent, session, seq)
      if (again && news && !pending) this.#deps.send(agent, session, seq)
    }
  }
}
