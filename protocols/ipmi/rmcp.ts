/** RMCP and ASF presence ping: the outermost bytes of everything sent to UDP 623 (ASF 2.0 §3.2, IPMI 2.0 §13.1). */

export const RMCP_PORT = 623

const VERSION = 0x06
const NO_ACK = 0xff
const CLASS_ASF = 0x06
const CLASS_IPMI = 0x07
const ASF_IANA = 4542
const PING = 0x80
const PONG = 0x40

export type RmcpClass = 'asf' | 'ipmi'

export const RMCP_HEADER = 4

/** The four bytes in front of an IPMI session header. */
export function writeRmcpHeader(target: Buffer, kind: RmcpClass = 'ipmi'): void {
  target[0] = VERSION
  target[1] = 0
  target[2] = NO_ACK
  target[3] = kind === 'ipmi' ? CLASS_IPMI : CLASS_ASF
}

/** Null when it is not RMCP, is an RMCP acknowledge, or another class. */
export function rmcpClass(datagram: Buffer): RmcpClass | null {
  if (datagram.length < RMCP_HEADER || datagram[0] !== VERSION) return null
  if (datagram[3] === CLASS_IPMI) return 'ipmi'
  return datagram[3] === CLASS_ASF ? 'asf' : null
}

/** Presence ping (ASF 2.0 §3.2.4.2): every BMC answers it without a session. `tag` 0–254 comes back in the pong. */
export function encodePing(tag: number): Buffer {
  const datagram = Buffer.alloc(RMCP_HEADER + 8)
  writeRmcpHeader(datagram, 'asf')
  datagram.writeUInt32BE(ASF_IANA, 4)
  datagram[8] = PING
  datagram[9] = tag
  return datagram
}

export interface Pong {
  readonly tag: number
  /** Bit 7 of "supported entities": IPMI over LAN is on. */
  readonly ipmi: boolean
  /** Enterprise number when the BMC tells OEM abilities; 4542 when it has none. */
  readonly oem: number
}

export function encodePong(pong: Pong): Buffer {
  const datagram = Buffer.alloc(RMCP_HEADER + 24)
  writeRmcpHeader(datagram, 'asf')
  datagram.writeUInt32BE(ASF_IANA, 4)
  datagram[8] = PONG
  datagram[9] = pong.tag
  datagram[11] = 16
  datagram.writeUInt32BE(pong.oem, 12)
  datagram[20] = pong.ipmi ? 0x81 : 0x01
  return datagram
}

/** Null when the datagram is not a presence pong. */
export function decodePong(datagram: Buffer): Pong | null {
  if (rmcpClass(datagram) !== 'asf' || datagram.length < RMCP_HEADER + 24) return null
  const body = datagram.subarray(RMCP_HEADER)
  if (body.readUInt32BE(0) !== ASF_IANA || body[4] !== PONG) return null
  return { tag: body.readUInt8(5), oem: body.readUInt32BE(8), ipmi: (body.readUInt8(16) & 0x80) !== 0 }
}

/** True for a presence ping; used by simulators. */
export function decodePing(datagram: Buffer): { tag: number } | null {
  if (rmcpClass(datagram) !== 'asf' || datagram.length < RMCP_HEADER + 8) return null
  if (datagram.readUInt32BE(4) !== ASF_IANA || datagram[8] !== PING) return null
  return { tag: datagram.readUInt8(9) }
}
