/** One stream that is known, as it is kept over restarts. */
export interface StreamState {
  readonly agent: string
  readonly session: string
  /** The seq expected next. */
  readonly next: number
  /** When it was heard last, ms. */
  readonly at: number
}

interface Stream {
  next: number
  /** All seq up to here are on disk, or were declared gone by `base`. */
  durable: number
  at: number
}

/**
 * `take`: journal it, then call `stored` or `failed` · `duplicate`: was taken before · `early`: something before it is missing.
 * The last two are answered with the current acknowledgement.
 */
export type Verdict = 'take' | 'duplicate' | 'early'

/** Sessions of one agent that are remembered; an agent makes a new one at every start. */
const SESSIONS_PER_AGENT = 256

/** What of each (agent, session) has come: the rules that make the journal hold each seq once and in order (DESIGN §5). Pure. */
export class Streams {
  readonly #agents = new Map<string, Map<string, Stream>>()
  #gone = 0

  /** Messages that agents declared gone by `base` before they came. */
  get gone(): number {
    return this.#gone
  }

  offer(agent: string, header: { readonly session: string; readonly seq: number; readonly base: number }, at: number): Verdict {
    const { session, seq } = header
    // An agent holds what it publishes, so its base is never above; the first seq is 1.
    const base = Math.max(1, Math.min(header.base, seq))
    const stream = this.#stream(agent, session, base)
    stream.at = at
    if (base > stream.next) {
      this.#gone += base - stream.next
      stream.next = base
      stream.durable = base - 1
    }
    if (seq < stream.next) return 'duplicate'
    if (seq > stream.next) return 'early'
    stream.next = seq + 1
    return 'take'
  }

  stored(agent: string, session: string, seq: number): void {
    const stream = this.#agents.get(agent)?.get(session)
    if (stream && seq > stream.durable) stream.durable = seq
  }

  /** It could not be journalled, nor anything taken after it. */
  failed(agent: string, session: string, seq: number): void {
    const stream = this.#agents.get(agent)?.get(session)
    if (stream && seq < stream.next) stream.next = Math.max(seq, stream.durable + 1)
  }

  /** What may be acknowledged. */
  durable(agent: string, session: string): number {
    return this.#agents.get(agent)?.get(session)?.durable ?? 0
  }

  /** True while something taken waits for the disk. */
  pending(agent: string, session: string): boolean {
    const stream = this.#agents.get(agent)?.get(session)
    return stream !== undefined && stream.durable < stream.next - 1
  }

  /** A record found in the journal at start. */
  seen(agent: string, session: string, seq: number, at: number): void {
    const stream = this.#stream(agent, session, seq)
    stream.at = Math.max(stream.at, at)
    if (seq < stream.next) return
    stream.next = seq + 1
    stream.durable = seq
  }

  restore(states: readonly StreamState[]): void {
    for (const { agent, session, next, at } of states) {
      const stream = this.#stream(agent, session, next)
      stream.next = next
      stream.durable = next - 1
      stream.at = at
    }
  }

  /** Only what is on disk. */
  states(): StreamState[] {
    const states: StreamState[] = []
    for (const [agent, sessions] of this.#agents)
      for (const [session, { durable, at }] of sessions) states.push({ agent, session, next: durable + 1, at })
    return states
  }

  #stream(agent: string, session: string, base: number): Stream {
    let sessions = this.#agents.get(agent)
    if (!sessions) {
      sessions = new Map()
      this.#agents.set(agent, sessions)
    }
    const known = sessions.get(session)
    if (known) return known
    if (sessions.size >= SESSIONS_PER_AGENT) forgetOldest(sessions)
    const stream = { next: base, durable: base - 1, at: 0 }
    sessions.set(session, stream)
    return stream
  }
}

function forgetOldest(sessions: Map<string, Stream>): void {
  let oldest: string | undefined
  let at = Number.POSITIVE_INFINITY
  for (const [session, stream] of sessions) {
    if (stream.at >= at) continue
    oldest = session
    at = stream.at
  }
  if (oldest !== undefined) sessions.delete(oldest)
}
