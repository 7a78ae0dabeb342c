import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { telegrafName } from '../../probes/ipmi/sensor-samples.ts'
import { type Bmc, startBmc } from '../support/bmc.ts'
import { selRecord } from '../support/bmc-commands.ts'
import { byName, ipmiProbe } from '../support/ipmi-probe.ts'
import { IPMI_15, ipmiSensors, ipmitool, parseSensorTable, SUITE_3, SUITE_17 } from '../support/ipmitool.ts'
import { tempDir } from '../support/temp-dir.ts'
import { missing } from '../support/tools.ts'

const WAYS = [
  ['suite 3', SUITE_3, { cipher_suites: [3] }, 3],
  ['suite 17', SUITE_17, { cipher_suites: [17] }, 17],
  ['IPMI 1.5', IPMI_15, { version: '1.5' }, null],
] as const

/** The simulator is only worth something when programs that we did not write agree with it. */
describe.skipIf(missing('ipmitool', 'ipmi-sensors'))('our own simulator', () => {
  let bmc: Bmc

  beforeAll(async () => {
    bmc = await startBmc()
    bmc.state.raw.set(2, 92)
    bmc.state.sel.push(selRecord(1, 1_600_000_000, { type: 1, number: 2, eventType: 1, offset: 9, reading: 92, threshold: 90 }))
  })
  afterAll(() => bmc.close())

  test.each(WAYS)('%s: ipmitool reads what we read', async (_, way, options) => {
    const table = parseSensorTable(await ipmitool(bmc.port, way, ['sensor']))
    const probe = ipmiProbe(bmc.port, options)
    const ours = byName((await probe.run(AbortSignal.timeout(10_000))).samples)
    await probe.close?.()
    expect(table).toHaveLength(15)
    for (const sensor of table.filter(({ unit }) => unit !== 'discrete')) {
      expect(Number(ours.get(telegrafName(sensor.name))?.fields.value).toFixed(3)).toBe(sensor.value)
    }
    expect(table.find(({ name }) => name === 'CPU 1 Temp')).toMatchObject({ value: '92.000', state: 'cr' })
    expect(ours.get('cpu_1_temp')?.fields).toMatchObject({ value: 92, state: 'upper_critical', state_code: 2 })
  })

  test.each(WAYS)('%s: ipmi-sensors reads it', async (_, _way, _options, suite) => {
    const text = await ipmiSensors(bmc.port, await tempDir(), suite, ['--comma-separated-output', '--no-header-output', '--quiet-cache'])
    expect(text.trim().split('\n')).toHaveLength(15)
    expect(text).toContain('CPU 1 Temp,Temperature,92.00,C')
  })

  test('ipmitool prints its event log, identity, FRU, power and chassis', async () => {
    expect(await ipmitool(bmc.port, SUITE_17, ['sel', 'elist'])).toMatch(
      /CPU 1 Temp \| Upper Critical going high \| Asserted \| Reading 92 > Threshold 90 degrees C/,
    )
    expect(await ipmitool(bmc.port, SUITE_3, ['mc', 'info'])).toMatch(/Firmware Revision\s+: 9\.35/)
    expect(await ipmitool(bmc.port, SUITE_3, ['fru', 'print', '0'])).toMatch(/Product Serial\s+: 99A1234/)
    expect(await ipmitool(bmc.port, SUITE_17, ['dcmi', 'power', 'reading'])).toMatch(/Instantaneous power reading:\s+180 Watts/)
    expect(await ipmitool(bmc.port, IPMI_15, ['chassis', 'power', 'status'])).toMatch(/Chassis Power is on/)
  })
})
