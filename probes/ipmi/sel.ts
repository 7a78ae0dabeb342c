import type { Severity } from '../../core/model/severity.ts'
import { convert } from './conversion.ts'
import { stateMeaning } from './discrete-states.ts'
import type { Sensor } from './sdr.ts'
import { sensorTypeName } from './sensor-types.ts'
import type { Gravity } from './state-tables.ts'

/** System event log records (IPMI 2.0 §32): pure decoding into words. */

export interface SelRecord {
  readonly id: number
  /** Seconds of the BMC's clock; null for records without a timestamp. */
  readonly seconds: number | null
  /** Seconds since power-up instead of since 1970 (§37: below 20000000h). */
  readonly preInit: boolean
  readonly event: SelEvent | null
  /** Manufacturer's own record: type and bytes. */
  readonly oem: { readonly type: number; readonly data: Buffer } | null
  readonly raw: Buffer
}

export interface SelEvent {
  /** IPMB address of the sensor's owner, odd = software. */
  readonly owner: number
  readonly lun: number
  readonly sensorType: number
  readonly sensorNumber: number
  readonly eventType: number
  readonly asserted: boolean
  readonly offset: number
  readonly data: readonly [number, number, number]
}

const PRE_INIT = 0x20000000

/** Null when not 16 bytes long. */
export function decodeSelRecord(raw: Buffer): SelRecord | null {
  if (raw.length < 16) return null
  const id = raw.readUInt16LE(0)
  const type = raw.readUInt8(2)
  if (type >= 0xe0) return { id, seconds: null, preInit: false, event: null, oem: { type, data: raw.subarray(3, 16) }, raw }
  const seconds = raw.readUInt32LE(3)
  const time = { id, seconds, preInit: seconds < PRE_INIT, raw }
  if (type >= 0xc0) return { ...time, event: null, oem: { type, data: raw.subarray(7, 16) } }
  const direction = raw.readUInt8(12)
  const data1 = raw.readUInt8(13)
  return {
    ...time,
    oem: null,
    event: {
      owner: raw.readUInt8(7),
      lun: raw.readUInt8(8) & 3,
      sensorType: raw.readUInt8(10),
      sensorNumber: raw.readUInt8(11),
      eventType: direction & 0x7f,
      asserted: (direction & 0x80) === 0,
      offset: data1 & 0x0f,
      data: [data1, raw.readUInt8(14), raw.readUInt8(15)],
    },
  }
}

export interface SelWords {
  /** For people: `Ambient Temp: upper critical going high asserted, reading 44 > threshold 41 degrees C`. */
  readonly text: string
  /** The sensor's name, or its type and number when the SDRs don't know it. */
  readonly sensor: string
  /** What about the sensor: stays the same for the event that ends it. */
  readonly aspect: string
  readonly severity: Severity
  /** How bad things are after the event: 0 once it is over. */
  readonly gravity: Gravity
}

const THRESHOLD_EVENTS: readonly (readonly [string, Gravity])[] = [
  ['lower non-critical going low', 1],
  ['lower non-critical going high', 1],
  ['lower critical going low', 2],
  ['lower critical going high', 2],
  ['lower non-recoverable going low', 3],
  ['lower non-recoverable going high', 3],
  ['upper non-critical going low', 1],
  ['upper non-critical going high', 1],
  ['upper critical going low', 2],
  ['upper critical going high', 2],
  ['upper non-recoverable going low', 3],
  ['upper non-recoverable going high', 3],
]

/** Generic types whose offsets exclude each other: a new one ends the old one. */
const EXCLUSIVE: ReadonlyMap<number, string> = new Map([
  [0x02, 'usage'],
  [0x06, 'performance'],
  [0x07, 'severity'],
  [0x08, 'presence'],
  [0x09, 'enabled'],
  [0x0a, 'availability'],
  [0x0b, 'redundancy'],
  [0x0c, 'power state'],
])

const SEVERITY: readonly Severity[] = ['info', 'minor', 'major', 'emergency']

/** `find` looks a sensor up by owner, LUN and number. */
export function describeSel(record: SelRecord, find: (event: SelEvent) => Sensor | undefined): SelWords {
  if (!record.event) {
    const type = `OEM record ${record.oem?.type.toString(16) ?? '?'}h`
    return { text: `${type}: ${record.oem?.data.toString('hex') ?? ''}`, sensor: type, aspect: 'oem', severity: 'info', gravity: 0 }
  }
  const { event } = record
  const known = find(event)
  const sensor = known?.name || `${sensorTypeName(event.sensorType)} #${event.sensorNumber.toString(16).padStart(2, '0')}h`
  const { text: what, gravity } = meaningOf(event, sensor)
  const now: Gravity = event.asserted ? gravity : 0
  const detail = event.eventType === 1 && known ? comparison(event, known) : ''
  return {
    text: `${sensor}: ${what} ${event.asserted ? 'asserted' : 'deasserted'}${detail}`,
    sensor,
    aspect: EXCLUSIVE.get(event.eventType) ?? what,
    severity: SEVERITY[now] ?? 'info',
    gravity: now,
  }
}

function meaningOf(event: SelEvent, sensor: string): { text: string; gravity: Gravity } {
  if (event.eventType === 1) {
    const [text, gravity] = THRESHOLD_EVENTS[event.offset] ?? [`threshold event ${event.offset}`, 1 as const]
    return { text, gravity }
  }
  const offset = event.offset
  return stateMeaning(event.eventType, event.sensorType, offset, sensor)
}

/** Event data 2 and 3 hold the reading and the threshold when data 1 says so (table 29-6). */
function comparison(event: SelEvent, sensor: Sensor): string {
  const [data1, reading, threshold] = event.data
  if (!sensor.conversion) return ''
  const value = (data1 & 0xc0) === 0x40 ? convert(reading, sensor.conversion) : null
  const limit = (data1 & 0x30) === 0x10 ? convert(threshold, sensor.conversion) : null
  if (value === null) return ''
  const against = limit === null ? '' : ` ${event.offset % 2 === 1 ? '>' : '<'} threshold ${limit}`
  return `, reading ${value}${against} ${sensor.unit}`
}
