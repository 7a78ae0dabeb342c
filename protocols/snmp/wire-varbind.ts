import type { WireVarbind } from 'net-snmp'
import { shrink } from '../../core/profile/decode.ts'
import type { Varbind } from '../../core/profile/varbind.ts'
import { typeOf } from './smi-tags.ts'

/** A boolean, which SNMP does not have but some agents send. */
const BOOLEAN = 1

/** null for noSuchObject, noSuchInstance, endOfMibView, and for what no standard knows. */
export function varbindOf({ oid, type, value }: WireVarbind): Varbind | null {
  const known = type === BOOLEAN ? 'integer' : typeOf(type)
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
