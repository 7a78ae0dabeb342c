import { describe, expect, it } from 'vitest'
import { below, series } from './shipped-profile.ts'

const PPC = '1.3.6.1.4.1.935.1.1.1'
const USHA = '1.3.6.1.4.1.2468.1.2.1.1'
const APC = '1.3.6.1.4.1.318.1.1.1'
const HUAWEI = '1.3.6.1.4.1.2011.6.174.1'
const XUPS = '1.3.6.1.4.1.534.1'
const MGE = '1.3.6.1.4.1.705.1'
const EPPC = '1.3.6.1.4.1.935.10.1.1'
const CPS = '1.3.6.1.4.1.3808.1.1'

describe('UPS of the Phoenixtec family (PPC-MIB)', () => {
  it('reads battery, lines and runtime in the units of the vocabulary', async () => {
    const read = await series(
      'ppc-ups',
      below(
        PPC,
        '2.1.1.0|2|2\n2.2.1.0|2|88\n2.2.2.0|2|2732\n2.2.3.0|2|261\n2.2.4.0|2|1800\n3.2.1.0|2|2214\n3.2.4.0|2|500\n4.1.1.0|2|2\n4.2.1.0|2|2201\n4.2.3.0|2|37',
      ),
    )
    expect(read.get('ups')).toMatchObject({
      battery_status: 'normal',
      charge_percent: 88,
      battery_voltage_volt: 273.2,
      battery_temperature_celsius: 26.1,
      runtime_minutes: 30,
      status: 'OL',
    })
    expect(read.get('ups_line side=input line=L1')).toMatchObject({ voltage_volt: 221.4, frequency_hertz: 50 })
    expect(read.get('ups_line side=output line=L1')).toMatchObject({ voltage_volt: 220.1, load_percent: 37 })
  })

  it.each([
    [3, 2, 'OB'],
    [3, 3, 'OB LB'],
    [4, 2, 'OL BOOST'],
    [6, 2, 'BYPASS'],
    [8, 2, 'OFF'],
    [9, 2, 'OL TRIM'],
  ])('output status %i and battery status %i are %s', async (output, battery, status) => {
    const read = await series('ppc-ups', below(PPC, `2.1.1.0|2|${battery}\n4.1.1.0|2|${output}`))
    expect(read.get('ups')?.status).toBe(status)
  })

  it.each([
    [1, 'normal'],
    [2, 'alarm'],
    [0, 'unknown'],
  ])('smoke and water contact %i of the card is %s', async (raw, state) => {
    const read = await series('ppc-ups', below(PPC, `9.1.3.0|2|${raw}\n9.1.4.0|2|${raw}`))
    expect(read.get('env point=water type=water')).toMatchObject({ state, raw })
    expect(read.get('env point=smoke type=smoke')).toMatchObject({ state, raw })
  })

  it('reads three phases', async () => {
    const read = await series('ppc-ups', below(PPC, '8.2.2.0|2|2310\n8.2.3.0|2|2322\n8.3.7.0|2|415\n8.4.4.0|2|2299'))
    expect(read.get('ups_line side=input line=L2')).toMatchObject({ voltage_volt: 232.2 })
    expect(read.get('ups_line side=output line=L3')).toMatchObject({ load_percent: 41.5 })
    expect(read.get('ups_line side=bypass line=L3')).toMatchObject({ voltage_volt: 229.9 })
  })
})

describe('newer Phoenixtec cards (935.10)', () => {
  it('takes -1 as not measured', async () => {
    const read = await series(
      'powerwalker',
      below(EPPC, '2.1.0|2|5\n3.1.0|2|3\n3.3.0|2|12\n3.6.0|2|-1\n2.18.1.3.1|2|2300\n2.18.1.4.1|2|-1'),
    )
    expect(read.get('ups')).toMatchObject({ status: 'OB LB', runtime_minutes: 12 })
    expect(read.get('ups')).not.toHaveProperty('battery_current_ampere')
    expect(read.get('ups_line side=output line=L1')).toEqual({ voltage_volt: 230 })
  })
})

describe('WebPower (USHA-MIB)', () => {
  it('leaves NULL out and knows the battery states of its own', async () => {
    const read = await series(
      'webpower',
      below(USHA, '2.1.0|2|5\n2.3.0|5|\n2.4.0|2|64\n2.5.0|2|390\n2.7.0|2|301\n3.3.1.3.1|2|0\n4.1.0|2|5\n4.4.1.5.1|2|22'),
    )
    expect(read.get('ups')).toMatchObject({
      battery_status: 'discharging',
      charge_percent: 64,
      battery_temperature_celsius: 30.1,
      status: 'OB DISCHRG',
    })
    expect(read.get('ups')).not.toHaveProperty('runtime_minutes')
    expect(read.get('ups_line side=output line=L1')).toEqual({ load_percent: 22 })
  })
})

