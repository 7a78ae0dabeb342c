import { type Conversion, readFactors } from './conversion.ts'
import { readIdString } from './encoded-text.ts'
import { unitText } from './units.ts'

/** Sensor data records (IPMI 2.0 §43): pure decoding. */

export interface Sensor {
  readonly kind: 'full' | 'compact' | 'event-only'
  readonly name: string
  /** IPMB slave address, or system software id when odd. */
  readonly owner: number
  readonly channel: number
  readonly lun: number
  readonly number: number
  readonly entityId: number
  readonly entityInstance: number
  /** Table 42-3. */
  readonly type: number
  /** Table 42-1: 1 threshold, 6Fh sensor specific, 2–Ch generic, 70h–7Fh OEM. */
  readonly eventType: number
  readonly unit: string
  /** Null when the raw byte means nothing (discrete sensors). */
  readonly conversion: Conversion | null
  /** Bits lnc, lcr, lnr, unc, ucr, unr. */
  readonly readableThresholds: number
}

export interface FruLocator {
  readonly deviceId: number
  readonly address: number
  readonly name: string
  readonly entityId: number
  readonly entityInstance: number
}

export type SdrRecord =
  | { readonly type: 'sensors'; readonly sensors: readonly Sensor[] }
  | { readonly type: 'fru'; readonly fru: FruLocator }
  | { readonly type: 'other'; readonly code: number }

export const isThreshold = (sensor: Sensor): boolean => sensor.eventType === 1

/** One record with its five-byte header. A compact or event-only record can stand for several sensors. Null when too short for its type. */
export function decodeSdr(record: Buffer): SdrRecord | null {
  const code = record[3]
  if (code === undefined) return null
  switch (code) {
    case 0x01:
      return record.length < 48 ? null : { type: 'sensors', sensors: [decodeFull(record)] }
    case 0x02:
      return record.length < 32 ? null : { type: 'sensors', sensors: decodeShared(record, 'compact', 23, 31) }
    case 0x03:
      return record.length < 17 ? null : { type: 'sensors', sensors: decodeShared(record, 'event-only', 12, 16) }
    case 0x11:
      return record.length < 16 ? null : { type: 'fru', fru: decodeFruLocator(record) }
    default:
      return { type: 'other', code }
  }
}

const key = (record: Buffer) => ({
  owner: record.readUInt8(5),
  channel: record.readUInt8(6) >> 4,
  lun: record.readUInt8(6) & 3,
  number: record.readUInt8(7),
  entityId: record.readUInt8(8),
  entityInstance: record.readUInt8(9) & 0x7f,
})

function decodeFull(record: Buffer): Sensor {
  const units = record.readUInt8(20)
  const format = units >> 6
  const eventType = record.readUInt8(13) & 0x7f
  return {
    kind: 'full',
    name: readIdString(record, 47),
    ...key(record),
    type: record.readUInt8(12),
    eventType,
    unit: format === 3 ? '' : unitText(units, record.readUInt8(21), record.readUInt8(22)),
    conversion:
      format === 0 || format === 1 || format === 2
        ? { ...readFactors(record.subarray(24, 30)), format, linearization: record.readUInt8(23) & 0x7f }
        : null,
    readableThresholds: eventType === 1 ? record.readUInt8(18) & 0x3f : 0,
  }
}

/** `sharing` is the offset of the two record sharing bytes (§43.2, bytes 24–25; §43.3, bytes 13–14). */
function decodeShared(record: Buffer, kind: 'compact' | 'event-only', sharing: number, name: number): Sensor[] {
  const first = key(record)
  const [flags, instances] = [record.readUInt8(sharing), record.readUInt8(sharing + 1)]
  const count = Math.max(1, flags & 0x0f)
  const alpha = ((flags >> 4) & 3) === 1
  const base = readIdString(record, name)
  const [type, eventType] = kind === 'compact' ? [12, 13] : [10, 11]
  return Array.from(
    { length: count },
    (_, i): Sensor => ({
      kind,
      name: count === 1 ? base : `${base}${modifier((instances & 0x7f) + i, alpha)}`,
      ...first,
      number: (first.number + i) & 0xff,
      entityInstance: instances & 0x80 ? first.entityInstance + i : first.entityInstance,
      type: record.readUInt8(type),
      eventType: record.readUInt8(eventType) & 0x7f,
      unit: '',
      conversion: null,
      readableThresholds: 0,
    }),
  )
}

/** 0 → A, 25 → Z, 26 → AA (§43.2). */
function modifier(index: number, alpha: boolean): string {
  if (!alpha) return String(index)
  const letter = String.fromCharCode(65 + (index % 26))
  return index < 26 ? letter : modifier(Math.floor(index / 26) - 1, true) + letter
}

function decodeFruLocator(record: Buffer): FruLocator {
  return {
    address: record.readUInt8(5),
    deviceId: record.readUInt8(6),
    entityId: record.readUInt8(12),
    entityInstance: record.readUInt8(13),
    name: readIdString(record, 15),
  }
}
