import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Sample } from '../../core/model/sample.ts'
import { telegrafName } from '../../probes/ipmi/sensor-samples.ts'
import type { Probe } from '../../probes/probe.ts'
import { byName, ipmiProbe } from '../support/ipmi-probe.ts'
import { type IpmiSim, startIpmiSim } from '../support/ipmi-sim.ts'
import { ipmiSensors, ipmitool, parseSensorTable, SUITE_3 } from '../support/ipmitool.ts'
import { serverSensors } from '../support/sim-sensors.ts'
import { makeTempDir } from '../support/temp-dir.ts'
import { missing } from '../support/tools.ts'

const LIMITS = [
  'lower_non_recoverable',
  'lower_critical',
  'lower_non_critical',
  'upper_non_critical',
  'upper_critical',
  'upper_non_recoverable',
]
const STATE: Readonly<Record<string, number>> = { ok: 0, nc: 1, cr: 2, nr: 3 }

const run = (probe: Probe) => probe.run(AbortSignal.timeout(20_000))
const limitsOf = (sample: Sample | undefined): string[] =>
  LIMITS.map((name) => (sample?.fields[name] === undefined ? 'na' : Number(sample.fields[name]).toFixed(3)))

describe.skipIf(missing('ipmi_sim', 'ipmitool', 'ipmi-sensors')).each([1, 5])('a simulated server with 15 × %i sensors', (groups) => {
  const sensors = serverSensors(groups)
  let dir: string
  let sim: IpmiSim
  let probe: Probe

  beforeAll(async () => {
    dir = await makeTempDir()
    sim = await startIpmiSim(dir, sensors)
    probe = ipmiProbe(sim.port, { cipher_suites: [3], thresholds: '0s', window: 4 })
  })
  afterAll(async () => {
    await probe.close?.()
    await sim.stop()
    await rm(dir, { recursive: true, force: true })
  })

  async function agree(): Promise<Map<string, Sample>> {
    const table = parseSensorTable(await ipmitool(sim.port, SUITE_3, ['sensor']))
    const reading = await run(probe)
    const ours = byName(reading.samples)
    expect(reading.reason ?? 'ok').toBe('ok')
    expect(table).toHaveLength(15 * groups)
    for (const theirs of table) {
      const mine = ours.get(telegrafName(theirs.name))
      if (theirs.unit === 'discrete') {
        // ipmitool prints the low byte first and leaves bit 15 out of nothing.
        const bits = Number.parseInt(theirs.state.slice(2, 4), 16) | ((Number.parseInt(theirs.state.slice(4, 6), 16) & 0x7f) << 8)
        expect([theirs.name, mine?.fields.state_bits]).toEqual([theirs.name, bits])
      } else {
        const found = [theirs.name, Number(mine?.fields.value).toFixed(3), mine?.tags.unit, mine?.fields.state_code, ...limitsOf(mine)]
        expect(found).toEqual([theirs.name, theirs.value, telegrafName(theirs.unit), STATE[theirs.state], ...theirs.limits])
      }
    }
    await agreeWithFreeipmi(ours)
    return ours
  }

  async function agreeWithFreeipmi(ours: ReadonlyMap<string, Sample>): Promise<void> {
    const args = [
      '--comma-separated-output',
      '--no-header-output',
      '--output-sensor-thresholds',
      '--output-event-bitmask',
      '--quiet-cache',
      '--sdr-cache-recreate',
    ]
    const lines = (await ipmiSensors(sim.port, dir, 3, args)).trim().split('\n')
    expect(lines).toHaveLength(15 * groups)
    for (const line of lines) {
      const [, name = '', , value = '', , ...rest] = line.split(',')
      const mine = ours.get(telegrafName(name))
      const bits = Number.parseInt(rest.at(-1) ?? '', 16)
      const limits = LIMITS.map((limit) => (mine?.fields[limit] === undefined ? 'N/A' : Number(mine.fields[limit]).toFixed(2)))
      if (value === 'N/A') expect([name, mine?.fields.state_bits]).toEqual([name, bits])
      else expect([name, Number(mine?.fields.value).toFixed(2), ...limits]).toEqual([name, value, ...rest.slice(0, 6)])
    }
  }

  test('every value, threshold and state equals what ipmitool and ipmi-sensors print', async () => {
    const ours = await agree()
    expect([...ours.values()].filter((sample) => sample.fields.state_code !== 0)).toEqual([])
    expect(ours.get('chassis_power_status')?.fields.value).toBe(0)
  })

  test('values changed while running are seen by the next run, with the states of all severities', async () => {
    const number = (name: string) => sensors.find((sensor) => sensor.name === name)?.number
    await sim.command(`sensor_set_value 0x20 0 ${number('Ambient Temp 1')} 39 1`)
    await sim.command(`sensor_set_value 0x20 0 ${number('CPU 1 Temp')} 95 1`)
    await sim.command(`sensor_set_value 0x20 0 ${number('Fan 1A Tach')} 10 1`)
    await sim.command(`sensor_set_value 0x20 0 ${number('Planar 1 VBAT')} 106 1`)
    await sim.command(`sensor_set_bit 0x20 0 ${number('Power Supply 1')} 3 1 1`)
    await sim.command(`sensor_set_bit_clr_rest 0x20 0 ${number('Power Unit 1')} 1 1 1`)
    await sim.command(`sensor_set_bit 0x20 0 ${number('Drive 1')} 1 1 1`)
    const ours = await agree()
    const state = (name: string) => [ours.get(name)?.fields.state, ours.get(name)?.fields.state_code, ours.get(name)?.fields.status]
    expect(state('ambient_temp_1')).toEqual(['upper_non_critical', 1, 0])
    expect(state('cpu_1_temp')).toEqual(['upper_critical', 2, 0])
    expect(state('fan_1a_tach')).toEqual(['lower_non_recoverable', 3, 0])
    expect(state('planar_1_vbat')).toEqual(['lower_non_critical', 1, 0])
    expect(state('power_supply_1')).toEqual(['AC lost', 2, 0])
    expect(state('power_unit_1')).toEqual(['redundancy lost', 2, 0])
    expect(state('drive_1')).toEqual(['drive fault', 2, 0])
    expect(state('power_supply_2')).toEqual(['ok', 0, 1])
  })

  test('driver freeipmi gives the same values, states and limits', async () => {
    const other = ipmiProbe(sim.port, { driver: 'freeipmi', cipher_suites: [3], workarounds: ['opensesspriv'] })
    const theirs = byName((await run(other)).samples)
    await other.close?.()
    const ours = byName((await run(probe)).samples)
    for (const { name: title } of sensors) {
      const name = telegrafName(title)
      const [mine, tool] = [ours.get(name), theirs.get(name)]
      expect([name, tool?.tags.unit, Number(tool?.fields.value).toFixed(2)]).toEqual([
        name,
        mine?.tags.unit,
        Number(mine?.fields.value).toFixed(2),
      ])
      expect([name, limitsOf(tool).map((limit) => Number(limit).toFixed(1))]).toEqual([
        name,
        limitsOf(mine).map((limit) => Number(limit).toFixed(1)),
      ])
      if (mine?.fields.value !== undefined) expect([name, tool?.fields.state]).toEqual([name, mine.fields.state])
      else
        expect([name, tool?.fields.state_bits, Number(tool?.fields.state_code) > 0]).toEqual([
          name,
          mine?.fields.state_bits,
          Number(mine?.fields.state_code) > 0,
        ])
    }
  })

  test('and back to healthy', async () => {
    const number = (name: string) => sensors.find((sensor) => sensor.name === name)?.number
    await sim.command(`sensor_set_value 0x20 0 ${number('CPU 1 Temp')} 50 1`)
    await sim.command(`sensor_set_bit 0x20 0 ${number('Power Supply 1')} 3 0 1`)
    const ours = await agree()
    expect(ours.get('cpu_1_temp')?.fields).toMatchObject({ state: 'ok', state_code: 0, status: 1, value: 50 })
    expect(ours.get('power_supply_1')?.fields).toMatchObject({ state: 'ok', state_code: 0 })
  })
})
