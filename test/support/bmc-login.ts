import { createHash, randomBytes } from 'node:crypto'
import { PAYLOAD } from '../../protocols/ipmi/packet.ts'
import * as rakp from '../../protocols/ipmi/rakp.ts'
import { CIPHER_SUITES, type CipherSuite, hashOf, type SessionKeys } from '../../protocols/ipmi/suite.ts'

/** The managed system's half of Open Session and RAKP 1–4 (IPMI 2.0 §13.17–13.23). */

export interface BmcAccount {
  readonly username: string
  readonly password: string
  readonly kg?: string | undefined
  readonly suites: readonly number[]
}

interface HalfOpen {
  readonly consoleId: number
  readonly suite: CipherSuite
  readonly bmcId: number
  facts: rakp.RakpFacts | null
}

export interface OpenedSession {
  readonly consoleId: number
  readonly bmcId: number
  readonly keys: SessionKeys
}

const GUID = createHash('md5').update('jifang test bmc').digest()

export class BmcLogin {
  readonly #account: BmcAccount
  readonly #half = new Map<number, HalfOpen>()
  readonly #open: (session: OpenedSession) => void
  #nextId = 0x0200_0000

  constructor(account: BmcAccount, open: (session: OpenedSession) => void) {
    this.#account = account
    this.#open = open
  }

  /** Payload type and payload of the answer; null when there is nothing to say. */
  answer(type: number, payload: Buffer): { type: number; payload: Buffer } | null {
    if (type === PAYLOAD.openRequest) return { type: PAYLOAD.openResponse, payload: this.#openSession(payload) }
    if (type === PAYLOAD.rakp1) return { type: PAYLOAD.rakp2, payload: this.#rakp1(payload) }
    if (type !== PAYLOAD.rakp3) return null
    const reply = this.#rakp3(payload)
    return reply && { type: PAYLOAD.rakp4, payload: reply }
  }

  forget(): void {
    this.#half.clear()
  }

  #openSession(request: Buffer): Buffer {
    const tag = request.readUInt8(0)
    const consoleId = request.readUInt32LE(4)
    const asked = [request.readUInt8(12), request.readUInt8(20), request.readUInt8(28)]
    const suite = this.#account.suites
      .map((id) => CIPHER_SUITES.get(id))
      .find((known) => known && known.authentication === asked[0] && known.integrity === asked[1] && known.confidentiality === asked[2])
    if (!suite) return head(tag, 0x11, consoleId)
    const bmcId = ++this.#nextId
    this.#half.set(bmcId, { consoleId, suite, bmcId, facts: null })
    const bytes = Buffer.concat([head(tag, 0, consoleId), Buffer.alloc(28)])
    bytes[2] = request.readUInt8(1) || 4
    bytes.writeUInt32LE(bmcId, 8)
    const algorithms = [suite.authentication, suite.integrity, suite.confidentiality]
    for (const [type, value] of algorithms.entries()) bytes.set([type, 0, 0, 8, value, 0, 0, 0], 12 + 8 * type)
    return bytes
  }

  #rakp1(request: Buffer): Buffer {
    const tag = request.readUInt8(0)
    const half = this.#half.get(request.readUInt32LE(4))
    if (!half) return head(tag, 0x02, 0)
    const username = request.subarray(28, 28 + request.readUInt8(27))
    if (username.toString() !== this.#account.username) return head(tag, 0x0d, half.consoleId)
    const userKey = rakp.rakpKey(this.#account.password)
    half.facts = {
      suite: half.suite,
      consoleId: half.consoleId,
      bmcId: half.bmcId,
      consoleRandom: Buffer.from(request.subarray(8, 24)),
      bmcRandom: randomBytes(16),
      guid: GUID,
      role: request.readUInt8(24),
      username: Buffer.from(username),
      userKey,
      bmcKey: this.#account.kg === undefined ? userKey : rakp.rakpKey(this.#account.kg),
    }
    return Buffer.concat([head(tag, 0, half.consoleId), half.facts.bmcRandom, GUID, rakp.rakp2Code(half.facts)])
  }

  #rakp3(request: Buffer): Buffer | null {
    const tag = request.readUInt8(0)
    const half = this.#half.get(request.readUInt32LE(4))
    if (request.readUInt8(1) !== 0) return null
    if (!half?.facts) return head(tag, 0x02, 0)
    if (!rakp.sameCode(request.subarray(8), rakp.rakp3Code(half.facts))) return head(tag, 0x0f, half.consoleId)
    this.#open({ consoleId: half.consoleId, bmcId: half.bmcId, keys: rakp.keysOf(half.facts) })
    const code = hashOf(half.suite) ? rakp.rakp4Code(half.facts, rakp.sessionIntegrityKey(half.facts)) : Buffer.alloc(0)
    return Buffer.concat([head(tag, 0, half.consoleId), code])
  }
}

function head(tag: number, status: number, consoleId: number): Buffer {
  const bytes = Buffer.from([tag, status, 0, 0, 0, 0, 0, 0])
  bytes.writeUInt32LE(consoleId, 4)
  return bytes
}
