import type { FieldValue, Sample } from '../../core/model/sample.ts'
import { statusOf } from '../../core/profile/words.ts'
import type { Identity, Q1, Q6, Ratings } from '../../protocols/megatec/codec.ts'
import { batteryVoltage, estimateCharge } from './battery.ts'

/** All that one run has read. */
export interface UpsFacts {
  readonly q1: Q1
  readonly q6: Q6 | null
  readonly identity: Identity | null
  readonly ratings: Ratings | null
  /** 2-volt cells, when known. */
  readonly cells: number | null
}

type Maybe = FieldValue | null | undefined

/** Volts below which nothing comes out. */
const DEAD_OUTPUT = 10

/** NUT's words out of the status bits. A line-interactive UPS has no bypass: there the bit is its transformer's. */
export function wordsOf({ q1, q6 }: Pick<UpsFacts, 'q1' | 'q6'>): string[] {
  const { bits, inputVolt, outputVolt } = q1
  const words = bits.utilityFail ? ['OB', 'DISCHRG'] : ['OL']
  if (bits.batteryLow) words.push('LB')
  if (bits.bypass) words.push(!bits.standbyType ? 'BYPASS' : (inputVolt ?? 0) < (outputVolt ?? 0) ? 'BOOST' : 'TRIM')
  if (bits.failed || (q6 !== null && q6.fault !== 0)) words.push('ALARM')
  if (bits.testing) words.push('TEST')
  if (bits.shuttingDown) words.push('FSD')
  if (outputVolt !== null && outputVolt < DEAD_OUTPUT) words.push('OFF')
  if (loads({ q1, q6 }).some((percent) => percent !== null && percent > 100)) words.push('OVER')
  return words
}

export function upsSamples(facts: UpsFacts, time: number): Sample[] {
  const { q1, q6, identity, ratings } = facts
  const status = statusOf(wordsOf(facts))
  const { cellVolt, batteryVolt } = batteryVoltage(q6?.batteryVolt ?? q1.batteryVolt, facts.cells)
  const told = q6?.chargePercent ?? null
  const charge = told ?? estimateCharge(cellVolt)
  const ups = written({
    status: status.text,
    status_code: status.code,
    load_percent: greatest(loads(facts)),
    battery_voltage_volt: batteryVolt,
    cell_voltage_volt: cellVolt,
    charge_percent: charge,
    charge_estimated: charge === null ? null : told === null,
    runtime_minutes: q6?.runtimeSeconds ? q6.runtimeSeconds / 60 : null,
    temperature_celsius: q6?.celsius ?? q1.celsius,
    input_frequency_hertz: q6 ? q6.inputHertz : q1.bits.standbyType ? q1.frequencyHertz : null,
    output_frequency_hertz: q6 ? q6.outputHertz : q1.bits.standbyType ? null : q1.frequencyHertz,
    input_fault_voltage_volt: q1.faultVolt,
    beeper_running: q1.bits.beeper,
    fault_code: q6?.fault,
    warning_code: q6?.warning,
    manufacturer: identity?.manufacturer || null,
    model: identity?.model || null,
    firmware: identity?.firmware || null,
    nominal_output_voltage_volt: ratings?.volt,
    nominal_output_current_ampere: ratings?.ampere,
    nominal_battery_voltage_volt: ratings?.batteryVolt,
    nominal_output_frequency_hertz: ratings?.hertz,
  })
  return [{ measurement: 'ups', tags: {}, fields: ups, time }, ...lineSamples(facts, time)]
}

function lineSamples({ q1, q6 }: UpsFacts, time: number): Sample[] {
  const samples: Sample[] = []
  const add = (side: string, line: number, values: Record<string, Maybe>): void => {
    const fields = written(values)
    if (Object.keys(fields).length > 0) samples.push({ measurement: 'ups_line', tags: { side, line: `L${line + 1}` }, fields, time })
  }
  const inputs = q6 ? q6.inputVolt : [q1.inputVolt]
  const outputs = q6 ? q6.outputVolt : [q1.outputVolt]
  // Phases that the UPS does not have come as zero; a phase that failed has its neighbours.
  const three = q6 !== null && (present(q6.inputVolt, 1) || present(q6.outputVolt, 1))
  for (const [line, volt] of inputs.entries()) if (line === 0 || three) add('input', line, { voltage_volt: volt })
  for (const [line, volt] of outputs.entries())
    if (line === 0 || (three && q6 !== null && present(q6.outputVolt, 1)))
      add('output', line, { voltage_volt: volt, load_percent: loads({ q1, q6 })[line] })
  return samples
}

const present = (volts: readonly (number | null)[], from: number): boolean => volts.slice(from).some((volt) => volt !== null && volt > 0)

const loads = ({ q1, q6 }: Pick<UpsFacts, 'q1' | 'q6'>): readonly (number | null)[] => (q6 ? q6.loadPercent : [q1.loadPercent])

function greatest(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : Math.max(...known)
}

function written(values: Record<string, Maybe>): Record<string, FieldValue> {
  const fields: Record<string, FieldValue> = {}
  for (const [key, value] of Object.entries(values)) if (value !== null && value !== undefined) fields[key] = value
  return fields
}
