import { describe, expect, it } from 'vitest'
import { below, series } from './shipped-profile.ts'

const LIEBERT = '1.3.6.1.4.1.476.1.42.3'
const STULZ = '1.3.6.1.4.1.29462.10.2.1'
const ELTEK = '1.3.6.1.4.1.12148.10'

describe('Liebert', () => {
  it('puts each temperature where its descriptor says', async () => {
    const air = `${LIEBERT}.4.1.1`
    const read = await series(
      'liebert',
      below(
        LIEBERT,
        `4.1.3.3.1.2.1|6|${air}.2\n4.1.3.3.1.2.2|6|${air}.3\n4.1.3.3.1.2.3|6|${air}.1\n4.1.3.3.1.3.1|2|24\n4.1.3.3.1.3.2|2|16\n4.1.3.3.1.3.3|2|23\n4.1.3.3.1.6.1|2|22\n4.1.3.3.1.6.3|2|21\n4.3.1.0|2|1\n4.3.7.0|2|1\n4.3.9.0|66|40\n4.3.16.0|66|70`,
      ),
    )
    expect(read.get('aircon')).toMatchObject({
      return_temperature_celsius: 24,
      supply_temperature_celsius: 16,
      room_temperature_celsius: 23,
      setpoint_return_celsius: 22,
      setpoint_temperature_celsius: 21,
      running: 1,
      cooling_percent: 40,
      fan_percent: 70,
    })
  })

  it('prefers tenths where the card has them', async () => {
    const read = await series('liebert', below(LIEBERT, `4.1.3.3.1.2.1|6|${LIEBERT}.4.1.1.2\n4.1.3.3.1.3.1|2|24\n4.1.3.3.1.50.1|2|243`))
    expect(read.get('aircon')).toMatchObject({ return_temperature_celsius: 24.3 })
  })

  it.each([
    [1, 'on', 1],
    [2, 'off', 0],
    [3, 'standby', 0],
  ])('system state %i is %s', async (raw, status, running) => {
    expect((await series('liebert', below(LIEBERT, `4.3.1.0|2|${raw}`))).get('aircon')).toMatchObject({ status, running, status_code: raw })
  })

  it('tells conditions, those of a part with its number', async () => {
    const read = await series('liebert', below(LIEBERT, `4.3.1.0|2|1\n2.3.1.2.1|6|${LIEBERT}.2.1.14\n2.3.1.2.2|6|${LIEBERT}.2.1.7.1.2`))
    expect(read.get('aircon_alarm alarm=water under floor')).toEqual({ active: 1 })
    expect(read.get('aircon_alarm alarm=high head pressure 1.2')).toEqual({ active: 1 })
    expect(read.get('aircon_alarm alarm=smoke detected')).toEqual({ active: 0 })
  })

  it('reads rows of label, value and unit of newer cards', async () => {
    const read = await series(
      'liebert',
      below(
        LIEBERT,
        '9.20.1.10.1.2.1.5002|4|Supply Air Temperature\n9.20.1.20.1.2.1.5002|4|68.0\n9.20.1.30.1.2.1.5002|4|deg F\n9.20.1.10.1.2.1.5028|4|Humidity\n9.20.1.20.1.2.1.5028|4|Unavailable\n9.20.1.30.1.2.1.5028|4|% RH',
      ),
    )
    expect(read.get('aircon point=Supply Air Temperature 5002')).toEqual({ temperature_celsius: 20 })
    expect(read.has('aircon point=Humidity 5028')).toBe(false)
  })

  it('reads UPS lines by phase', async () => {
    const row = `${LIEBERT}.5.2.3.1`
    const read = await series('liebert-power', below(row, `3.1.2|6|${LIEBERT}.5.2.1.9\n5.1.2|2|230\n6.1.2|2|41\n7.1.2|2|23\n14.1.2|2|95`))
    expect(read.get('ups_line side=output line=L2')).toEqual({
      voltage_volt: 230,
      current_ampere: 41,
      load_percent: 23,
      power_factor: 0.95,
    })
  })
})

describe('Stulz WIB 8000', () => {
  it('keeps the units of a bus apart', async () => {
    const read = await series(
      'stulz-wib8000',
      below(
        STULZ,
        '1.1.1.1.1.1.1192.1.1.1|2|265\n1.1.1.1.1.1.1193.1.1.1|2|160\n1.1.1.1.1.1.1192.1.2.1|2|241\n1.2.4.1.1.6932.1.1.1|66|85\n4.1.1.1.1013.1.1.1|66|1\n4.1.1.1.1013.1.2.1|66|0\n4.2.1.1.8.1.2.1|66|1',
      ),
    )
    expect(read.get('aircon unit=1.1')).toMatchObject({
      return_temperature_celsius: 26.5,
      supply_temperature_celsius: 16,
      fan_percent: 85,
      running: 1,
    })
    expect(read.get('aircon unit=1.2')).toMatchObject({ return_temperature_celsius: 24.1, running: 0 })
    expect(read.get('aircon_alarm unit=1.2 alarm=general')).toMatchObject({ state: 'alarm' })
  })
})

describe('rectifiers', () => {
  it('Eltek: mains alarm, battery in hundredths', async () => {
    const read = await series(
      'eltek-enexus',
      below(
        ELTEK,
        '2.1.0|2|3\n3.1.0|2|3\n10.5.5.0|2|5420\n10.6.5.0|2|-21\n10.8.5.0|2|356\n5.6.1.2.1|2|1\n5.6.1.3.1|2|31\n5.6.1.5.1|4|Flatpack',
      ),
    )
    expect(read.get('ups')).toMatchObject({ battery_voltage_volt: 54.2, battery_current_ampere: -2.1, runtime_minutes: 356 })
    expect(read.get('sensor sensor=mains')).toMatchObject({ state: 'alarm', text: 'major alarm', raw: 3 })
    expect(read.get('power_line line=rectifier 1 Flatpack')).toMatchObject({ state: 'normal', current_ampere: 3.1 })
  })
})
