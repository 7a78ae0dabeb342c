import { describe, expect, it } from 'vitest'
import { below, series } from './shipped-profile.ts'

const GP = '1.3.6.1.4.1.476.1.42.3.9'
const EMP = '1.3.6.1.4.1.534.6.8.1'
const ATS = '1.3.6.1.4.1.534.10.2'
const GENEREX = '1.3.6.1.4.1.1356.1'
const KENTIX = '1.3.6.1.4.1.37954.5'
const EMD = '1.3.6.1.4.1.25049'
const MTS = '1.3.6.1.4.1.5491.12.2'
const CORDEX = '1.3.6.1.4.1.7309.5'

/** The first series whose name starts so. */
async function one(profile: string, lines: string, start: string) {
  const read = await series(profile, lines)
  return [...read].find(([name]) => name.startsWith(start))?.[1]
}

describe('rows of label, value and unit of a Liebert card', () => {
  it.each([
    ['deg C', '21.4', { temperature_celsius: 21.4 }],
    ['deg F', '50', { temperature_celsius: 10 }],
    ['% RH', '47', { humidity_percent: 47 }],
    ['%', '80', { percent: 80 }],
    ['VAC', '230.5', { voltage_volt: 230.5 }],
    ['A AC', '12', { current_ampere: 12 }],
    ['kW', '3.5', { power_watt: 3500 }],
    ['kVA', '4', { apparent_voltampere: 4000 }],
    ['Hz', '50', { frequency_hertz: 50 }],
    ['rpm', '1200', { fan_rpm: 1200 }],
    ['kWh', '77', { energy_kilowatthour: 77 }],
    ['l/s', '2', { flow_liter_per_minute: 120 }],
    ['furlong', '3', { value: 3 }],
  ])('%s %s', async (unit, value, fields) => {
    const read = await one('liebert', below(`${GP}.20.1`, `10.5002|4|Point\n20.5002|4|${value}\n30.5002|4|${unit}`), 'aircon point=Point')
    expect(read).toMatchObject(fields)
  })

  it.each([
    ['Inactive Event', 'normal'],
    ['Active Alarm', 'alarm'],
    ['Active Fault', 'fault'],
  ])('the event %s is %s', async (value, state) => {
    const read = await one('liebert', below(`${GP}.20.1`, `10.4122|4|High pressure\n20.4122|4|${value}`), 'aircon point=High')
    expect(read).toMatchObject({ state })
  })

  it.each([
    ['signed, tenths of a degree', '10.9|2|-55\n30.9|66|1\n40.9|2|3\n60.9|2|4125', { temperature_celsius: -5.5 }],
    ['unsigned, hundredths of a kilowatt', '20.9|66|1234\n30.9|66|2\n40.9|2|4\n60.9|2|4115', { power_watt: 12_340 }],
  ])('without texts: %s', async (_, lines, fields) => {
    expect(await one('liebert', below(`${GP}.30.1`, `70.9|4|Point\n${lines}`), 'aircon point=Point')).toMatchObject(fields)
  })
})

describe('Eaton probes and transfer switches', () => {
  it.each([
    [0, 'normal', 'good'],
    [1, 'alarm', 'low warning'],
    [2, 'alarm', 'low critical'],
    [3, 'alarm', 'high warning'],
    [4, 'alarm', 'high critical'],
  ])('temperature alarm %i is %s', async (raw, state, text) => {
    const read = await one('eaton-emp', below(`${EMP}.2`, `2.1.1.1.1|4|Rack\n3.1.1.1.1|2|${raw}\n3.1.3.1.1|2|236\n3.1.4.1.1|2|2`), 'env')
    expect(read).toMatchObject({ state, text, temperature_celsius: 23.6 })
  })

  it('gives tenths of a kelvin as degrees', async () => {
    expect(await one('eaton-emp', below(`${EMP}.2`, '3.1.3.1.1|2|2965'), 'env')).toMatchObject({ temperature_celsius: 23.35 })
  })

  it.each([
    [4, 'normal', 'source 1'],
    [3, 'alarm', 'off'],
    [7, 'fault', 'fault'],
  ])('mode %i of the switch is %s', async (raw, state, text) => {
    const read = await one('eaton-emp', below(ATS, `2.2.1.2.1|2|2301\n2.4.0|2|${raw}`), 'sensor sensor=ATS')
    expect(read).toMatchObject({ state, text })
  })

  it.each([
    ['normally open, open', 1, 1, 'normal'],
    ['normally open, closed', 1, 2, 'alarm'],
    ['normally closed, open', 2, 1, 'alarm'],
    ['with notice', 3, 4, 'alarm'],
  ])('contact %s', async (_, rest, contact, state) => {
    const read = await one('eaton-emp', below(`${ATS}.5.4.1`, `2.1|2|${rest}\n3.1|2|${contact}\n4.1|4|Door`), 'env point=Door')
    expect(read).toMatchObject({ state })
  })
})

