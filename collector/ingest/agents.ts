import type { AgentView } from '../../core/model/api.ts'
import type { AgentStatus } from '../../core/wire/payloads.ts'

interface Known {
  status: AgentStatus | null
  /** Text of the newest status, to know a retained one again. */
  text: string
  lastSeen: number | null
  skewMs: number | null
  wanted: number
}

/** What is known of each agent now. */
export class AgentBook {
  readonly #agents = new Map<string, Known>()

  /** The status in a message, null when it is not one. `fresh` is false for a retained one that was seen before. */
  status(name: string, payload: Buffer, retained: boolean, at: number): { status: AgentStatus; fresh: boolean } | null {
    const text = payload.toString('utf8')
    const status = parseStatus(text)
    if (!status) return null
    const known = this.#of(name)
    const fresh = !retained || known.text !== text
    known.text = text
    known.status = status
    if (status.state === 'online' && !retained) known.lastSeen = at
    return { status, fresh }
  }

  /** A data message: it is there, and its clock reads `sent`. */
  heard(name: string, sent: number, at: number): void {
    const known = this.#of(name)
    known.lastSeen = at
    known.skewMs = at - sent
  }

  /** Its slice of the configuration was handed out. */
  wanted(name: string, version: number): void {
    this.#of(name).wanted = version
  }

  views(): readonly AgentView[] {
    return [...this.#agents].map(([name, { status, lastSeen, skewMs, wanted }]) => ({
      name,
      state: status?.state ?? 'unknown',
      reason: status?.reason ?? '',
      version: status?.version ?? null,
      host: status?.host ?? null,
      os: status?.os ?? null,
      last_seen: lastSeen,
      skew_ms: skewMs,
      backlog: status?.backlog ?? 0,
      lost: status?.lost ?? 0,
      config: status?.config ?? 0,
      config_wanted: wanted,
      rejected: status?.rejected ?? null,
    }))
  }

  #of(name: string): Known {
    let known = this.#agents.get(name)
    if (!known) {
      known = { status: null, text: '', lastSeen: null, skewMs: null, wanted: 0 }
      this.#agents.set(name, known)
    }
    return known
  }
}

/** Far more than a status ever has. */
const LONGEST_STATUS = 64 * 1024

function parseStatus(text: string): AgentStatus | null {
  if (text.length > LONGEST_STATUS) return null
  try {
    const value = JSON.parse(text) as AgentStatus | null
    return value && (value.state === 'online' || value.state === 'offline') && typeof value.session === 'string' ? value : null
  } catch {
    return null // the caller counts it
  }
}
