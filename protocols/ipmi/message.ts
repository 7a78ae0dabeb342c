/** IPMI LAN message (IPMI 2.0 §13.8): the payload of a session packet, requests and responses alike. */

export const BMC_ADDRESS = 0x20
/** Software id of a remote console (§5.5): odd, so never an IPMB slave address. */
export const CONSOLE_ADDRESS = 0x81

export const NETFN = { chassis: 0x00, sensor: 0x04, app: 0x06, storage: 0x0a, group: 0x2c } as const

export interface LanMessage {
  /** Who is to take it: the BMC for requests, the console for responses. */
  readonly target: number
  readonly targetLun: number
  /** Even for requests, odd for responses. */
  readonly netFn: number
  readonly source: number
  readonly sourceLun: number
  /** 0–63, chosen by the requester. */
  readonly sequence: number
  readonly command: number
  /** Responses carry their completion code as the first byte. */
  readonly data: Buffer
}

/** Two's complement checksum: the sum over the covered bytes and it is 0 modulo 256. */
export function checksum(bytes: Buffer, from: number, to: number): number {
  let sum = 0
  for (let i = from; i < to; i++) sum += bytes[i] ?? 0
  return -sum & 0xff
}

export function encodeMessage(message: LanMessage): Buffer {
  const { data } = message
  const bytes = Buffer.allocUnsafe(7 + data.length)
  bytes[0] = message.target
  bytes[1] = (message.netFn << 2) | message.targetLun
  bytes[2] = checksum(bytes, 0, 2)
  bytes[3] = message.source
  bytes[4] = (message.sequence << 2) | message.sourceLun
  bytes[5] = message.command
  bytes.set(data, 6)
  bytes[6 + data.length] = checksum(bytes, 3, 6 + data.length)
  return bytes
}

/** Null when too short or when one of the two checksums is wrong. */
export function decodeMessage(bytes: Buffer): LanMessage | null {
  if (bytes.length < 7) return null
  if (bytes[2] !== checksum(bytes, 0, 2)) return null
  if (bytes[bytes.length - 1] !== checksum(bytes, 3, bytes.length - 1)) return null
  const function_ = bytes.readUInt8(1)
  const sequence = bytes.readUInt8(4)
  return {
    target: bytes.readUInt8(0),
    targetLun: function_ & 3,
    netFn: function_ >> 2,
    source: bytes.readUInt8(3),
    sourceLun: sequence & 3,
    sequence: sequence >> 2,
    command: bytes.readUInt8(5),
    data: bytes.subarray(6, bytes.length - 1),
  }
}

/** What a caller asks: without addresses and sequence number, which the session adds. */
export interface IpmiRequest {
  readonly netFn: number
  readonly command: number
  readonly data?: Buffer
  readonly lun?: number
}

/** A response as matched to its request: the completion code apart from the data. */
export interface IpmiResponse {
  readonly code: number
  readonly data: Buffer
}
