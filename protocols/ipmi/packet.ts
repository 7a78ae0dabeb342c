import { isCodeAt, type Mac, writeCode } from './mac.ts'
import { RMCP_HEADER, rmcpClass, writeRmcpHeader } from './rmcp.ts'
import { authCodeLength, type SessionKeys } from './suite.ts'

/** RMCP+ session packets (IPMI 2.0 §13.6, table 13-8): sealing and opening, without any state. */

export const AUTH_TYPE_RMCPP = 0x06

export const PAYLOAD = { ipmi: 0x00, openRequest: 0x10, openResponse: 0x11, rakp1: 0x12, rakp2: 0x13, rakp3: 0x14, rakp4: 0x15 } as const

const HEADER = RMCP_HEADER + 12
const ENCRYPTED = 0x80
const AUTHENTICATED = 0x40
const NEXT_HEADER = 0x07

export interface Packet {
  readonly payloadType: number
  /** 0 outside of a session. */
  readonly sessionId: number
  readonly sequence: number
  readonly payload: Buffer
}

/** Why a datagram was not taken; told in the error when nothing better arrives. */
export type Rejection = 'malformed' | 'foreign session' | 'bad integrity check' | 'replayed or out of sequence' | 'unmatched'

export type Opened<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: Rejection }

const reject = (why: Rejection): { ok: false; why: Rejection } => ({ ok: false, why })

/** A whole datagram. Without keys the packet goes in the clear, as all of the session set-up does. */
export function encodePacket(packet: Packet, keys?: SessionKeys): Buffer {
  const mac = keys?.mac
  const encrypted = keys?.payloads ? keys.payloads.encrypt(packet.payload) : null
  const payload = encrypted ?? packet.payload
  const bare = HEADER + payload.length
  // The signed range, from the authentication type to the next header, is a multiple of four (§13.28.4).
  const padding = mac ? (4 - ((bare - RMCP_HEADER + 2) % 4)) % 4 : 0
  const end = bare + padding + 2
  const bytes = Buffer.allocUnsafe(mac ? end + authCodeLength(keys.suite) : bare)
  writeRmcpHeader(bytes)
  bytes[4] = AUTH_TYPE_RMCPP
  bytes[5] = packet.payloadType | (encrypted ? ENCRYPTED : 0) | (mac ? AUTHENTICATED : 0)
  bytes.writeUInt32LE(packet.sessionId, 6)
  bytes.writeUInt32LE(packet.sequence, 10)
  bytes.writeUInt16LE(payload.length, 14)
  bytes.set(payload, HEADER)
  if (mac) {
    for (let i = 0; i < padding; i++) bytes[bare + i] = 0xff
    bytes[bare + padding] = padding
    bytes[bare + padding + 1] = NEXT_HEADER
    writeCode(mac(bytes, RMCP_HEADER, end), bytes, end)
  }
  return bytes
}

/** Reads the clear header only, to find the session a datagram belongs to. */
export function peekPacket(datagram: Buffer): { payloadType: number; sessionId: number } | null {
  if (rmcpClass(datagram) !== 'ipmi' || datagram.length < HEADER || datagram[4] !== AUTH_TYPE_RMCPP) return null
  return { payloadType: datagram.readUInt8(5) & 0x3f, sessionId: datagram.readUInt32LE(6) }
}

/**
 * Verifies and decrypts. With keys, a packet that is not signed (or not encrypted) as the suite demands is refused.
 * With `sessionId`, other sessions' packets are refused before any arithmetic.
 */
export function decodePacket(datagram: Buffer, keys?: SessionKeys, sessionId?: number): Opened<Packet> {
  const head = peekPacket(datagram)
  if (!head) return reject('malformed')
  if (sessionId !== undefined && head.sessionId !== sessionId) return reject('foreign session')
  const flags = datagram.readUInt8(5)
  const length = datagram.readUInt16LE(14)
  const bare = HEADER + length
  if (bare > datagram.length) return reject('malformed')
  let payload = datagram.subarray(HEADER, bare)
  if (!keys) {
    if ((flags & (ENCRYPTED | AUTHENTICATED)) !== 0) return reject('foreign session')
  } else {
    if (keys.mac && ((flags & AUTHENTICATED) === 0 || !isSigned(datagram, bare, keys.mac, authCodeLength(keys.suite)))) {
      return reject('bad integrity check')
    }
    if (keys.payloads) {
      if ((flags & ENCRYPTED) === 0) return reject('bad integrity check')
      const plain = keys.payloads.decrypt(payload)
      if (!plain) return reject('malformed')
      payload = plain
    }
  }
  return { ok: true, value: { payloadType: head.payloadType, sessionId: head.sessionId, sequence: datagram.readUInt32LE(10), payload } }
}

function isSigned(datagram: Buffer, bare: number, mac: Mac, codeLength: number): boolean {
  const end = datagram.length - codeLength
  if (end < bare + 2 || datagram[end - 1] !== NEXT_HEADER) return false
  if (end - 2 - bare !== datagram[end - 2]) return false
  return isCodeAt(mac(datagram, RMCP_HEADER, end), datagram, end)
}
