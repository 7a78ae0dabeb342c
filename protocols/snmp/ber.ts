import type { SnmpType, Varbind } from '../../core/profile/varbind.ts'

/** The part of BER that SNMP v1 and v2c messages need (RFC 1157, RFC 3416), for the simulator and its tests. */
export const TAG = {
  integer: 0x02,
  octets: 0x04,
  null: 0x05,
  oid: 0x06,
  sequence: 0x30,
  ip: 0x40,
  counter32: 0x41,
  gauge32: 0x42,
  timeticks: 0x43,
  opaque: 0x44,
  counter64: 0x46,
  noSuchObject: 0x80,
  noSuchInstance: 0x81,
  endOfMibView: 0x82,
} as const satisfies Record<SnmpType | 'sequence' | 'noSuchObject' | 'noSuchInstance' | 'endOfMibView', number>

export class BerError extends Error {}

export interface Element {
  readonly tag: number
  readonly content: Uint8Array
}

/** Elements one after another, until the bytes end. Throws BerError for anything that does not fit. */
export function* elements(bytes: Uint8Array): Generator<Element> {
  let at = 0
  while (at < bytes.length) {
    const tag = bytes[at] ?? 0
    let length = bytes[at + 1]
    at += 2
    if (length === undefined) throw new BerError('cut off')
    if (length >= 0x80) {
      const count = length & 0x7f
      if (count === 0 || count > 4 || at + count > bytes.length) throw new BerError('bad length')
      length = 0
      for (let i = 0; i < count; i++) length = length * 256 + (bytes[at + i] ?? 0)
      at += count
    }
    if (at + length > bytes.length) throw new BerError('longer than the message')
    yield { tag, content: bytes.subarray(at, at + length) }
    at += length
  }
}

export function readInteger(bytes: Uint8Array): number {
  if (bytes.length === 0 || bytes.length > 6) throw new BerError('bad integer')
  let value = (bytes[0] ?? 0) & 0x80 ? -1 : 0
  for (const byte of bytes) value = value * 256 + byte
  return value
}

export function readOid(bytes: Uint8Array): string {
  const first = bytes[0] ?? 0
  const arcs = first < 80 ? [Math.floor(first / 40), first % 40] : [2, first - 80]
  let arc = 0
  for (const byte of bytes.subarray(1)) {
    arc = arc * 128 + (byte & 0x7f)
    if (arc > 0xffff_ffff) throw new BerError('arc beyond 32 bits')
    if (byte < 0x80) {
      arcs.push(arc)
      arc = 0
    }
  }
  return arcs.join('.')
}

export function encode(tag: number, content: Uint8Array): Uint8Array {
  const { length } = content
  const head = length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff]
  const out = new Uint8Array(head.length + length)
  out.set(head)
  out.set(content, head.length)
  return out
}

export function join(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** Two's complement in as few octets as possible. */
export function integerBytes(value: number | bigint): Uint8Array {
  let rest = BigInt(value)
  const bytes: number[] = []
  do {
    bytes.unshift(Number(rest & 0xffn))
    rest >>= 8n
  } while (!((rest === 0n && (bytes[0] ?? 0) < 0x80) || (rest === -1n && (bytes[0] ?? 0) >= 0x80)))
  return Uint8Array.from(bytes)
}

export function oidBytes(oid: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = oid.split('.').map(Number)
  const bytes: number[] = []
  for (const arc of [first * 40 + second, ...rest]) {
    const groups = [arc % 128]
    for (let high = Math.floor(arc / 128); high > 0; high = Math.floor(high / 128)) groups.unshift((high % 128) | 0x80)
    bytes.push(...groups)
  }
  return Uint8Array.from(bytes)
}

/** `SEQUENCE { OID, value }`. */
export function encodeVarbind(varbind: Varbind): Uint8Array {
  return encode(TAG.sequence, join([encode(TAG.oid, oidBytes(varbind.oid)), encode(TAG[varbind.type], contentOf(varbind))]))
}

/** An OID without a value: a request's NULL or one of the exceptions of version 2. */
export function encodeAbsent(oid: string, tag: number): Uint8Array {
  return encode(TAG.sequence, join([encode(TAG.oid, oidBytes(oid)), encode(tag, new Uint8Array())]))
}

function contentOf({ type, value }: Varbind): Uint8Array {
  if (value === null) return new Uint8Array()
  if (value instanceof Uint8Array) return value
  if (typeof value === 'string') return type === 'oid' ? oidBytes(value) : Uint8Array.from(value.split('.').map(Number))
  return integerBytes(value)
}
