import { fieldType } from '../model/measurements.ts'
import type { FieldValue, Sample } from '../model/sample.ts'

/** InfluxDB line protocol, ns precision, without the trailing newline; null when no field has a value that can be written. */
export function encodeSample(sample: Sample, extraTags: Readonly<Record<string, string>> = {}): string | null {
  let fields = ''
  for (const key in sample.fields) {
    const written = encodeField(sample.measurement, key, sample.fields[key])
    if (written === null) continue
    fields += `${fields === '' ? '' : ','}${escapeKey(key)}=${written}`
  }
  if (fields === '') return null
  const tags = { ...extraTags, ...sample.tags }
  let line = escapeMeasurement(sample.measurement)
  for (const key of Object.keys(tags).sort()) {
    const value = tags[key]
    if (value === undefined || value === '') continue
    line += `,${escapeKey(key)}=${escapeKey(value)}`
  }
  return `${line} ${fields} ${nanoseconds(sample.time)}`
}

/** ms (with an optional fraction) to a ns decimal string. */
export function nanoseconds(ms: number): string {
  const whole = Math.floor(ms)
  const fraction = Math.round((ms - whole) * 1e6)
  return `${whole}${String(Math.min(fraction, 999_999)).padStart(6, '0')}`
}

function encodeField(measurement: string, field: string, value: FieldValue | undefined): string | null {
  switch (typeof value) {
    case 'number': {
      if (!Number.isFinite(value)) return null
      return fieldType(measurement, field) === 'int' ? `${Math.trunc(value)}i` : String(value)
    }
    case 'bigint':
      return fieldType(measurement, field) === 'int' ? `${value}i` : String(Number(value))
    case 'boolean':
      return value ? '1i' : '0i'
    case 'string':
      return `"${value.replace(/["\\]/g, '\\$&').replace(/[\r\n]+/g, ' ')}"`
    default:
      return null
  }
}

const escapeMeasurement = (text: string): string => clean(text).replace(/[, ]/g, '\\$&')
const escapeKey = (text: string): string => clean(text).replace(/[,= ]/g, '\\$&')

/** Line breaks end a line and a trailing backslash would escape its separator: neither can be written in a name. */
const clean = (text: string): string => text.replace(/[\r\n\t]+/g, ' ').replace(/\\+$/, '')
