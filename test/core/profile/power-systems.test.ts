import { describe, expect, it } from 'vitest'
import { below, series } from './shipped-profile.ts'

const DC = '1.3.6.1.4.1.6050.1'
const VOLTRONIC = '1.3.6.1.4.1.21111.1.1'
const ICT = '1.3.6.1.4.1.39145'
const TOSHIBA = '1.3.6.1.4.1.186.1.19.2.5.1'
const GX = '1.3.6.1.4.1.41312.1'
const CPS = '1.3.6.1.4.1.3808.1.1'
const APC = '1.3.6.1.4.1.318.1.1.1'

/** Fields of the first series whose name starts so. */
async function one(profile: string, lines: string, start: string) {
  const read = await series(profile, lines)
  return [...read].find(([name]) => name.startsWith(start))?.[1]
}

describe('direct current and UPS families', () => {
  it.each([
    [
      'gamatronic',
      below(DC, '2.26.1.3.1|2|125\n2.26.1.4.1|2|1\n2.26.1.5.1|2|4'),
      'sensor sensor=battery 1',
      { current_ampere: 12.5, temperature_celsius: -4 },
    ],
    ['gamatronic', below(DC, '3.2.1.2.2|2|540\n3.2.1.8.2|2|1'), 'power_line line=rectifier 2', { voltage_volt: 54, state: 'fault' }],
    ['gamatronic', below(DC, '6.1.0|2|541\n5.7.0|2|4998'), 'power_line line=L1', { frequency_hertz: 49.98 }],
    ['voltronic-ups', below(VOLTRONIC, '3.5.0|2|547\n3.4.0|2|98\n3.6.0|2|-1'), 'ups', { battery_voltage_volt: 54.7, charge_percent: 98 }],
    [
      'voltronic-ups',
      below(VOLTRONIC, '4.5.1.2.1|2|499\n4.5.1.3.1|2|2304'),
      'ups_line side=input',
      { frequency_hertz: 49.9, voltage_volt: 230.4 },
    ],
    ['ict-power', below(ICT, '10.6.0|4|53.9\n10.7.0|4|12.1'), 'power_line line=system', { voltage_volt: 53.9, current_ampere: 12.1 }],
    [
      'ict-power',
      below(ICT, '10.8.1.2.1|4|Radio\n10.8.1.3.1|4|2.5\n10.8.1.4.1|2|2\n10.8.1.5.1|2|1'),
      'power_line outlet=1 Radio',
      { current_ampere: 2.5, fuse: 'open' },
    ],
    ['ict-power', below(ICT, '11.17.0|2|5402\n11.18.0|2|150'), 'power_line line=output', { voltage_volt: 54.02, current_ampere: 1.5 }],
    [
      'toshiba-ups',
      below(TOSHIBA, '3.13.0|2|12\n3.15.0|2|98'),
      'ups_line side=output line=total',
      { power_watt: 12_000, power_factor: 0.98 },
    ],
    [
      'victron-gx',
      below(GX, '4.5.0|2|5326\n4.1.0|2|-210\n7.3.0|2|7200'),
      'ups',
      { battery_voltage_volt: 53.26, battery_current_ampere: -2.1, runtime_minutes: 120 },
    ],
    ['victron-gx', below(GX, '3.3.0|2|2'), 'ups_alarm alarm=high temperature', { state: 'alarm' }],
    ['apc-ups', below(APC, '9.3.3.1.4.1.1.1|2|87\n9.3.3.1.7.1.1.1|2|19500'), 'ups_line side=output', { apparent_voltampere: 19_500 }],
    ['morningstar', below('1.3.6.1.4.1.33333', '2.30.0|2|12000\n2.31.0|2|1024'), 'power_line line=array', { current_ampere: 2.5 }],
    ['morningstar', below('1.3.6.1.4.1.33333', '5.53.0|2|3'), 'power_line line=load', { state: 'alarm' }],
    ['eaton-sc300', below('1.3.6.1.4.1.1918.2.14.10', '70.10.20.0|2|5420'), 'power_line line=bus', { voltage_volt: 54.2 }],
    [
      'emerson-energy',
      below('1.3.6.1.4.1.6302.2.1.2', '1.0|2|2\n12.2.1.2.1|2|15200\n12.2.1.3.1|4|Shelf'),
      'power_line line=Shelf',
      { current_ampere: 15.2 },
    ],
    [
      'cyberpower',
      below(CPS, '5.2.2.2.1.2.1|4|A\n5.2.2.2.1.5.1|2|2298\n5.2.2.2.1.7.1|2|3'),
      'power_line line=A',
      { voltage_volt: 229.8, state: 'alarm' },
    ],
    ['cyberpower', below(CPS, '5.5.2.4.1.3.2|2|41\n5.5.2.4.1.4.2|2|4'), 'power_line bank=bank 1', { current_ampere: 4.1, state: 'alarm' }],
    [
      'cyberpower',
      below(CPS, '7.5.5.1.3.9|2|1\n7.5.5.1.4.9|2|9\n7.5.5.1.6.9|2|1\n7.5.5.1.7.9|2|1342'),
      'sensor sensor=string 1 battery 9',
      { voltage_volt: 13.42, state: 'normal' },
    ],
  ])('%s reads %s', async (profile, lines, start, fields) => {
    expect(await one(profile, lines, start)).toMatchObject(fields)
  })

  it.each([
    [2, 'none', 'OFF'],
    [4, 'bypass', 'BYPASS'],
    [5, 'battery', 'OB'],
    [6, 'booster', 'OL BOOST'],
    [9, 'fault', undefined],
  ])('output source %s of a 21111 card is %s', async (value, source, status) => {
    const read = await one('voltronic-ups', below(VOLTRONIC, `5.1.0|2|${value}`), 'ups')
    expect(read).toMatchObject({ output_source: source, ...(status === undefined ? {} : { status }) })
  })

  it('a battery without a probe (1000°) has no temperature', async () => {
    expect(await one('ict-power', below(ICT, '11.12.0|4|1000\n11.13.0|4|80'), 'ups')).toEqual({ charge_percent: 80 })
  })
})
