import { Command } from 'commander'
import { BmcMemory, ifSupported, readBmc } from '../probes/ipmi/bmc.ts'
import { toleranceOf } from '../probes/ipmi/conversion.ts'
import { makerName, readChassis, readDcmiPower, readDeviceId } from '../probes/ipmi/device.ts'
import { readFru } from '../probes/ipmi/fru-storage.ts'
import type { Sensor } from '../probes/ipmi/sdr.ts'
import { readRepository, sourceFor } from '../probes/ipmi/sdr-repository.ts'
import { describeSel } from '../probes/ipmi/sel.ts'
import { readSelInfo, SelCursor } from '../probes/ipmi/sel-log.ts'
import { sensorFinder } from '../probes/ipmi/sel-samples.ts'
import { stateWords, THRESHOLDS, type Thresholds } from '../probes/ipmi/sensor-reading.ts'
import { sensorTypeName } from '../probes/ipmi/sensor-types.ts'
import type { SensorResult } from '../probes/ipmi/sensors.ts'
import { type IpmiTargetOptions, whole, withIpmi, withIpmiTarget } from './ipmi-target.ts'
import { localTime, pad, paint } from './text.ts'

export function command(): Command {
  return new Command('ipmi')
    .addCommand(withIpmiTarget(new Command('sensors')).summary('every sensor with value, state and thresholds').action(sensors))
    .addCommand(
      withIpmiTarget(new Command('sel'))
        .summary('the event log, oldest first; it is never cleared')
        .option('-n, --last <count>', 'only the newest entries', whole(1, 65_535))
        .action(sel),
    )
    .addCommand(withIpmiTarget(new Command('info')).summary('identity, power, event log fullness, protection of the session').action(info))
}

const STYLE = ['green', 'yellow', 'red', 'red'] as const

async function sensors(address: string, options: IpmiTargetOptions): Promise<void> {
  await withIpmi(address, options, async (client, signal) => {
    const memory = new BmcMemory(client, { exclude: [], thresholdsMs: Number.POSITIVE_INFINITY })
    const { known, results, failure } = await readBmc(client, memory, 0, signal)
    const order = new Map(known.sensors.map((sensor, i) => [sensor, i]))
    const sorted = [...results].sort((a, b) => (order.get(a.sensor) ?? 0) - (order.get(b.sensor) ?? 0))
    const lines = sorted.map((result) => {
      const thresholds = known.thresholds.get(result.sensor) ?? {}
      return options.json ? JSON.stringify(sensorJson(result, thresholds)) : sensorLine(result, thresholds)
    })
    process.stdout.write(options.json ? `[${lines.join(',\n')}]\n` : `${lines.join('\n')}\n`)
    if (failure) throw failure
  })
}

const sensorJson = ({ sensor, reading }: SensorResult, thresholds: Thresholds) => ({
  name: sensor.name,
  type: sensorTypeName(sensor.type),
  number: sensor.number,
  entity: `${sensor.entityId}.${sensor.entityInstance}`,
  value: reading.value,
  unit: sensor.unit,
  tolerance: sensor.conversion ? toleranceOf(sensor.conversion) : null,
  state: reading.state,
  state_code: reading.stateCode,
  states: stateWords(sensor, reading),
  thresholds,
})

function sensorLine({ sensor, reading }: SensorResult, thresholds: Thresholds): string {
  const value = reading.value === null ? '' : `${Number(reading.value.toFixed(3))} ${sensor.unit}`
  const state = reading.stateCode === 0 ? stateWords(sensor, reading).join('; ') || 'ok' : reading.state.replaceAll('_', ' ')
  const limits = THRESHOLDS.flatMap((name) => (thresholds[name] === undefined ? [] : [`${SHORT[name]} ${thresholds[name]}`]))
  const style = reading.stateCode === -1 ? 'gray' : STYLE[reading.stateCode]
  return `${pad(sensor.name, 20)} ${pad(sensorTypeName(sensor.type), 16)} ${pad(value, 18)} ${paint(style, pad(state, 24))} ${paint('gray', limits.join('  '))}`.trimEnd()
}

const SHORT = {
  lower_non_critical: 'lnc',
  lower_critical: 'lcr',
  lower_non_recoverable: 'lnr',
  upper_non_critical: 'unc',
  upper_critical: 'ucr',
  upper_non_recoverable: 'unr',
} as const

async function sel(address: string, options: IpmiTargetOptions & { last?: number }): Promise<void> {
  await withIpmi(address, options, async (client, signal) => {
    const device = await readDeviceId(client, signal)
    const known: readonly Sensor[] = (await readRepository(client, sourceFor(device.hasRepository), signal)).sensors
    const { records } = await new SelCursor().advance(client, await readSelInfo(client, signal), Number.POSITIVE_INFINITY, signal)
    const find = sensorFinder(known)
    const wanted = options.last ? records.slice(-options.last) : records
    const rows = wanted.map((record) => ({ id: record.id, seconds: record.seconds, preInit: record.preInit, ...describeSel(record, find) }))
    if (options.json) {
      process.stdout.write(`${JSON.stringify(rows)}\n`)
      return
    }
    for (const row of rows) {
      const time =
        row.seconds === null
          ? 'no time'
          : row.preInit
            ? `${row.seconds} s after power-up`
            : `${new Date(row.seconds * 1000).getFullYear()}-${localTime(row.seconds * 1000)}`
      process.stdout.write(`${pad(String(row.id), 6)} ${pad(time, 22)} ${paint(STYLE[row.gravity], pad(row.severity, 10))} ${row.text}\n`)
    }
  })
}

async function info(address: string, options: IpmiTargetOptions): Promise<void> {
  await withIpmi(address, options, async (client, signal) => {
    const optional = <T>(work: () => Promise<T>): Promise<T | null> => ifSupported(work, () => {})
    const device = await readDeviceId(client, signal)
    const chassis = await optional(() => readChassis(client, signal))
    const power = await optional(() => readDcmiPower(client, signal))
    const log = device.hasSel ? await optional(() => readSelInfo(client, signal)) : null
    const fru = device.hasFru ? await readFru(client, 0, signal) : null
    const facts = {
      session: client.protection,
      manufacturer: makerName(device.manufacturerId),
      product_id: device.productId,
      firmware: device.firmware,
      ipmi_version: device.ipmiVersion,
      power: chassis ? (chassis.powerOn ? 'on' : 'off') : null,
      chassis_faults: chassis ? Object.keys(chassis.faults).filter((name) => chassis.faults[name]) : [],
      watts: power?.instantaneous_power_reading ?? null,
      sel: log && { entries: log.entries, used_percent: log.usedPercent, overflow: log.overflow },
      fru,
    }
    process.stdout.write(options.json ? `${JSON.stringify(facts)}\n` : `${factLines(facts, '').join('\n')}\n`)
  })
}

/** Nested facts as `name  value` lines; what is unknown is left out. */
function factLines(facts: object, prefix: string): string[] {
  return Object.entries(facts).flatMap(([name, value]: [string, unknown]) => {
    if (value === null || value === '' || (Array.isArray(value) && value.length === 0)) return []
    if (typeof value === 'object' && !Array.isArray(value)) return factLines(value, `${prefix}${name} `)
    return [`${pad(`${prefix}${name}`.replaceAll('_', ' '), 28)} ${Array.isArray(value) ? value.join(', ') : String(value)}`]
  })
}
