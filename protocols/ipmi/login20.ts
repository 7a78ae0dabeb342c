import { randomBytes } from 'node:crypto'
import { ProbeError } from '../../core/model/reason.ts'
import { ask, type Timing } from './ask.ts'
import { type Login, PRIVILEGE } from './credentials.ts'
import { decodePacket, encodePacket, type Opened, PAYLOAD } from './packet.ts'
import * as rakp from './rakp.ts'
import { SequenceWindow, sequenceFrom } from './sequence.ts'
import type { SessionWire } from './session.ts'
import { rakpStatus } from './status.ts'
import { type CipherSuite, hashOf, type SessionKeys } from './suite.ts'
import type { UdpLink } from './udp.ts'

/** Bit 4 of the role byte: find the user by name alone, whatever its privilege (§13.20). */
const NAME_ONLY = 0x10

interface Step<T> {
  readonly what: string
  readonly type: number
  readonly reply: number
  readonly payload: Buffer
  readonly decode: (payload: Buffer) => T | null
  readonly mine: (answer: T) => boolean
}

/** Open Session and RAKP 1–4 with one cipher suite. Throws ProbeError: mismatch, auth_failed, busy, protocol, timeout. */
export async function login20(link: UdpLink, how: Login, suite: CipherSuite, timing: Timing, signal: AbortSignal): Promise<SessionWire> {
  const step = <T extends { status: number }>(what: Step<T>): Promise<T> => converse(link, what, suite, timing, signal)
  const tag = randomBytes(1).readUInt8(0)
  const consoleId = randomBytes(4).readUInt32LE(0) || 1
  const level = PRIVILEGE[how.privilege]
  // Refusals are short, and some BMCs leave our id out of them.
  const ours = (answer: { tag: number; status: number; consoleId: number }): boolean =>
    answer.tag === tag && (answer.status !== 0 || answer.consoleId === consoleId)

  const opened = await step({
    what: 'Open Session',
    type: PAYLOAD.openRequest,
    reply: PAYLOAD.openResponse,
    payload: rakp.encodeOpenRequest({ tag, privilege: level, consoleId, suite }),
    decode: rakp.decodeOpenResponse,
    mine: ours,
  })
  if (
    opened.authentication !== suite.authentication ||
    opened.integrity !== suite.integrity ||
    opened.confidentiality !== suite.confidentiality
  ) {
    throw new ProbeError('mismatch', `${link.address} answered cipher suite ${suite.id} with other algorithms`)
  }
  const { bmcId } = opened
  const role = level | NAME_ONLY
  const username = Buffer.from(how.username, 'utf8').subarray(0, 16)
  const consoleRandom = randomBytes(16)
  const second = await step({
    what: 'RAKP message 1',
    type: PAYLOAD.rakp1,
    reply: PAYLOAD.rakp2,
    payload: rakp.encodeRakp1(tag, bmcId, consoleRandom, role, username),
    decode: rakp.decodeRakp2,
    mine: ours,
  })
  const userKey = rakp.rakpKey(how.password)
  const bmcKey = how.kg === undefined ? userKey : rakp.rakpKey(how.kg)
  const { bmcRandom, guid } = second
  const facts: rakp.RakpFacts = { suite, consoleId, bmcId, consoleRandom, bmcRandom, guid, role, username, userKey, bmcKey }
  if (!rakp.sameCode(second.code, rakp.rakp2Code(facts))) {
    // Telling the BMC (status 0Fh) frees its half-open session at once; it does not answer.
    link.send(wrap(PAYLOAD.rakp3, rakp.encodeRakp3(tag, 0x0f, bmcId, Buffer.alloc(0))))
    throw new ProbeError(
      'auth_failed',
      `wrong password for user "${how.username}" on ${link.address} (its proof in RAKP 2 does not fit ours)`,
    )
  }
  const fourth = await step({
    what: 'RAKP message 3',
    type: PAYLOAD.rakp3,
    reply: PAYLOAD.rakp4,
    payload: rakp.encodeRakp3(tag, 0, bmcId, rakp.rakp3Code(facts)),
    decode: rakp.decodeRakp4,
    mine: ours,
  })
  if (hashOf(suite) && !rakp.sameCode(fourth.code, rakp.rakp4Code(facts, rakp.sessionIntegrityKey(facts)))) {
    const hint = how.kg === undefined ? 'the BMC may have a key K_G set (option kg)' : 'option kg may be wrong'
    throw new ProbeError('auth_failed', `${link.address} could not prove the session key in RAKP 4: ${hint}`)
  }
  return createWire(consoleId, bmcId, rakp.keysOf(facts))
}

async function converse<T extends { status: number }>(
  link: UdpLink,
  step: Step<T>,
  suite: CipherSuite,
  timing: Timing,
  signal: AbortSignal,
): Promise<T> {
  const datagram = wrap(step.type, step.payload)
  const answer = await ask(link, { what: step.what, datagram: () => datagram, match: (bytes) => matchStep(bytes, step) }, timing, signal)
  if (answer.status === 0) return answer
  const { reason, text } = rakpStatus(answer.status)
  throw new ProbeError(reason, `${link.address}, ${step.what}, cipher suite ${suite.id}: ${text}`)
}

function matchStep<T>(datagram: Buffer, step: Step<T>): Opened<T> {
  const packet = decodePacket(datagram)
  if (!packet.ok) return packet
  if (packet.value.payloadType !== step.reply) return { ok: false, why: 'unmatched' }
  const answer = step.decode(packet.value.payload)
  if (!answer) return { ok: false, why: 'malformed' }
  return step.mine(answer) ? { ok: true, value: answer } : { ok: false, why: 'unmatched' }
}

const wrap = (payloadType: number, payload: Buffer): Buffer => encodePacket({ payloadType, sessionId: 0, sequence: 0, payload })

function createWire(consoleId: number, bmcId: number, keys: SessionKeys): SessionWire {
  const nextSequence = sequenceFrom(1)
  const window = new SequenceWindow(16)
  return {
    title: `RMCP+ suite ${keys.suite.id}`,
    sessionId: bmcId,
    seal: (message) => encodePacket({ payloadType: PAYLOAD.ipmi, sessionId: bmcId, sequence: nextSequence(), payload: message }, keys),
    open(datagram) {
      const packet = decodePacket(datagram, keys, consoleId)
      if (!packet.ok) return packet
      if (packet.value.payloadType !== PAYLOAD.ipmi) return { ok: false, why: 'unmatched' }
      if (!window.accept(packet.value.sequence)) return { ok: false, why: 'replayed or out of sequence' }
      return { ok: true, value: packet.value.payload }
    },
  }
}
