import type { SnmpType, Varbind } from '../../core/profile/varbind.ts'
import { BerError, type Element, elements, readInteger, readOid, TAG } from './ber.ts'

/** A notification, whatever version it came in: version 1 is translated by RFC 3584 clause 3. */
export interface TrapMessage {
  readonly version: '1' | '2c' | '3'
  /** Community, or user of version 3. Never to be logged. */
  readonly principal: string
  /** snmpTrapOID. */
  readonly oid: string
  /** sysUpTime in hundredths of a second; null when the sender left it out. */
  readonly uptime: number | null
  /** Who it is about when a proxy passes it on: agent-addr of version 1, snmpTrapAddress.0. */
  readonly agent: string | null
  readonly inform: boolean
  /** Without sysUpTime, snmpTrapOID and what stands for the sender's address. */
  readonly varbinds: readonly Varbind[]
  /** Varbinds beyond the bound, left out. */
  readonly cut: number
}

export const PDU = { response: 0xa2, trapV1: 0xa4, inform: 0xa6, trapV2: 0xa7, report: 0xa8 } as const
const SYS_UP_TIME = '1.3.6.1.2.1.1.3.0'
const SNMP_TRAP_OID = '1.3.6.1.6.3.1.1.4.1.0'
const SNMP_TRAP_ADDRESS = '1.3.6.1.6.3.18.1.3.0'
const SNMP_TRAP_COMMUNITY = '1.3.6.1.6.3.18.1.4.0'
const SNMP_TRAPS = '1.3.6.1.6.3.1.1.5'
const MAX_VARBINDS = 64
const MAX_OID = 256

const TYPES = new Map<number, SnmpType>(
  (['integer', 'octets', 'null', 'oid', 'ip', 'counter32', 'gauge32', 'timeticks', 'opaque', 'counter64'] as const).map((type) => [
    TAG[type],
    type,
  ]),
)

/** 0, 1 or 3 of the version field; throws BerError when the datagram is no SNMP message. */
export function readVersion(datagram: Uint8Array): number {
  const [version] = fieldsOf(datagram)
  if (version?.tag !== TAG.integer) throw new BerError('no version')
  return readInteger(version.content)
}

/** A message of version 1 or 2c. Throws BerError for everything that is not a whole, well-formed notification. */
export function decodeTrap(datagram: Uint8Array): TrapMessage {
  const [version, community, pdu] = fieldsOf(datagram)
  if (version?.tag !== TAG.integer || community?.tag !== TAG.octets || !pdu) throw new BerError('not a message of SNMP 1 or 2c')
  const number = readInteger(version.content)
  const principal = latin1(community.content)
  if (number === 0 && pdu.tag === PDU.trapV1) return decodeV1(pdu, principal)
  if (number === 1 && (pdu.tag === PDU.trapV2 || pdu.tag === PDU.inform)) {
    const parts = [...elements(pdu.content)]
    if (parts.length < 4 || parts[3]?.tag !== TAG.sequence) throw new BerError('not a notification')
    return notification('2c', principal, readVarbinds(parts[3].content), pdu.tag === PDU.inform)
  }
  throw new BerError('not a notification')
}

/** Out of all varbinds of a notification of version 2c or 3. Throws BerError when snmpTrapOID is missing. */
export function notification(version: '2c' | '3', principal: string, read: ReadVarbinds, inform: boolean): TrapMessage {
  const find = (oid: string): Varbind | undefined => read.varbinds.find((varbind) => varbind.oid === oid)
  const oid = find(SNMP_TRAP_OID)?.value
  if (typeof oid !== 'string') throw new BerError('snmpTrapOID is missing')
  const uptime = find(SYS_UP_TIME)?.value
  const agent = find(SNMP_TRAP_ADDRESS)?.value
  const frame = new Set([SYS_UP_TIME, SNMP_TRAP_OID, SNMP_TRAP_ADDRESS, SNMP_TRAP_COMMUNITY])
  return {
    version,
    principal,
    oid,
    uptime: typeof uptime === 'number' ? uptime : null,
    agent: typeof agent === 'string' && agent !== '0.0.0.0' ? agent : null,
    inform,
    varbinds: read.varbinds.filter((varbind) => !frame.has(varbind.oid)),
    cut: read.cut,
  }
}

