import type { SnmpType } from '../../core/profile/varbind.ts'

/** BER tags of SMI's types (RFC 2578 §7.1), as net-snmp and .snmprec files number them. */
const TAGS: Readonly<Record<SnmpType, number>> = {
  integer: 2,
  octets: 4,
  null: 5,
  oid: 6,
  ip: 64,
  counter32: 65,
  gauge32: 66,
  timeticks: 67,
  opaque: 68,
  counter64: 70,
}

const TYPES: ReadonlyMap<number, SnmpType> = new Map(Object.entries(TAGS).map(([type, tag]) => [tag, type as SnmpType]))

export const tagOf = (type: SnmpType): number => TAGS[type]

/** undefined for what no standard knows. */
export const typeOf = (tag: number): SnmpType | undefined => TYPES.get(tag)
