import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from '../../core/lifecycle/clock.ts'
import type { Log } from '../../core/log/log.ts'
import { ProbeError } from '../../core/model/reason.ts'
import { abortError, NoAnswerError, type Timing } from './ask.ts'
import { type Login, PRIVILEGE } from './credentials.ts'
import { login } from './login.ts'
import { type IpmiRequest, type IpmiResponse, NETFN } from './message.ts'
import { RMCP_PORT } from './rmcp.ts'
import { createSession, type Session } from './session.ts'
import { COMPLETION, CompletionError } from './status.ts'
import type { UdpHub, UdpLink } from './udp.ts'

export interface IpmiClientOptions extends Login {
  /** Host name or IP. */
  readonly address: string
  /** Default 623. */
  readonly port?: number
  /** Requests on the wire at once, 1–4; default 1, because old BMCs drop what they can't take. */
  readonly window?: number
  /** First wait for an answer, ms; default 1000. */
  readonly timeoutMs?: number
  /** Default 3. */
  readonly retries?: number
  /** A request this long after the last one keeps the session from expiring (60 s in BMCs); 0 = never. Default 25 000. */
  readonly keepAliveMs?: number
}

export interface IpmiClientDeps {
  readonly hub: UdpHub
  readonly clock: Clock
  readonly log: Log
}

/** One BMC: one session, opened when first needed, kept for the next calls, opened again when lost. */
export interface IpmiClient {
  /** The response data behind the completion code. Throws CompletionError for codes other than 0, ProbeError for all else. */
  call(request: IpmiRequest, signal: AbortSignal): Promise<Buffer>
  /** Grows with every session opened: whoever remembers facts of the BMC compares it, because a BMC that reset may have changed. */
  readonly generation: number
  /** How the session is protected; null while there is none. */
  readonly protection: string | null
  readonly window: number
  /** Close Session at the BMC (waits one timeout at most), then lets go of the socket. */
  close(): Promise<void>
}

const BUSY_RETRIES = 5
const BUSY_WAIT_MS = 50
const BUSY = new Set<number>([COMPLETION.busy, COMPLETION.timeout, COMPLETION.initializing])
const GET_DEVICE_ID: IpmiRequest = { netFn: NETFN.app, command: 0x01 }

export function createIpmiClient(options: IpmiClientOptions, deps: IpmiClientDeps): IpmiClient {
  return new Client(options, deps)
}

class Client implements IpmiClient {
  readonly window: number
  generation = 0
  readonly #options: IpmiClientOptions
  readonly #deps: IpmiClientDeps
  readonly #timing: Timing
  readonly #keepAliveMs: number
  readonly #closing = new AbortController()
  #link: UdpLink | null = null
  #session: Session | null = null
  #opening: Promise<Session> | null = null
  #idle: NodeJS.Timeout | undefined
  /** Monotonic time of the last request, ms. */
  #usedAt = 0

  constructor(options: IpmiClientOptions, deps: IpmiClientDeps) {
    this.#options = options
    this.#deps = deps
    this.#timing = { timeoutMs: options.timeoutMs ?? 1000, retries: options.retries ?? 3 }
    this.#keepAliveMs = options.keepAliveMs ?? 25_000
    this.window = Math.min(4, Math.max(1, options.window ?? 1))
  }

  get protection(): string | null {
    return this.#ready()?.wire.title ?? null
  }

