import { randomBytes } from 'node:crypto'
import { ask, type Timing } from './ask.ts'
import { AUTH_TYPE, decodePacket15, encodePacket15 } from './ipmi15.ts'
import { BMC_ADDRESS, CONSOLE_ADDRESS, decodeMessage, encodeMessage, type IpmiResponse, NETFN } from './message.ts'
import type { Opened } from './packet.ts'
import type { UdpLink } from './udp.ts'

/** A request before the session: no authentication, session 0, sequence 0. */
export function askPlain(
  link: UdpLink,
  what: string,
  command: number,
  data: Buffer,
  timing: Timing,
  signal: AbortSignal,
): Promise<IpmiResponse> {
  const number = randomBytes(1).readUInt8(0) & 0x3f
  const message = encodeMessage({
    target: BMC_ADDRESS,
    targetLun: 0,
    netFn: NETFN.app,
    source: CONSOLE_ADDRESS,
    sourceLun: 0,
    sequence: number,
    command,
    data,
  })
  const datagram = encodePacket15({ authType: AUTH_TYPE.none, sequence: 0, sessionId: 0, payload: message })
  return ask(link, { what, datagram: () => datagram, match: (bytes) => matchPlain(bytes, number, command) }, timing, signal)
}

function matchPlain(datagram: Buffer, number: number, command: number): Opened<IpmiResponse> {
  const packet = decodePacket15(datagram)
  if (!packet.ok) return packet
  const message = decodeMessage(packet.value.payload)
  if (!message || message.data.length < 1) return { ok: false, why: 'malformed' }
  if (message.command !== command || message.sequence !== number || message.netFn !== (NETFN.app | 1))
    return { ok: false, why: 'unmatched' }
  return { ok: true, value: { code: message.data.readUInt8(0), data: message.data.subarray(1) } }
}
