import { createHash, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../../core/lifecycle/clock.ts'
import { HttpProblem, type Role, type WebToken } from './deps.ts'

export interface Caller {
  readonly person: string
  readonly role: Role
}

const RANK: Readonly<Record<Role, number>> = { viewer: 0, operator: 1, admin: 2 }
const MAX_FAILURES = 10
const FAILURE_WINDOW_MS = 60_000
/** Addresses remembered; beyond it the oldest is forgotten. */
const MAX_ADDRESSES = 1000

/** Decides who calls. Reading without a token is allowed to this machine only, and only while no token is demanded for it. */
export class Gate {
  readonly #tokens: readonly { readonly digest: Buffer; readonly caller: Caller }[]
  readonly #clock: Clock
  readonly #openReading: boolean
  readonly #failures = new Map<string, { count: number; since: number }>()

  constructor(tokens: readonly WebToken[], openReading: boolean, clock: Clock) {
    this.#tokens = tokens.map(({ person, role, token }) => ({ digest: digest(token), caller: { person, role } }))
    this.#openReading = openReading
    this.#clock = clock
  }

  /** @throws HttpProblem 401, 403 or 429 */
  reader(authorization: string | undefined, address: string): Caller | null {
    if (authorization === undefined && this.#openReading && isLoopback(address)) return null
    return this.#named(authorization, address, 'viewer')
  }

  /** A write always names its person. @throws HttpProblem 401, 403 or 429 */
  writer(authorization: string | undefined, address: string, role: Role): Caller {
    return this.#named(authorization, address, role)
  }

  #named(authorization: string | undefined, address: string, role: Role): Caller {
    this.#refuseGuessing(address)
    const token = /^(?:Bearer|Token)\s+(\S+)$/i.exec(authorization ?? '')?.[1]
    if (token === undefined)
      throw new HttpProblem(401, 'a token is needed: send "Authorization: Bearer …" with one of web.tokens in jifang.yaml')
    const wanted = digest(token)
    const found = this.#tokens.find((known) => timingSafeEqual(known.digest, wanted))
    if (!found) {
      this.#countFailure(address)
      throw new HttpProblem(401, 'this token is not known')
    }
    if (RANK[found.caller.role] < RANK[role])
      throw new HttpProblem(403, `${found.caller.person} is ${found.caller.role}; this needs ${role}`)
    return found.caller
  }

  #refuseGuessing(address: string): void {
    const failure = this.#failures.get(address)
    if (!failure) return
    if (this.#clock.now() - failure.since > FAILURE_WINDOW_MS) this.#failures.delete(address)
    else if (failure.count >= MAX_FAILURES) throw new HttpProblem(429, 'too many wrong tokens from this address; wait a minute')
  }

  #countFailure(address: string): void {
    const failure = this.#failures.get(address)
    if (failure) {
      failure.count++
      return
    }
    const oldest = this.#failures.keys().next()
    if (this.#failures.size >= MAX_ADDRESSES && !oldest.done) this.#failures.delete(oldest.value)
    this.#failures.set(address, { count: 1, since: this.#clock.now() })
  }
}

const digest = (token: string): Buffer => createHash('sha256').update(token).digest()

export const isLoopback = (address: string): boolean => /^(127\.|::1$|::ffff:127\.|localhost$)/.test(address)

/** A page of another site that a browser on this machine shows must not write here in the name of the machine. @throws HttpProblem 403 */
export function refuseForeignPage(origin: string | undefined, host: string | undefined): void {
  if (origin === undefined) return
  const from = URL.canParse(origin) ? new URL(origin).host : ''
  if (from !== host) throw new HttpProblem(403, `pages of ${origin} may not write here`)
}