describe('Generex UPSMAN', () => {
  it.each([
    [2, 'OL'],
    [3, 'OB'],
    [4, 'BYPASS'],
    [5, 'OFF'],
  ])('output state %i says %s', async (raw, status) => {
    const read = await one('generex', below(GENEREX, `2.1.0|2|2\n2.2.0|2|97\n2.5.0|2|1800\n4.1.0|2|${raw}`), 'ups')
    expect(read).toMatchObject({ status, charge_percent: 97, runtime_minutes: 30 })
  })

  it('leaves out an unused probe', async () => {
    const read = await series('generex', below(GENEREX, '8.1.0|2|215\n8.5.0|2|2\n8.2.0|2|0\n8.6.0|2|-1'))
    expect(read.get('env point=1 type=temperature')).toMatchObject({ temperature_celsius: 21.5, state: 'normal' })
    expect(read.has('env point=2 type=temperature')).toBe(false)
  })
})

describe('other stations and power systems', () => {
  it('divides Kentix values by the multiplier of their quantity', async () => {
    const lines = '1.1.1.0|66|10\n1.1.2.0|66|100\n2.1.1.2.1|4|Room\n2.2.1.2.1|2|224\n2.2.1.3.1|66|1\n2.3.1.2.1|66|4150\n2.3.1.3.1|66|0'
    const read = await series('kentix', below(KENTIX, lines))
    expect(read.get('env point=Room 1 type=temperature')).toMatchObject({ temperature_celsius: 22.4, state: 'alarm' })
    expect(read.get('env point=Room 1 type=humidity')).toMatchObject({ humidity_percent: 41.5, state: 'normal' })
  })

  it('reads Opengear probes by name', async () => {
    const read = await series('opengear-emd', below(`${EMD}.17`, '9.1.3.1.1|4|Rear\n9.1.5.1.1|2|27\n10.1.3.1.1|4|Rear\n10.1.5.1.1|2|33'))
    expect(read.get('env point=Rear 1.1 type=temperature')).toMatchObject({ temperature_celsius: 27 })
    expect(read.get('env point=Rear 1.1 type=humidity')).toMatchObject({ humidity_percent: 33 })
  })

  it('reads a Riello transfer switch', async () => {
    const read = await series('riello-mts', below(MTS, '1.0|2|500\n2.0|2|231\n13.0|2|74\n26.0|2|1\n44.0|2|1'))
    expect(read.get('power_line line=source 1 L1')).toMatchObject({ frequency_hertz: 50, voltage_volt: 231 })
    expect(read.get('power_line line=L1')).toMatchObject({ current_ampere: 7.4 })
    expect(read.get('sensor sensor=source 1')).toMatchObject({ state: 'alarm' })
    expect(read.get('sensor sensor=general failure')).toMatchObject({ state: 'fault' })
  })

  it('reads an Alpha controller, thousandths, and its list of data', async () => {
    const read = await series(
      'alpha-cordex-hp',
      below(
        CORDEX,
        '3.1.10.0|2|54120\n3.1.30.0|2|99500\n2.1.2.1.3.2.1|4|Rectifier A\n2.2.2.1.2.2.7|4|Output\n2.2.2.1.4.2.7|4|A\n2.3.2.1.2.2.7.1|2|12500',
      ),
    )
    expect(read.get('power_line line=system')).toMatchObject({ voltage_volt: 54.12 })
    expect(read.get('ups')).toMatchObject({ charge_percent: 99.5 })
    expect(read.get('sensor sensor=Rectifier A Output')).toMatchObject({ current_ampere: 12.5 })
  })

  it('reads an Eaton DC power system', async () => {
    const lines =
      '40.10.0|2|229\n50.30.0|2|152\n70.10.20.0|2|5412\n100.45.0|2|101\n60.30.1.95.1|2|5409\n60.30.1.120.1|2|2\n60.30.1.130.1|2|2\n90.15.10.0|2|1\n90.10.30.1.40.3|2|2150\n90.10.30.1.50.3|2|1\n90.10.30.1.60.3|4|Room\n90.10.30.1.70.3|2|35'
    const read = await series('eaton-sc200', below('1.3.6.1.4.1.1918.2.13.10', lines))
    expect(read.get('power_line line=load')).toMatchObject({ power_watt: 1520 })
    expect(read.get('power_line line=bus')).toMatchObject({ voltage_volt: 54.12 })
    expect(read.get('power_line line=rectifier 1')).toMatchObject({ voltage_volt: 54.09, state: 'fault' })
    expect(read.get('sensor sensor=mains')).toMatchObject({ state: 'fault' })
    expect(read.get('env point=Room 3 type=temperature')).toMatchObject({ temperature_celsius: 21.5 })
  })

  it.each([
    [2, 'normal'],
    [1, 'fault'],
  ])('failure %i of a NetSure rectifier is %s', async (raw, state) => {
    const read = await series('emerson-energy', below('1.3.6.1.4.1.6302.2.1.2.11.4.1', `6.1|2|12500\n8.1|2|${raw}`))
    expect(read.get('power_line line=rectifier 1')).toMatchObject({ state, current_ampere: 12.5 })
  })
})
