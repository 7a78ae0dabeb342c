import { randomBytes } from 'node:crypto'
import { ProbeError } from '../../core/model/reason.ts'
import { ask, NoAnswerError, type Timing } from './ask.ts'
import { type Login, PRIVILEGE } from './credentials.ts'
import * as v15 from './ipmi15.ts'
import { BMC_ADDRESS, CONSOLE_ADDRESS, decodeMessage, encodeMessage, NETFN } from './message.ts'
import type { Opened } from './packet.ts'
import { askPlain } from './plain.ts'
import { SequenceWindow, sequenceFrom } from './sequence.ts'
import type { SessionWire } from './session.ts'
import { completionText } from './status.ts'
import type { UdpLink } from './udp.ts'

const CHALLENGE = 0x39
const ACTIVATE = 0x3a

/** Get Session Challenge and Activate Session with MD5 (IPMI 1.5 §12.12): for BMCs older than RMCP+. */
export async function login15(
  link: UdpLink,
  how: Login,
  able: v15.AuthCapabilities,
  timing: Timing,
  signal: AbortSignal,
): Promise<SessionWire> {
  if (!able.md5)
    throw new ProbeError('mismatch', `${link.address} speaks IPMI 1.5 without MD5: its password would travel in the clear, refused`)
  const asked = v15.encodeChallengeRequest(v15.AUTH_TYPE.md5, how.username)
  const challenged = await askPlain(link, 'Get Session Challenge', CHALLENGE, asked, timing, signal)
  if (challenged.code === 0x81 || challenged.code === 0x82) {
    throw new ProbeError('auth_failed', `wrong user: ${link.address} does not know "${how.username}", or it is not enabled`)
  }
  if (challenged.code !== 0 || challenged.data.length < 20) {
    throw new ProbeError('protocol', `${link.address}, Get Session Challenge: ${completionText(challenged.code)}`)
  }
  const temporaryId = challenged.data.readUInt32LE(0)
  const challenge = challenged.data.subarray(4, 20)
  const password = v15.password16(how.password)
  const outbound = randomBytes(4).readUInt32LE(0) || 1
  const activate = v15.encodeActivate(v15.AUTH_TYPE.md5, PRIVILEGE[how.privilege], challenge, outbound)
  const activated = await askActivate(link, how, { temporaryId, activate, password }, timing, signal)
  return createWire(activated, password, able)
}

async function askActivate(
  link: UdpLink,
  how: Login,
  with_: { temporaryId: number; activate: Buffer; password: Buffer },
  timing: Timing,
  signal: AbortSignal,
): Promise<v15.Activated> {
  const payload = encodeMessage({
    target: BMC_ADDRESS,
    targetLun: 0,
    netFn: NETFN.app,
    source: CONSOLE_ADDRESS,
    sourceLun: 0,
    sequence: 1,
    command: ACTIVATE,
    data: with_.activate,
  })
  const datagram = v15.encodePacket15({ authType: v15.AUTH_TYPE.md5, sequence: 0, sessionId: with_.temporaryId, payload }, with_.password)
  const match = (bytes: Buffer): Opened<Buffer> => matchActivate(bytes, with_.password)
  let data: Buffer
  try {
    data = await ask(link, { what: 'Activate Session', datagram: () => datagram, match }, timing, signal)
  } catch (error) {
    // §6.12.6: a packet whose AuthCode is wrong is dropped without a word, so silence here is the BMC's "wrong password".
    if (!(error instanceof NoAnswerError)) throw error
    throw new ProbeError('auth_failed', `wrong password for user "${how.username}" on ${link.address} (no answer to Activate Session)`, {
      cause: error,
    })
  }
  const code = data.readUInt8(0)
  if (code === 0x81 || code === 0x82 || code === 0x83) throw new ProbeError('busy', `${link.address} has no free session`)
  if (code === 0x86) throw new ProbeError('auth_failed', `user "${how.username}" may not log in to ${link.address} at this privilege level`)
  const activated = code === 0 ? v15.decodeActivate(data.subarray(1)) : null
  if (!activated) throw new ProbeError('auth_failed', `${link.address}, Activate Session: ${completionText(code)}`)
  return activated
}

/** The answer to Activate Session may come with or without MD5, as the BMC's per-message authentication says. */
function matchActivate(datagram: Buffer, password: Buffer): Opened<Buffer> {
  const packet = v15.decodePacket15(datagram, password)
  if (!packet.ok) return packet
  const message = decodeMessage(packet.value.payload)
  if (!message || message.data.length < 1) return { ok: false, why: 'malformed' }
  if (message.command !== ACTIVATE || message.netFn !== (NETFN.app | 1)) return { ok: false, why: 'unmatched' }
  return { ok: true, value: message.data }
}

function createWire(activated: v15.Activated, password: Buffer, able: v15.AuthCapabilities): SessionWire {
  const nextSequence = sequenceFrom(activated.inbound)
  const window = new SequenceWindow(8)
  const { sessionId, authType } = activated
  return {
    title: authType === v15.AUTH_TYPE.md5 ? 'IPMI 1.5 MD5' : 'IPMI 1.5 MD5 login, messages unsigned',
    sessionId,
    seal: (message) => v15.encodePacket15({ authType, sequence: nextSequence(), sessionId, payload: message }, password),
    open(datagram) {
      const packet = v15.decodePacket15(datagram, password)
      if (!packet.ok) return packet
      if (packet.value.sessionId !== sessionId) return { ok: false, why: 'foreign session' }
      if (packet.value.authType !== v15.AUTH_TYPE.md5 && authType === v15.AUTH_TYPE.md5 && able.perMessage) {
        return { ok: false, why: 'bad integrity check' }
      }
      if (!window.accept(packet.value.sequence)) return { ok: false, why: 'replayed or out of sequence' }
      return { ok: true, value: packet.value.payload }
    },
  }
}
