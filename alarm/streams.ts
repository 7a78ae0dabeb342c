import type { AgentStatus } from '../core/wire/payloads.ts'

/** What is known of an agent's stream. Times are record times, ms. */
export interface AgentTrack {
  readonly name: string
  /** Newest record of it. */
  heard: number
  /** Since when the stream flows without a break; checks are counted from here. */
  liveSince: number
  lost: boolean
  /** Since when it is lost. */
  lostSince: number
  /** In words, why it is lost; '' while it is not. */
  reason: string
  session: string
  /** When its process started, on its own clock; 0 when it has not said so. */
  started?: number
  /** Sessions it had before, newest last. */
  earlier: string[]
  /** When its clock was compared last. */
  skewAt: number
}

/** Two and a half status periods (DESIGN §5: each 60 s). */
const LOST_MS = 150_000
const SKEW_EVERY_MS = 10_000
const SESSIONS_KEPT = 4

/** What the engine is told of a change in a stream; it feeds these to the rules as samples of `agent`. */
export interface StreamNews {
  readonly agent: string
  readonly field: 'lost' | 'skew_seconds' | 'spool_lost' | 'rejected' | 'duplicate'
  readonly value: number
  readonly reason: string
}

/** Which agents' streams are live. Pure memory: time comes from records. */
export class Streams {
  readonly agents = new Map<string, AgentTrack>()
  /** Since when the collector has no broker; null while it has. */
  #brokerDown: number | null = null

  /** Agents that must be there from now on; one that was never heard of counts as lost. */
  expect(names: ReadonlySet<string>, now: number): StreamNews[] {
    for (const name of [...this.agents.keys()]) if (!names.has(name) && name !== 'collector') this.agents.delete(name)
    const news: StreamNews[] = []
    for (const name of names) {
      if (this.agents.has(name)) continue
      this.agents.set(name, track(name, now, true))
      news.push({ agent: name, field: 'lost', value: 1, reason: 'never seen' })
    }
    if (!this.agents.has('collector')) this.agents.set('collector', track('collector', now, false))
    return news
  }

  /** A record of the agent came. */
  heard(name: string, now: number): { news: StreamNews[]; backAfterMs: number } {
    const agent = this.agents.get(name)
    if (!agent) return { news: [], backAfterMs: 0 }
    agent.heard = now
    if (!agent.lost) return { news: [], backAfterMs: 0 }
    const backAfterMs = Math.max(0, now - agent.lostSince)
    agent.lost = false
    agent.reason = ''
    agent.liveSince = now
    return { news: [{ agent: name, field: 'lost', value: 0, reason: '' }], backAfterMs }
  }

  /** The agent's clock against ours, at most once per 10 s. */
  skew(name: string, sent: number, now: number): StreamNews[] {
    const agent = this.agents.get(name)
    if (!agent || now - agent.skewAt < SKEW_EVERY_MS) return []
    agent.skewAt = now
    return [{ agent: name, field: 'skew_seconds', value: Math.round((now - sent) / 10) / 100, reason: '' }]
  }

  /** An online status, after `heard`. */
  status(name: string, status: AgentStatus): StreamNews[] {
    const agent = this.agents.get(name)
    if (!agent) return []
    // An agent of another make may leave out what it does not know.
    const { lost = 0, rejected, started = 0 } = status as Partial<AgentStatus>
    agent.started = started
    const news: StreamNews[] = [
      { agent: name, field: 'spool_lost', value: lost, reason: '' },
      { agent: name, field: 'rejected', value: rejected ? 1 : 0, reason: rejected ?? '' },
    ]
    if (status.session !== agent.session) {
      if (agent.earlier.includes(status.session)) news.push({ agent: name, field: 'duplicate', value: 1, reason: status.session })
      if (agent.session !== '')
        agent.earlier = [...agent.earlier.filter((session) => session !== status.session), agent.session].slice(-SESSIONS_KEPT)
      agent.session = status.session
    }
    return news
  }

  /**
   * An offline status (its own or the broker's word for it). The will of a process that is already replaced says nothing; that of the same
   * process is of the session it had when it connected.
   */
  offline(name: string, status: Pick<AgentStatus, 'session' | 'reason' | 'started'>, now: number): StreamNews[] {
    const agent = this.agents.get(name)
    if (!agent) return []
    const { session, started = 0 } = status
    const same = session === '' || agent.session === '' || session === agent.session || (started !== 0 && started === agent.started)
    return same ? this.#lose(agent, now, status.reason) : []
  }

  /** The collector's own connection. Returns for how long it was gone when it comes back, else 0. */
  broker(connected: boolean, now: number): number {
    const since = this.#brokerDown
    if (!connected) {
      this.#brokerDown = since ?? now
      return 0
    }
    if (since === null) return 0
    this.#brokerDown = null
    this.#restart(now)
    return Math.max(0, now - since)
  }

  /** Agents that fell silent without a word. */
  tick(now: number): StreamNews[] {
    const collector = this.agents.get('collector')
    if (collector) collector.heard = now
    if (this.#brokerDown !== null) return []
    const news: StreamNews[] = []
    for (const agent of this.agents.values()) {
      if (agent.name !== 'collector' && !agent.lost && now - agent.heard > LOST_MS) news.push(...this.#lose(agent, now, 'silent'))
    }
    return news
  }

  /** Nobody listened for a while: nothing that did not come in that time counts as missing. */
  paused(now: number): void {
    this.#restart(now)
  }

  /** The stream that a check's runs come by: its last agent's, else the first live candidate's; undefined while none is live. */
  liveFor(last: string, candidates: readonly string[]): AgentTrack | undefined {
    for (const name of [last, ...candidates]) {
      if (this.#brokerDown !== null && name !== 'collector') continue
      const agent = this.agents.get(name)
      if (agent && !agent.lost) return agent
    }
    return undefined
  }

  encode(): { agents: AgentTrack[]; brokerDown: number | null } {
    return { agents: [...this.agents.values()].map((agent) => ({ ...agent })), brokerDown: this.#brokerDown }
  }

  decode(stored: { readonly agents: readonly AgentTrack[]; readonly brokerDown: number | null }): void {
    this.agents.clear()
    for (const agent of stored.agents) this.agents.set(agent.name, { ...agent })
    this.#brokerDown = stored.brokerDown
  }

  #lose(agent: AgentTrack, now: number, reason: string): StreamNews[] {
    if (agent.lost) return []
    agent.lost = true
    agent.lostSince = now
    agent.reason = reason
    return [{ agent: agent.name, field: 'lost', value: 1, reason }]
  }

  #restart(now: number): void {
    for (const agent of this.agents.values()) {
      if (agent.lost) continue
      agent.heard = now
      agent.liveSince = now
    }
  }
}

const track = (name: string, now: number, lost: boolean): AgentTrack => ({
  name,
  heard: now,
  liveSince: now,
  lost,
  lostSince: now,
  reason: lost ? 'never seen' : '',
  session: '',
  earlier: [],
  skewAt: 0,
})
