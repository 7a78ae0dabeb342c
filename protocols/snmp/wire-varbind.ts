import type { WireVarbind } from 'net-snmp'
import { shrink } from '../../core/profile/decode.ts'
import type { SnmpType, Varbind } from '../../core/profile/varbind.ts'

/** Application tags of SMI (RFC 2578), as net-snmp numbers them. */
const TYPES: Readonly<Record<number, SnmpType>> = {
  1: 'integer', // a boolean, which SNMP does not have but some agents send
  2: 'integer',
  4: 'octets',
  5: 'null',
  6: 'oid',
  64: 'ip',
  65: 'counter32',
  66: 'gauge32',
  67: 'timeticks',
  68: 'opaque',
  70: 'counter64',
}

/** null for noSuchObject, noSuchInstance, endOfMibView, and for what no standard knows. */
export function varbindOf({ oid, type, value }: WireVarbind): Varbind | null {
  const known = TYPES[type]
  if (!known || typeof oid !== 'string') return null
  switch (known) {
    case 'null':
      return { oid, type: known, value: null }
    case 'octets':
    case 'opaque':
      return value instanceof Uint8Array
        ? { oid, type: known, value }
        : { oid, type: known, value: new TextEncoder().encode(String(value ?? '')) }
    case 'counter64':
      return { oid, type: known, value: value instanceof Uint8Array ? unsigned(value) : asInteger(value) }
    case 'oid':
    case 'ip':
      return { oid, type: known, value: String(value ?? '') }
    default:
      return { oid, type: known, value: asInteger(value) }
  }
}

/** net-snmp gives a counter64 as the bytes of its BER integer, leading zeros cut off. */
function unsigned(bytes: Uint8Array): number | bigint {
  let value = 0n
  for (const byte of bytes) value = (value << 8n) | BigInt(byte)
  return shrink(BigInt.asUintN(64, value))
}

function asInteger(value: unknown): number | bigint | null {
  if (typeof value === 'bigint') return shrink(value)
  if (typeof value === 'boolean') return Number(value)
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}