describe('APC', () => {
  it('prefers tenths to whole numbers', async () => {
    const read = await series(
      'apc-ups',
      below(
        APC,
        '2.2.1.0|66|99\n2.3.1.0|66|987\n2.2.2.0|66|25\n2.3.2.0|66|254\n2.2.3.0|67|180000\n2.2.4.0|2|2\n4.1.1.0|2|2\n4.2.1.0|66|229\n4.3.1.0|66|2296',
      ),
    )
    expect(read.get('ups')).toMatchObject({ charge_percent: 98.7, battery_temperature_celsius: 25.4, runtime_minutes: 30, status: 'OL RB' })
    expect(read.get('ups_line line=L1 side=output')).toMatchObject({ voltage_volt: 229.6 })
  })

  it.each([
    [3, 'OB'],
    [4, 'OL BOOST'],
    [6, 'BYPASS'],
    [10, 'BYPASS'],
    [12, 'OL TRIM'],
    [7, 'OFF'],
  ])('output status %i is %s', async (raw, status) => {
    expect((await series('apc-ups', below(APC, `2.1.1.0|2|2\n4.1.1.0|2|${raw}`))).get('ups')?.status).toBe(status)
  })

  it('reads three-phase tables, -1 is nothing', async () => {
    const read = await series(
      'apc-ups',
      below(APC, '2.1.1.0|2|2\n9.2.3.1.3.1.1.2|2|231\n9.3.3.1.3.1.1.3|2|228\n9.3.3.1.4.1.1.3|2|153\n9.3.3.1.10.1.1.3|2|-1'),
    )
    expect(read.get('ups_line side=input line=L2')).toEqual({ voltage_volt: 231 })
    expect(read.get('ups_line side=output line=L3')).toEqual({ voltage_volt: 228, current_ampere: 15.3 })
  })
})

describe('Huawei', () => {
  it('reads kilowatts in tenths, runtime in seconds, and no fillers', async () => {
    const read = await series(
      'huawei-ups',
      below(
        HUAWEI,
        '3.100.1.1.1|2|2305\n3.100.1.4.1|2|4998\n4.100.1.8.1|2|73\n4.100.1.14.1|2|365\n4.100.1.15.1|2|2147483647\n6.100.1.1.1|2|5402\n6.100.1.4.1|2|5400',
      ),
    )
    expect(read.get('ups_line side=input line=L1')).toEqual({ voltage_volt: 230.5, frequency_hertz: 49.98 })
    expect(read.get('ups_line side=output line=L1')).toEqual({ power_watt: 7300, load_percent: 36.5 })
    expect(read.has('ups_line side=output line=L2')).toBe(false)
    expect(read.get('ups')).toEqual({ battery_voltage_volt: 540.2, runtime_minutes: 90 })
  })
})

describe('Eaton', () => {
  it('tells a listed alarm from those that are absent', async () => {
    const read = await series('eaton-xups', below(XUPS, '4.5.0|2|5\n7.1.0|66|1\n7.2.1.2.7|6|1.3.6.1.4.1.534.1.7.4'))
    expect(read.get('ups')).toMatchObject({ status: 'OB LB', alarms_present: 1 })
    expect(read.get('ups_alarm alarm=low battery')).toEqual({ active: 1 })
    expect(read.get('ups_alarm alarm=fuse failure')).toEqual({ active: 0 })
  })

  it('reads MGE flags as words', async () => {
    const read = await series('mge-ups', below(MGE, '5.1.0|2|600\n5.11.0|2|1\n5.14.0|2|2\n7.3.0|2|2\n7.4.0|2|2\n6.2.1.2.1.0|2|4010'))
    expect(read.get('ups')).toMatchObject({ runtime_minutes: 10, status: 'OL RB', replace_battery_state_code: 1 })
  })
})

describe('CyberPower', () => {
  it('reads the sensor in hundredths of °F', async () => {
    const read = await series(
      'cyberpower',
      below(CPS, '8.2.3.1.2.1|4|Room\n8.2.3.1.3.1|2|7700\n8.3.2.1.3.1|2|4510\n8.4.2.1.4.1|4|Flood\n8.4.2.1.5.1|2|2'),
    )
    expect(read.get('env point=Room type=temperature')).toMatchObject({ temperature_celsius: 25 })
    expect(read.get('env point=Flood type=dry')).toMatchObject({ state: 'alarm', raw: 2 })
  })
})
