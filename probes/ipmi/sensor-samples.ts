import type { Sample } from '../../core/model/sample.ts'
import { isThreshold, type Sensor } from './sdr.ts'
import type { SensorState, Thresholds } from './sensor-reading.ts'

/**
 * Samples as Telegraf's ipmi_sensor writes them: tags `name`, `entity_id`, `unit`; fields `value`, `status` (1 = ok);
 * and beside them `state`, `state_code` (0 ok, 1 warning, 2 critical, 3 non-recoverable, -1 no reading), `state_bits`.
 */
export const MEASUREMENT = 'ipmi_sensor'

/** `Ambient Temp` → `ambient_temp`, as Telegraf does. */
export const telegrafName = (name: string): string => name.trim().toLowerCase().replace(/\s+/g, '_')

export type SensorTags = ReadonlyMap<Sensor, Readonly<Record<string, string>>>

/** Tags for every sensor; two with the same name and entity are told apart by their number. */
export function tagSensors(sensors: readonly Sensor[]): SensorTags {
  const tags = new Map<Sensor, Record<string, string>>()
  const taken = new Set<string>()
  for (const sensor of sensors) {
    const entity_id = `${sensor.entityId}.${sensor.entityInstance}`
    const plain = telegrafName(sensor.name) || `sensor_${sensor.number}`
    const name = taken.has(`${plain}|${entity_id}`) ? `${plain}_${sensor.number}` : plain
    taken.add(`${name}|${entity_id}`)
    tags.set(sensor, { name, entity_id, ...(sensor.unit === '' ? {} : { unit: telegrafName(sensor.unit) }) })
  }
  return tags
}

export function sensorSample(
  tags: Readonly<Record<string, string>>,
  sensor: Sensor,
  reading: SensorState,
  thresholds: Thresholds | undefined,
  time: number,
): Sample {
  const fields: Record<string, number | string> = { state: reading.state, state_code: reading.stateCode }
  // A sensor without a reading (empty bay, host off) is neither ok nor faulty.
  if (reading.stateCode !== -1) fields.status = reading.stateCode === 0 ? 1 : 0
  if (reading.value !== null) fields.value = reading.value
  if (reading.stateCode !== -1 && !isThreshold(sensor)) fields.state_bits = reading.bits
  return { measurement: MEASUREMENT, tags, fields: thresholds ? { ...fields, ...thresholds } : fields, time }
}

/** One of the values that are not SDR sensors: chassis power, chassis faults, DCMI watts, fullness of the log. */
export function extraSample(
  name: string,
  fields: { readonly value?: number; readonly state?: string; readonly code?: number; readonly unit?: string },
  time: number,
): Sample {
  const code = fields.code ?? 0
  return {
    measurement: MEASUREMENT,
    tags: fields.unit ? { name, unit: fields.unit } : { name },
    fields: {
      ...(fields.value === undefined ? {} : { value: fields.value }),
      status: code === 0 ? 1 : 0,
      state: fields.state ?? 'ok',
      state_code: code,
    },
    time,
  }
}
