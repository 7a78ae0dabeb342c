import type { AgentReply, AgentRequest } from '../../core/wire/payloads.ts'

interface Waiting {
  readonly agent: string
  readonly resolve: (reply: AgentReply) => void
}

const MAX_WAITING = 100

/** Requests to agents and their replies. */
export class Asking {
  readonly #publish: (agent: string, payload: string) => Promise<void>
  readonly #now: () => number
  readonly #waiting = new Map<string, Waiting>()

  constructor(publish: (agent: string, payload: string) => Promise<void>, now: () => number) {
    this.#publish = publish
    this.#now = now
  }

  /** Rejects in words when the agent does not answer before the request expires, or `signal` aborts. */
  async ask(agent: string, request: AgentRequest, signal: AbortSignal): Promise<AgentReply> {
    signal.throwIfAborted()
    if (this.#waiting.size >= MAX_WAITING) throw new Error('too many requests are waiting for agents')
    let settle = (): void => {}
    const answer = new Promise<AgentReply>((resolve, reject) => {
      this.#waiting.set(request.id, { agent, resolve })
      const late = setTimeout(() => reject(new Error(`agent ${agent} did not answer in time`)), Math.max(0, request.expires - this.#now()))
      const aborted = (): void => reject(new Error(`the request to agent ${agent} was given up`))
      signal.addEventListener('abort', aborted, { once: true })
      settle = () => {
        clearTimeout(late)
        signal.removeEventListener('abort', aborted)
        this.#waiting.delete(request.id)
      }
    })
    try {
      await Promise.race([answer, this.#publish(agent, JSON.stringify(request)).then(() => answer)])
      return await answer
    } finally {
      settle()
    }
  }

  /** False when nobody waits for it. */
  onReply(agent: string, payload: Buffer): boolean {
    const reply = parseReply(payload)
    const waiting = reply && this.#waiting.get(reply.id)
    // Only the one that was asked may answer.
    if (!reply || waiting?.agent !== agent) return false
    waiting.resolve(reply)
    return true
  }
}

function parseReply(payload: Buffer): AgentReply | null {
  try {
    const value = JSON.parse(payload.toString('utf8')) as AgentReply | null
    return value && typeof value.id === 'string' && typeof value.ok === 'boolean' ? value : null
  } catch {
    return null // the caller counts it
  }
}
