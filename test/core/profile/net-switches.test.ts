import { describe, expect, it } from 'vitest'
import { read } from './shipped-profiles.ts'

const ENTITY = '1.3.6.1.2.1.47.1.1.1.1.7'

describe('switches', () => {
  it.each([
    [
      'Cisco: environment, entity sensors, stack, memory',
      'cisco',
      `1.3.6.1.2.1.1.2.0|6|~9.1.1208
~9.9.13.1.3.1.2.1008|4|SW#1, Sensor#1, GREEN
~9.9.13.1.3.1.3.1008|66|44
~9.9.13.1.3.1.6.1008|2|1
~9.9.13.1.4.1.2.7|4|Fan 1
~9.9.13.1.4.1.3.7|2|3
~9.9.13.1.5.1.2.6|4|Sw1, RPS NotExist
~9.9.13.1.5.1.3.6|2|5
~9.9.91.1.1.1.1.1.5|2|14
~9.9.91.1.1.1.1.2.5|2|9
~9.9.91.1.1.1.1.3.5|2|1
~9.9.91.1.1.1.1.4.5|2|-51
~9.9.91.1.1.1.1.5.5|2|1
1.3.6.1.2.1.47.1.1.1.1.2.5|4|Gi1/0/1 Receive Power
~9.9.91.1.1.1.1.1.6|2|8
~9.9.91.1.1.1.1.2.6|2|8
~9.9.91.1.1.1.1.3.6|2|0
~9.9.91.1.1.1.1.4.6|2|30855
~9.9.91.1.1.1.1.5.6|2|2
~9.9.48.1.1.1.2.1|4|Processor
~9.9.48.1.1.1.5.1|66|300
~9.9.48.1.1.1.6.1|66|100
~9.9.500.1.2.1.1.6.1001|2|9
${ENTITY}.1001|4|Switch 1`,
      [
        'snmp_memory Processor used_bytes=300',
        'snmp_memory Processor available_bytes=100',
        'sensor Gi1/0/1 Receive Power power_dbm=-5.1',
        'sensor SW#1, Sensor#1, GREEN temperature_celsius=44',
        'sensor SW#1, Sensor#1, GREEN state=1 normal',
        'sensor Fan 1 state=3 fault',
        'sensor Sw1, RPS NotExist state=5 unknown',
        'sensor Switch 1 state=9 unknown',
      ],
    ],
    [
      'H3C: entities without a sensor are left out',
      'h3c-comware',
      `1.3.6.1.2.1.1.2.0|6|~25506.1.588
~25506.2.6.1.1.1.1.6.1|2|0
~25506.2.6.1.1.1.1.6.2|2|7
~25506.2.6.1.1.1.1.8.1|2|0
~25506.2.6.1.1.1.1.8.2|2|54
~25506.2.6.1.1.1.1.12.1|2|65535
~25506.2.6.1.1.1.1.12.2|2|38
~25506.2.6.1.1.1.1.19.1|2|1
~25506.2.6.1.1.1.1.19.2|2|41
${ENTITY}.2|4|MPU
~25506.8.35.9.1.1.1.2.1|2|2
~25506.2.70.1.1.1.9.3|2|-267
~25506.2.70.1.1.1.15.3|2|2147483647
1.3.6.1.2.1.31.1.1.1.1.3|4|GE1/0/25`,
      [
        'sensor MPU temperature_celsius=38',
        'snmp_cpu MPU load_percent=7',
        'snmp_memory MPU used_percent=54',
        'sensor MPU state=41 fault',
        'sensor GE1/0/25 tx_power_dbm=-2.67',
        'sensor fan 1 state=2 fault',
      ],
    ],
    [
      'Huawei: board, optics, fan, power supply, energy',
      'huawei-vrp',
      `1.3.6.1.2.1.1.1.0|4|Huawei Versatile Routing Platform Software
~2011.5.25.31.1.1.1.1.5.9|2|12
~2011.5.25.31.1.1.1.1.7.9|2|40
~2011.5.25.31.1.1.1.1.11.9|2|60
~2011.5.25.31.1.1.1.1.11.10|2|2147483647
${ENTITY}.9|4|S6750 1
~2011.5.25.31.1.1.3.1.5.50|2|37
~2011.5.25.31.1.1.3.1.6.50|2|3290
~2011.5.25.31.1.1.3.1.7.50|2|7300
~2011.5.25.31.1.1.3.1.8.50|2|-135
${ENTITY}.50|4|100GE1/0/1
~2011.5.25.31.1.1.10.1.5.1.2|2|20
~2011.5.25.31.1.1.10.1.7.1.2|2|2
~2011.5.25.31.1.1.18.1.6.1.1|2|2
~2011.5.25.31.1.1.18.1.8.1.1|2|12227
~2011.6.157.1.6.0|2|321000`,
      [
        'sensor S6750 1 temperature_celsius=60',
        'snmp_cpu S6750 1 load_percent=12',
        'snmp_memory S6750 1 used_percent=40',
        'sensor 100GE1/0/1 temperature_celsius=37',
        'sensor 100GE1/0/1 voltage_volt=3.29',
        'sensor 100GE1/0/1 bias_ampere=0.0073',
        'sensor 100GE1/0/1 rx_power_dbm=-1.35',
        'sensor slot 1 fan 2 fan_percent=20',
        'sensor slot 1 fan 2 state=2 fault',
        'sensor slot 1 power 1 state=2 fault',
        'sensor slot 1 power 1 voltage_volt=12.227',
        'sensor chassis power_watt=321',
      ],
    ],
    [
      'Moxa: objects below the number of the model',
      'moxa',
      `1.3.6.1.2.1.1.2.0|6|~8691.7.86
~8691.7.86.1.10.1.0|2|0
~8691.7.86.1.10.2.0|2|0
~8691.7.86.1.10.7.1.3.9|4|33.9
~8691.7.86.1.10.7.1.6.9|4|--
~8691.7.86.1.40.6.1.2.3|2|3`,
      [
        'sensor power input 1 state=0 alarm',
        'sensor power input 2 state=0 unknown',
        'sensor sfp 9 temperature_celsius=33.9',
        'sensor poe port 3 power_watt=3',
      ],
    ],
  ])('%s', async (_, name, lines, expected) => {
    expect((await read(name, lines)).sort()).toEqual(expected.sort())
  })
})
