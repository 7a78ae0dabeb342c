import type { Sample } from '../../core/model/sample.ts'
import { thresholdState } from './sensor-reading.ts'
import { MEASUREMENT, telegrafName } from './sensor-samples.ts'

/** The output of FreeIPMI's ipmi-sensors, with the arguments below: pure parsing. */

export const CSV_ARGUMENTS = [
  '--comma-separated-output',
  '--no-header-output',
  '--output-sensor-state',
  '--output-sensor-thresholds',
  '--output-event-bitmask',
  '--quiet-cache',
  '--sdr-cache-recreate',
] as const

const THRESHOLDS = [
  'lower_non_recoverable',
  'lower_critical',
  'lower_non_critical',
  'upper_non_critical',
  'upper_critical',
  'upper_non_recoverable',
] as const

/** FreeIPMI's units in ipmitool's words. */
const UNITS: Readonly<Record<string, string>> = {
  C: 'degrees_c',
  F: 'degrees_f',
  K: 'degrees_k',
  V: 'volts',
  W: 'watts',
  A: 'amps',
  RPM: 'rpm',
  '%': 'percent',
}

const CODES: Readonly<Record<string, { state: string; code: number }>> = {
  Nominal: { state: 'ok', code: 0 },
  Warning: { state: 'warning', code: 1 },
  Critical: { state: 'critical', code: 2 },
}

/** Columns: id, name, type, state, reading, units, six thresholds, event bits. Rows of another shape are counted, not guessed at. */
export function parseSensorsCsv(text: string, time: number): { samples: Sample[]; unreadable: number } {
  const samples: Sample[] = []
  const taken = new Set<string>()
  let unreadable = 0
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue
    const columns = line.split(',')
    const row = columns.length > 13 ? [columns[0], columns.slice(1, -11).join(','), ...columns.slice(-11)] : columns
    const sample =
      row.length === 13
        ? toSample(
            row.map((cell) => cell ?? ''),
            time,
            taken,
          )
        : null
    if (sample) samples.push(sample)
    else unreadable += 1
  }
  return { samples, unreadable }
}

function toSample(row: readonly string[], time: number, taken: Set<string>): Sample | null {
  const [id = '', title = '', , stateText = '', reading = '', units = ''] = row
  if (!/^\d+$/.test(id)) return null
  const value = numberOf(reading)
  const bits = /^[0-9A-Fa-f]{4}h$/.test(row[12] ?? '') ? Number.parseInt(row[12] ?? '', 16) : null
  const known = stateOf(stateText, value === null ? null : bits)
  const plain = telegrafName(title)
  const name = taken.has(plain) ? `${plain}_${id}` : plain
  taken.add(name)
  const fields: Record<string, number | string> = { state: known.state, state_code: known.code }
  if (known.code !== -1) fields.status = known.code === 0 ? 1 : 0
  if (value !== null) fields.value = value
  if (bits !== null && value === null) fields.state_bits = bits & 0x7fff
  THRESHOLDS.forEach((threshold, i) => {
    const limit = numberOf(row[6 + i] ?? '')
    if (limit !== null) fields[threshold] = limit
  })
  const unit = UNITS[units] ?? (units === 'N/A' ? '' : telegrafName(units))
  return { measurement: MEASUREMENT, tags: unit === '' ? { name } : { name, unit }, fields, time }
}

/** FreeIPMI calls a crossed non-critical limit nominal, so a sensor with a value is judged by its threshold bits, as our own client does. */
function stateOf(text: string, thresholdBits: number | null): { state: string; code: number } {
  if (CODES[text] && thresholdBits !== null) {
    const { state, stateCode } = thresholdState(thresholdBits & 0x3f)
    return { state, code: stateCode }
  }
  return CODES[text] ?? { state: 'no_reading', code: -1 }
}

const numberOf = (text: string): number | null => (text === '' || text === 'N/A' || !Number.isFinite(Number(text)) ? null : Number(text))
