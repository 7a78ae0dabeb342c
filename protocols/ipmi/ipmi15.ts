import { createHash, timingSafeEqual } from 'node:crypto'
import type { Opened } from './packet.ts'
import { RMCP_HEADER, rmcpClass, writeRmcpHeader } from './rmcp.ts'

/** IPMI 1.5 session packets and the messages that open a session (IPMI 1.5 §12.11–12.13, IPMI 2.0 §22.13–22.17). */

export const AUTH_TYPE = { none: 0x00, md2: 0x01, md5: 0x02, straight: 0x04 } as const
export type AuthType15 = 0x00 | 0x02

export interface Packet15 {
  readonly authType: number
  readonly sequence: number
  readonly sessionId: number
  readonly payload: Buffer
}

/** 1.5 passwords are 16 bytes, padded with zeros; what is longer is cut. */
export function password16(password: string): Buffer {
  const bytes = Buffer.alloc(16)
  Buffer.from(password, 'utf8').copy(bytes, 0, 0, 16)
  return bytes
}

/** MD5 multi-session AuthCode (§22.17.1): password, session id, message, sequence, password. */
function md5Code(packet: Packet15, password: Buffer): Buffer {
  const numbers = Buffer.allocUnsafe(8)
  numbers.writeUInt32LE(packet.sessionId, 0)
  numbers.writeUInt32LE(packet.sequence, 4)
  const hash = createHash('md5').update(password).update(numbers.subarray(0, 4))
  return hash.update(packet.payload).update(numbers.subarray(4)).update(password).digest()
}

export function encodePacket15(packet: Packet15, password?: Buffer): Buffer {
  const codeLength = packet.authType === AUTH_TYPE.none ? 0 : 16
  const bytes = Buffer.allocUnsafe(RMCP_HEADER + 10 + codeLength + packet.payload.length)
  writeRmcpHeader(bytes)
  bytes[4] = packet.authType
  bytes.writeUInt32LE(packet.sequence, 5)
  bytes.writeUInt32LE(packet.sessionId, 9)
  if (codeLength > 0) md5Code(packet, password ?? Buffer.alloc(16)).copy(bytes, 13)
  bytes[13 + codeLength] = packet.payload.length
  packet.payload.copy(bytes, 14 + codeLength)
  return bytes
}

/** `password` verifies MD5 packets; packets of another authentication type than none and MD5 are refused. */
export function decodePacket15(datagram: Buffer, password?: Buffer): Opened<Packet15> {
  if (rmcpClass(datagram) !== 'ipmi' || datagram.length < RMCP_HEADER + 10) return { ok: false, why: 'malformed' }
  const authType = datagram.readUInt8(4)
  if (authType !== AUTH_TYPE.none && authType !== AUTH_TYPE.md5) return { ok: false, why: 'malformed' }
  const start = authType === AUTH_TYPE.none ? 14 : 30
  if (datagram.length < start) return { ok: false, why: 'malformed' }
  const length = datagram.readUInt8(start - 1)
  // Some BMCs append a legacy pad byte (§13.6, 56/84/112/128 byte frames).
  if (start + length > datagram.length) return { ok: false, why: 'malformed' }
  const payload = datagram.subarray(start, start + length)
  const packet = { authType, sequence: datagram.readUInt32LE(5), sessionId: datagram.readUInt32LE(9), payload }
  if (authType === AUTH_TYPE.md5) {
    if (!password || !timingSafeEqual(md5Code(packet, password), datagram.subarray(13, 29)))
      return { ok: false, why: 'bad integrity check' }
  }
  return { ok: true, value: packet }
}

/** Get Channel Authentication Capabilities, request (§22.13): channel Eh = this one, bit 7 asks for the 2.0 fields. */
export const encodeAuthCapabilities = (privilege: number): Buffer => Buffer.from([0x8e, privilege])

export interface AuthCapabilities {
  readonly channel: number
  readonly md5: boolean
  readonly none: boolean
  /** RMCP+ is spoken. */
  readonly v20: boolean
  readonly v15: boolean
  /** A K_G other than null is set, so the one-key login will fail without it. */
  readonly twoKey: boolean
  readonly perMessage: boolean
}

/** Null when shorter than the specification's 8 bytes. */
export function decodeAuthCapabilities(data: Buffer): AuthCapabilities | null {
  if (data.length < 8) return null
  const types = data.readUInt8(1)
  const flags = data.readUInt8(2)
  const extended = data.readUInt8(3)
  const has20Fields = (types & 0x80) !== 0
  return {
    channel: data.readUInt8(0) & 0x0f,
    none: (types & 0x01) !== 0,
    md5: (types & 0x04) !== 0,
    v20: has20Fields && (extended & 0x02) !== 0,
    v15: !has20Fields || (extended & 0x01) !== 0,
    twoKey: (flags & 0x20) !== 0,
    perMessage: (flags & 0x10) === 0,
  }
}

/** Get Session Challenge, request (§22.16). */
export function encodeChallengeRequest(authType: number, username: string): Buffer {
  const data = Buffer.alloc(17)
  data[0] = authType
  Buffer.from(username, 'utf8').copy(data, 1, 0, 16)
  return data
}

/** Activate Session, request (§22.17). `outbound` is the first sequence number we want to see from the BMC, never 0. */
export function encodeActivate(authType: number, privilege: number, challenge: Buffer, outbound: number): Buffer {
  const data = Buffer.alloc(22)
  data[0] = authType
  data[1] = privilege
  challenge.copy(data, 2, 0, 16)
  data.writeUInt32LE(outbound, 18)
  return data
}

export interface Activated {
  readonly authType: number
  readonly sessionId: number
  /** The first sequence number the BMC wants to see from us. */
  readonly inbound: number
  readonly privilege: number
}

export function decodeActivate(data: Buffer): Activated | null {
  if (data.length < 10) return null
  return {
    authType: data.readUInt8(0) & 0x0f,
    sessionId: data.readUInt32LE(1),
    inbound: data.readUInt32LE(5),
    privilege: data.readUInt8(9) & 0x0f,
  }
}
