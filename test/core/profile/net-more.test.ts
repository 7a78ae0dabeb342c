import { describe, expect, it } from 'vitest'
import { read } from './shipped-profiles.ts'

describe('more switches, appliances and management controllers', () => {
  it.each([
    [
      'TP-Link: load, transceiver, power over Ethernet',
      'tplink-jetstream',
      `1.3.6.1.2.1.1.2.0|6|~11863.5.33
~11863.6.4.1.1.1.1.2.1|2|13
~11863.6.96.1.7.1.1.2.49153|4|41.5
~11863.6.96.1.7.1.1.5.49153|4|0.1
~11863.6.96.1.7.1.1.6.49153|4|0
~11863.6.96.1.7.1.1.8.49153|2|1
~11863.6.56.1.1.2.1.1.7.1|2|54
~11863.6.56.1.1.2.1.1.11.1|2|4`,
      [
        'snmp_cpu 1 load_percent=13',
        'sensor port 49153 temperature_celsius=41.5',
        'sensor port 49153 tx_power_dbm=-10',
        'sensor port 49153 signal_loss=1 alarm',
        'sensor PoE port 1 power_watt=5.4',
        'sensor PoE port 1 state=4 fault',
      ],
    ],
    [
      'Supermicro: the name says what is measured',
      'supermicro-bmc',
      `1.3.6.1.2.1.1.2.0|6|~21317.1
~21317.1.3.1.2.1|2|47
~21317.1.3.1.2.2|2|3200
~21317.1.3.1.2.3|2|0
~21317.1.3.1.2.4|4|12.19
~21317.1.3.1.13.1|4|CPU Temp
~21317.1.3.1.13.2|4|FANA
~21317.1.3.1.13.3|4|PS1 Status
~21317.1.3.1.13.4|4|12V
~21317.1.4.0|2|1`,
      [
        'sensor CPU Temp temperature_celsius=47',
        'sensor FANA fan_rpm=3200',
        'sensor PS1 Status state=0 alarm',
        'sensor 12V voltage_volt=12.19',
        'sensor power state=1 normal',
      ],
    ],
    [
      'Blue Coat: unit and power of ten beside the value',
      'bluecoat',
      `1.3.6.1.2.1.1.2.0|6|~3417.1.1.26
~3417.2.1.1.1.1.1.3.1|2|5
~3417.2.1.1.1.1.1.4.1|2|-1
~3417.2.1.1.1.1.1.5.1|2|285
~3417.2.1.1.1.1.1.6.1|2|10
~3417.2.1.1.1.1.1.7.1|2|1
~3417.2.1.1.1.1.1.9.1|4|Motherboard temperature`,
      ['sensor Motherboard temperature temperature_celsius=28.5', 'sensor Motherboard temperature state=10 alarm'],
    ],
    [
      'Ruijie: fans, power supplies and transceivers of later firmware',
      'ruijie',
      `1.3.6.1.2.1.1.2.0|6|~4881.1.1.10.1.200
~4881.1.1.10.2.1.1.41.1.3.1.1|2|4
~4881.1.1.10.2.1.1.41.1.15.1.1|2|95
~4881.1.1.10.2.1.1.43.1.4.1.2|2|5
~4881.1.1.10.2.105.1.1.1.76.25|2|-512
~4881.1.1.10.2.105.1.1.1.81.25|2|-10000
1.3.6.1.2.1.31.1.1.1.1.25|4|Te0/25`,
      [
        'sensor power supply 1.1 condition=4 normal',
        'sensor power supply 1.1 power_watt=95',
        'sensor fan 1.2 condition=5 fault',
        'sensor Te0/25 rx_power_dbm=-5.12',
      ],
    ],
    [
      'ProCurve: temperature and power of a power supply',
      'procurve',
      `1.3.6.1.2.1.1.2.0|6|~11.2.3.7.11.160
~11.2.14.11.5.1.55.1.1.1.2.1|2|3
~11.2.14.11.5.1.55.1.1.1.4.1|2|31
~11.2.14.11.5.1.55.1.1.1.6.1|2|73
~11.2.14.11.5.1.55.1.1.1.7.1|2|680`,
      [
        'sensor power supply 1 state=3 normal',
        'sensor power supply 1 temperature_celsius=31',
        'sensor power supply 1 power_watt=73',
        'sensor power supply 1 rated_power_watt=680',
      ],
    ],
    [
      'Alcatel: transceiver and board of AOS 8',
      'alcatel-aos',
      `1.3.6.1.2.1.1.2.0|6|~6486.801.1.1.2.1.11.1.1
~6486.801.1.1.1.3.1.1.3.1.8.1|2|44
~6486.801.1.2.1.5.1.1.2.6.1.17.1025.1|2|-2345
1.3.6.1.2.1.31.1.1.1.1.1025|4|1/1/25`,
      ['sensor board 1 temperature_celsius=44', 'sensor 1/1/25 1 tx_power_dbm=-2.345'],
    ],
    [
      'ASRock Rack: a branch for every sensor, the unit in the text',
      'asrockrack',
      `1.3.6.1.2.1.1.2.0|6|~49622.1
~49622.6.1.5.0|4|12.096 volts
~49622.6.16.4.0|4|fan 1
~49622.6.16.5.0|4|3200.000 rpm
~49622.6.33.5.0|4|41.000 deg_c`,
      ['sensor sensor 1 voltage_volt=12.096', 'sensor sensor 16 fan_rpm=3200', 'sensor sensor 33 temperature_celsius=41'],
    ],
    [
      'Edgecore: load below the number of the model',
      'edgecore',
      `1.3.6.1.2.1.1.2.0|6|~259.10.1.24
~259.10.1.24.1.39.2.1.0|2|17`,
      ['snmp_cpu all load_percent=17'],
    ],
  ])('%s', async (_, name, lines, expected) => {
    const values = await read(name, lines)
    for (const value of expected) expect(values).toContain(value)
  })
})
