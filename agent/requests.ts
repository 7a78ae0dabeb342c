import type { Clock } from '../core/lifecycle/clock.ts'
import { encodeSample } from '../core/line/encode.ts'
import type { Log } from '../core/log/log.ts'
import type { AgentReply, AgentRequest } from '../core/wire/payloads.ts'
import type { CheckRun } from './check-run.ts'

export type OutputRequest = Extract<AgentRequest, { kind: 'output' }>

export interface RequestDeps {
  readonly runNow: (device: string, check: string | undefined, signal: AbortSignal) => Promise<CheckRun[]>
  /** Switches a declared contact; undefined where there is none. */
  readonly output?: (request: OutputRequest, signal: AbortSignal) => Promise<void>
  readonly reply: (reply: AgentReply) => Promise<void>
  readonly clock: Clock
  readonly log: Log
}

const MAX_RUNNING = 4
/** Answered requests that are known again. */
const MAX_KNOWN = 1_000
/** Nobody may keep a request running longer, whatever its expiry. */
const LONGEST_MS = 120_000
/** Lines of one reply; it must fit into a message. */
const REPLY_BYTES = 200 * 1024

/** Answers what the collector asks: a closed set, each with an expiry (DESIGN §5). */
export class RequestDesk {
  readonly #deps: RequestDeps
  readonly #running = new Map<string, AbortController>()
  /** When each request that was dealt with expires. */
  readonly #known = new Map<string, number>()

  constructor(deps: RequestDeps) {
    this.#deps = deps
  }

  /** A message on the request topic; never rejects. */
  async onRequest(payload: Buffer): Promise<void> {
    const asked = parseEnvelope(payload)
    if (!asked) return this.#deps.log.warn({}, 'a request that is not one was dropped')
    const { id, expires } = asked
    // QoS 1 may deliver twice, and a contact must not be switched twice.
    if (this.#known.has(id)) return
    this.#remember(id, expires)
    const request = parseRequest(asked)
    const reply = request ? await this.#answer(request) : { id, ok: false, error: 'unsupported: this agent knows no such request' }
    await this.#deps.reply(reply).catch((error: unknown) => this.#deps.log.warn({ request: id, err: error }, 'reply not sent'))
  }

  stop(): void {
    for (const running of this.#running.values()) running.abort()
  }

  #remember(id: string, expires: number): void {
    const now = this.#deps.clock.now()
    for (const [known, until] of this.#known) if (until <= now || this.#known.size >= MAX_KNOWN) this.#known.delete(known)
    this.#known.set(id, Math.min(expires, now + LONGEST_MS))
  }

  async #answer(request: AgentRequest): Promise<AgentReply> {
    const left = request.expires - this.#deps.clock.now()
    if (left <= 0) return { id: request.id, ok: false, error: 'the request had expired when it came' }
    if (this.#running.size >= MAX_RUNNING) return { id: request.id, ok: false, error: `busy: ${MAX_RUNNING} requests are running` }
    const controller = new AbortController()
    const timer = setTimeout(() => controller.abort(), Math.min(left, LONGEST_MS))
    this.#running.set(request.id, controller)
    try {
      return request.kind === 'probe' ? await this.#probe(request, controller.signal) : await this.#output(request, controller.signal)
    } catch (error) {
      return { id: request.id, ok: false, error: error instanceof Error ? error.message : String(error) }
    } finally {
      clearTimeout(timer)
      this.#running.delete(request.id)
    }
  }

  async #probe(request: Extract<AgentRequest, { kind: 'probe' }>, signal: AbortSignal): Promise<AgentReply> {
    const runs = await this.#deps.runNow(request.device, request.check, signal)
    if (runs.length === 0) {
      const what = request.check === undefined ? request.device : `${request.device}/${request.check}`
      return { id: request.id, ok: false, error: `this agent has no check ${what}` }
    }
    let left = REPLY_BYTES
    const checks = runs.map((run) => {
      const lines: string[] = []
      for (const sample of run.samples) {
        const line = encodeSample(sample)
        if (line === null || line.length > left) continue
        lines.push(line)
        left -= line.length
      }
      const { check, kind, reason, detail, durationMs } = run
      return { check, kind, reason, duration_ms: durationMs, lines, ...(detail !== undefined && { detail }) }
    })
    return { id: request.id, ok: true, checks }
  }

  async #output(request: OutputRequest, signal: AbortSignal): Promise<AgentReply> {
    if (!this.#deps.output) return { id: request.id, ok: false, error: 'unsupported: this agent switches no outputs' }
    await this.#deps.output(request, signal)
    return { id: request.id, ok: true }
  }
}

type Envelope = Record<string, unknown> & { readonly id: string; readonly expires: number }

/** What every request has, of whatever kind; null for anything else. */
function parseEnvelope(payload: Buffer): Envelope | null {
  try {
    const value = JSON.parse(payload.toString('utf8')) as Envelope | null
    return value && typeof value.id === 'string' && typeof value.expires === 'number' ? value : null
  } catch {
    return null // the caller says so
  }
}

function parseRequest(value: Envelope): AgentRequest | null {
  const { kind, device, check, point, on, seconds } = value
  if (typeof device !== 'string') return null
  if (kind === 'probe') return check === undefined || typeof check === 'string' ? (value as unknown as AgentRequest) : null
  const whole = kind === 'output' && typeof point === 'string' && typeof on === 'boolean' && Number.isFinite(seconds)
  return whole ? (value as unknown as AgentRequest) : null
}
