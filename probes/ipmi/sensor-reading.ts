import { type Conversion, convert } from './conversion.ts'
import { stateMeaning } from './discrete-states.ts'
import { isThreshold, type Sensor } from './sdr.ts'
import type { Gravity } from './state-tables.ts'

/** What Get Sensor Reading and Get Sensor Thresholds mean (IPMI 2.0 §35.14, §35.9): pure. */

export const THRESHOLDS = [
  'lower_non_critical',
  'lower_critical',
  'lower_non_recoverable',
  'upper_non_critical',
  'upper_critical',
  'upper_non_recoverable',
] as const
export type Threshold = (typeof THRESHOLDS)[number]
export type Thresholds = Readonly<Partial<Record<Threshold, number>>>

const THRESHOLD_GRAVITY: readonly Gravity[] = [1, 2, 3, 1, 2, 3]

export interface SensorState {
  /** `ok`, a threshold's name, the bad states of a discrete sensor joined by `; `, or `no_reading`. */
  readonly state: string
  /** 0 ok, 1 warning, 2 critical, 3 non-recoverable, -1 no reading. */
  readonly stateCode: Gravity | -1
  readonly value: number | null
  /** The state bits as the BMC sent them, without the reserved bit 15. */
  readonly bits: number
}

export const NO_READING: SensorState = { state: 'no_reading', stateCode: -1, value: null, bits: 0 }

const UNAVAILABLE = 0x20
const SCANNING = 0x40

/** `conversion` differs from the sensor's own for non-linear sensors only. Null for an answer too short to mean anything. */
export function decodeReading(sensor: Sensor, data: Buffer, conversion: Conversion | null = sensor.conversion): SensorState | null {
  if (data.length < 2) return null
  const raw = data.readUInt8(0)
  const flags = data.readUInt8(1)
  if ((flags & UNAVAILABLE) !== 0 || (flags & SCANNING) === 0) return NO_READING
  const bits = (data[2] ?? 0) | (((data[3] ?? 0) & 0x7f) << 8)
  const value = conversion ? convert(raw, conversion) : null
  if (isThreshold(sensor)) return { ...thresholdState(bits & 0x3f), value, bits: bits & 0x3f }
  return { ...discreteState(sensor, bits), value, bits }
}

/** The BMC's own comparison with its thresholds: the worst one that is crossed. */
export function thresholdState(bits: number): { state: string; stateCode: Gravity } {
  let state = 'ok'
  let stateCode: Gravity = 0
  THRESHOLDS.forEach((name, bit) => {
    const gravity = THRESHOLD_GRAVITY[bit] ?? 0
    if (bits & (1 << bit) && gravity > stateCode) {
      state = name
      stateCode = gravity
    }
  })
  return { state, stateCode }
}

/** `ok` only when no bad bit is set; otherwise the bad ones in words, the worst decides. */
function discreteState(sensor: Sensor, bits: number): { state: string; stateCode: Gravity } {
  const bad: string[] = []
  let worst: Gravity = 0
  for (let offset = 0; offset < 15; offset++) {
    if (!(bits & (1 << offset))) continue
    const { text, gravity } = stateMeaning(sensor.eventType, sensor.type, offset, sensor.name)
    if (gravity > 0) bad.push(text)
    if (gravity > worst) worst = gravity
  }
  return { state: bad.length === 0 ? 'ok' : bad.join('; '), stateCode: worst }
}

/** All set states in words, healthy ones too; for people. */
export function stateWords(sensor: Sensor, reading: SensorState): string[] {
  if (reading.stateCode === -1) return ['no reading']
  if (isThreshold(sensor)) return [reading.state]
  const words: string[] = []
  for (let offset = 0; offset < 15; offset++) {
    if (reading.bits & (1 << offset)) words.push(stateMeaning(sensor.eventType, sensor.type, offset, sensor.name).text)
  }
  return words
}

/** Readable thresholds in units; those the BMC does not mark as readable are left out. */
export function decodeThresholds(sensor: Sensor, data: Buffer, conversion: Conversion | null = sensor.conversion): Thresholds {
  const found: Partial<Record<Threshold, number>> = {}
  const readable = data[0] ?? 0
  if (!conversion) return found
  THRESHOLDS.forEach((name, bit) => {
    const raw = data[bit + 1]
    if (raw === undefined || !(readable & (1 << bit))) return
    const value = convert(raw, conversion)
    if (value !== null) found[name] = value
  })
  return found
}