  async call(request: IpmiRequest, signal: AbortSignal): Promise<Buffer> {
    for (let attempt = 0; ; attempt++) {
      const session = this.#ready() ?? (await this.#ensure(signal))
      let answer: IpmiResponse
      try {
        answer = await session.request(request, signal)
      } catch (error) {
        // Only silence in a session that once worked is worth a second one: the BMC has reset or let the session expire.
        if (!(error instanceof NoAnswerError)) throw error
        answer = await (await this.#ensure(signal)).request(request, signal)
      }
      this.#usedAt = this.#deps.clock.monotonic()
      if (answer.code === 0) return answer.data
      if (!BUSY.has(answer.code) || attempt >= BUSY_RETRIES) throw new CompletionError(answer.code, describe(request))
      await delay(BUSY_WAIT_MS * 2 ** attempt, undefined, { signal }).catch(() => {
        throw abortError(signal)
      })
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle)
    const last = this.#session
    this.#session = null
    if (last && !last.lost && !this.#closing.signal.aborted) await sayGoodbye(last, this.#timing.timeoutMs)
    this.#closing.abort()
    last?.end(new ProbeError('timeout', 'the IPMI client was closed'))
    await this.#opening?.catch(() => {})
    this.#link?.close()
    this.#link = null
  }

  #ready(): Session | null {
    return this.#session && !this.#session.lost ? this.#session : null
  }

  async #ensure(signal: AbortSignal): Promise<Session> {
    if (this.#closing.signal.aborted) throw new ProbeError('internal', 'the IPMI client is closed')
    const ready = this.#ready()
    if (ready) return ready
    this.#session?.end(new ProbeError('timeout', 'the session with the BMC was lost'))
    this.#session = null
    this.#opening ??= this.#openUntil(signal).finally(() => {
      this.#opening = null
    })
    return this.#opening
  }

  /** Ends with the run or with the client. Not AbortSignal.any: on the long-lived signal of a client it would gather what it made. */
  async #openUntil(signal: AbortSignal): Promise<Session> {
    const either = new AbortController()
    const abort = (): void => either.abort()
    const signals = [signal, this.#closing.signal]
    for (const one of signals) one.addEventListener('abort', abort)
    try {
      if (signals.some((one) => one.aborted)) abort()
      return await this.#open(either.signal)
    } finally {
      for (const one of signals) one.removeEventListener('abort', abort)
    }
  }

  async #open(signal: AbortSignal): Promise<Session> {
    const { address, port = RMCP_PORT, privilege } = this.#options
    this.#link ??= await this.#deps.hub.link(address, port)
    const wire = await login(this.#link, this.#options, this.#timing, signal)
    const session = createSession(this.#link, wire, this.window, this.#timing, this.#deps.clock)
    try {
      if (privilege !== 'user') await this.#raise(session, signal)
    } catch (error) {
      await sayGoodbye(session, this.#timing.timeoutMs)
      throw error
    }
    this.#session = session
    this.generation += 1
    this.#usedAt = this.#deps.clock.monotonic()
    this.#watchIdle(session)
    this.#deps.log.debug({ address, protection: wire.title, generation: this.generation }, 'IPMI session opened')
    return session
  }

  /** Set Session Privilege Level (§22.18): sessions start at USER. */
  async #raise(session: Session, signal: AbortSignal): Promise<void> {
    const { privilege, username, address } = this.#options
    const data = Buffer.from([PRIVILEGE[privilege]])
    const answer = await session.request({ netFn: NETFN.app, command: 0x3b, data }, signal)
    if (answer.code !== 0) throw new ProbeError('auth_failed', `user "${username}" may not have the privilege ${privilege} on ${address}`)
  }

  /** One timer per session, which looks how long ago the last request was. */
  #watchIdle(session: Session): void {
    clearTimeout(this.#idle)
    if (this.#keepAliveMs === 0 || session.lost || this.#closing.signal.aborted) return
    const idleMs = this.#deps.clock.monotonic() - this.#usedAt
    const due = this.#keepAliveMs - idleMs
    this.#idle = setTimeout(() => (due > 0 ? this.#watchIdle(session) : this.#keepAlive(session)), Math.max(1, due))
    this.#idle.unref()
  }

  #keepAlive(session: Session): void {
    if (session.lost) return
    this.#usedAt = this.#deps.clock.monotonic()
    session.request(GET_DEVICE_ID, new AbortController().signal).then(
      () => this.#watchIdle(session),
      (error: unknown) => this.#deps.log.debug({ address: this.#options.address, err: error }, 'IPMI session lost while idle'),
    )
  }
}

/** Close Session (§22.19): BMCs have few sessions, so a forgotten one is a lock-out until it expires. */
async function sayGoodbye(session: Session, timeoutMs: number): Promise<void> {
  const data = Buffer.allocUnsafe(4)
  data.writeUInt32LE(session.wire.sessionId, 0)
  await session.request({ netFn: NETFN.app, command: 0x3c, data }, AbortSignal.timeout(timeoutMs)).catch(() => {})
}

const describe = (request: IpmiRequest): string =>
  `command ${request.netFn.toString(16).padStart(2, '0')}h/${request.command.toString(16).padStart(2, '0')}h`
