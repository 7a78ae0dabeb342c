import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Engine } from '../../alarm/engine.ts'
import { builtInRules } from '../../alarm/rules-file.ts'
import { encodeSample } from '../../core/line/encode.ts'
import type { Probe } from '../../probes/probe.ts'
import { ipmiProbe } from '../support/ipmi-probe.ts'
import { type IpmiSim, startIpmiSim } from '../support/ipmi-sim.ts'
import { ipmitool, SUITE_3 } from '../support/ipmitool.ts'
import { type SimSensor, serverSensors } from '../support/sim-sensors.ts'
import { makeTempDir } from '../support/temp-dir.ts'
import { missing } from '../support/tools.ts'

const sensors: SimSensor[] = [
  ...serverSensors(1),
  { number: 16, name: 'DIMM 2', raw: 0, type: 0x0c, eventType: 0x6f, entity: [32, 2], mask: 0x3ff },
]
const place = { file: 'devices.yaml', line: 1, col: 1 }
const inventory = {
  site: 'test',
  devices: [
    {
      name: 'app-01',
      title: 'app-01',
      short: 'app-01',
      class: 'server',
      enabled: true,
      dependsOn: [],
      pollers: ['poller'],
      alarms: {},
      place,
      checks: [{ name: 'ipmi', kind: 'ipmi', intervalMs: 60_000, timeoutMs: 30_000, enabled: true, options: {}, place }],
    },
  ],
}

describe.skipIf(missing('ipmi_sim', 'ipmitool'))('what a BMC tells becomes alarms and ends them', () => {
  let dir: string
  let sim: IpmiSim
  let probe: Probe
  const engine = new Engine({ rules: builtInRules(), inventory, kinds: { ipmi: { where: 'remote' } } })
  let now = Date.now()

  beforeAll(async () => {
    dir = await makeTempDir()
    sim = await startIpmiSim(dir, sensors)
    probe = ipmiProbe(sim.port, { cipher_suites: [3] }, { clock: { now: () => now, monotonic: () => now } })
  })
  afterAll(async () => {
    await probe.close?.()
    await sim.stop()
    await rm(dir, { recursive: true, force: true })
  })

  /** One poll of the probe, a minute after the last, judged with the built-in rules. */
  async function poll(): Promise<string[]> {
    now += 60_000
    const { samples } = await probe.run(AbortSignal.timeout(10_000))
    const lines = samples.map((sample) => encodeSample(sample, { device: 'app-01', site: 'test' })).filter((line) => line !== null)
    engine.data('poller', now, now, lines.join('\n'), (line, message) => {
      throw new Error(`${line}: ${message}`)
    })
    engine.tick(now)
    return engine.take().map(({ kind, alarm }) => `${kind} ${alarm.rule} ${alarm.instance} ${alarm.severity}`)
  }

  test('an event of a sensor whose state does not last raises and its end clears', async () => {
    // ipmi_sim starts with the host off.
    await poll()
    expect(await poll()).toEqual(['raised host-power-off  major'])
    await sim.command('sensor_set_bit 0x20 0 16 1 1 1')
    expect(await poll()).toEqual(['raised ipmi-event event=uncorrectable_ecc_error,sensor=dimm_2 major'])
    await sim.command('sensor_set_bit 0x20 0 16 1 0 1')
    expect(await poll()).toContain('resolved ipmi-event event=uncorrectable_ecc_error,sensor=dimm_2 major')
    expect(await ipmitool(sim.port, SUITE_3, ['sel', 'elist'])).toMatch(/DIMM 2 \| Uncorrectable ECC/)
  })

  test('a lasting state is told once, by the sensor, and ends with it', async () => {
    await sim.command('sensor_set_bit 0x20 0 11 3 1 1')
    expect([...(await poll()), ...(await poll())]).toEqual(['raised ipmi-sensor entity_id=10.1,name=power_supply_1 major'])
    await sim.command('sensor_set_bit 0x20 0 11 3 0 1')
    expect([...(await poll()), ...(await poll())]).toEqual(['resolved ipmi-sensor entity_id=10.1,name=power_supply_1 major'])
  })

  test('severity follows the BMC, and the log is never cleared', async () => {
    await sim.command('sensor_set_value 0x20 0 2 85 1')
    expect([...(await poll()), ...(await poll())]).toEqual(['raised ipmi-sensor entity_id=3.1,name=cpu_1_temp minor'])
    await sim.command('sensor_set_value 0x20 0 2 101 1')
    expect([...(await poll()), ...(await poll())]).toEqual(['severity ipmi-sensor entity_id=3.1,name=cpu_1_temp emergency'])
    await sim.command('sensor_set_value 0x20 0 2 48 1')
    expect([...(await poll()), ...(await poll())].at(-1)).toMatch(/^resolved ipmi-sensor/)
    const entries = Number(/Entries\s+: (\d+)/.exec(await ipmitool(sim.port, SUITE_3, ['sel', 'info']))?.[1])
    expect(entries).toBeGreaterThanOrEqual(8)
  })
})