/** The same datagram as a GetResponse: what acknowledges an inform of version 2c (RFC 3416 clause 4.2.7). */
export function acknowledge(datagram: Uint8Array): Uint8Array {
  const pdu = fieldsOf(datagram)[2]
  if (!pdu) throw new BerError('no PDU')
  const answer = Uint8Array.from(datagram)
  const content = pdu.content.byteOffset - datagram.byteOffset
  const long = [1, 2, 3, 4].find(
    (count) => datagram[content - 1 - count] === (0x80 | count) && datagram[content - 2 - count] === PDU.inform,
  )
  answer[content - 2 - (long ?? 0)] = PDU.response
  return answer
}

function decodeV1(pdu: Element, principal: string): TrapMessage {
  const [enterprise, agent, generic, specific, time, list] = elements(pdu.content)
  if (enterprise?.tag !== TAG.oid || agent?.tag !== TAG.ip || list?.tag !== TAG.sequence) throw new BerError('not a trap of version 1')
  if (generic?.tag !== TAG.integer || specific?.tag !== TAG.integer || time?.tag !== TAG.timeticks)
    throw new BerError('not a trap of version 1')
  const kind = readInteger(generic.content)
  const own = `${oidOf(enterprise.content)}.0.${readInteger(specific.content)}`
  const { varbinds, cut } = readVarbinds(list.content)
  const address = agent.content.length === 4 ? agent.content.join('.') : null
  return {
    version: '1',
    principal,
    oid: kind >= 0 && kind < 6 ? `${SNMP_TRAPS}.${kind + 1}` : own,
    uptime: readInteger(time.content),
    agent: address === '0.0.0.0' ? null : address,
    inform: false,
    varbinds,
    cut,
  }
}

export interface ReadVarbinds {
  readonly varbinds: readonly Varbind[]
  readonly cut: number
}

function readVarbinds(bytes: Uint8Array): ReadVarbinds {
  const varbinds: Varbind[] = []
  let cut = 0
  for (const item of elements(bytes)) {
    if (item.tag !== TAG.sequence) throw new BerError('not a varbind')
    if (varbinds.length === MAX_VARBINDS) cut++
    else varbinds.push(readVarbind(item.content))
  }
  return { varbinds, cut }
}

function readVarbind(bytes: Uint8Array): Varbind {
  const [name, value] = elements(bytes)
  if (name?.tag !== TAG.oid || !value) throw new BerError('not a varbind')
  const oid = oidOf(name.content)
  const { content } = value
  const type = TYPES.get(value.tag)
  switch (type) {
    case undefined: // noSuchObject and the like, or a type of a later standard: its bytes are shown
    case 'octets':
    case 'opaque':
      return { oid, type: type ?? 'octets', value: Uint8Array.from(content) }
    case 'null':
      return { oid, type, value: null }
    case 'oid':
      return { oid, type, value: oidOf(content) }
    case 'ip':
      if (content.length !== 4) throw new BerError('bad address')
      return { oid, type, value: content.join('.') }
    case 'integer':
      return { oid, type, value: readInteger(content) }
    default:
      return { oid, type, value: readUnsigned(content) }
  }
}

/** Up to 64 bits; some senders forget the leading zero of large numbers, so the sign means nothing. */
function readUnsigned(bytes: Uint8Array): number | bigint {
  if (bytes.length === 0 || bytes.length > 9) throw new BerError('bad number')
  let value = 0n
  for (const byte of bytes) value = (value << 8n) | BigInt(byte)
  value = BigInt.asUintN(64, value)
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value
}

function oidOf(bytes: Uint8Array): string {
  if (bytes.length === 0 || bytes.length > MAX_OID || (bytes[bytes.length - 1] ?? 0) >= 0x80) throw new BerError('bad OID')
  return readOid(bytes)
}

function fieldsOf(datagram: Uint8Array): Element[] {
  const [message] = elements(datagram)
  if (message?.tag !== TAG.sequence) throw new BerError('not a sequence')
  return [...elements(message.content)]
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
