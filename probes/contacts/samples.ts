import type { FieldValue, Sample } from '../../core/model/sample.ts'
import { isAnalog, type Meaning, type PointState, STATE_CODES } from './meaning.ts'
import type { PointOptions } from './options.ts'

/** A change is sent with every read for this long: a run that somebody asked for is not sent, and must not swallow it. */
const INSIST_MS = 5_000

/** Fields that rules know, beside `value`. */
const QUANTITIES: Readonly<Record<string, { readonly field: string; readonly deadband: number }>> = {
  temperature: { field: 'temperature_celsius', deadband: 0.1 },
  humidity: { field: 'humidity_percent', deadband: 0.5 },
  dewpoint: { field: 'dewpoint_celsius', deadband: 0.1 },
  voltage: { field: 'voltage_volt', deadband: 0.5 },
  current: { field: 'current_ampere', deadband: 0.05 },
  airflow: { field: 'airflow_meter_per_second', deadband: 0.05 },
}

/** 21.7 and 21.6 are not quite 0.1 apart. */
const ROUNDING = 1e-9

/** Decides which points have something to tell: every change at once, the rest once per `repeatMs`. */
export interface PointTeller {
  /** null when nothing has to be said now. `at` is monotonic ms, `time` ms since 1970. */
  tell(state: PointState, meaning: Meaning | null, at: number, time: number): Sample | null
}

export function createTeller(point: PointOptions, repeatMs: number): PointTeller {
  const quantity = QUANTITIES[point.type]
  const analog = isAnalog(point)
  const deadband = point.deadband === undefined ? (quantity?.deadband ?? 0) : Number(point.deadband)
  const tags: Record<string, string> = { point: point.name, type: point.type, ...(point.zone === undefined ? {} : { zone: point.zone }) }
  let last: { state: PointState; value: number | null; at: number } | null = null
  let insistUntil = 0

  /** A pending contact's raw value is no news; a quantity's value is. */
  const moved = (value: number | null): boolean => {
    if (!analog || !last) return false
    if (value === null || last.value === null) return value !== last.value
    return Math.abs(value - last.value) >= Math.max(deadband - ROUNDING, ROUNDING)
  }

  return {
    tell(state, meaning, at, time) {
      const value = meaning?.value ?? null
      if (last?.state !== state) insistUntil = at + INSIST_MS
      else if (at > insistUntil && at - last.at < repeatMs && !moved(value)) return null
      last = { state, value, at }
      return { measurement: 'env', tags, fields: fieldsOf(state, meaning, analog ? quantity?.field : undefined), time }
    },
  }
}

function fieldsOf(state: PointState, meaning: Meaning | null, quantity: string | undefined): Record<string, FieldValue> {
  const fields: Record<string, FieldValue> = { state, state_code: STATE_CODES[state] }
  // Of an unknown point nothing is told that could be taken for a measurement.
  if (!meaning) return fields
  if (meaning.value !== null) {
    fields.value = meaning.value
    if (quantity !== undefined) fields[quantity] = meaning.value
  }
  if (typeof meaning.raw === 'number') fields.raw = meaning.raw
  else fields.raw_text = meaning.raw.slice(0, 64)
  return fields
}
