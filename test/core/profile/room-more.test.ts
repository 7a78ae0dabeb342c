import { describe, expect, it } from 'vitest'
import { read } from './shipped-profiles.ts'

/** Lines below one OID that starts with `~` for 1.3.6.1.4.1. */
const under = (oid: string, ...lines: readonly string[]): string => lines.map((line) => `${oid}.${line}`).join('\n')

const cases: readonly (readonly [string, string, string, readonly string[]])[] = [
  [
    'Comet transmitter: tenths, a computed dew point, alarms',
    'comet',
    under('~22626.1.2', '1.9.0|4|C', '1.11.0|4|C', '3.1.0|2|235', '3.2.0|2|412', '3.3.0|2|-31', '3.5.0|2|0', '3.6.0|2|1'),
    [
      'env transmitter temperature_celsius=23.5',
      'env transmitter humidity_percent=41.2',
      'env transmitter dewpoint_celsius=-3.1',
      'env transmitter state=0 normal',
      'env transmitter state=1 alarm',
    ],
  ],
  [
    'Comet Web Sensor: the unit tells the quantity, an error code is no value',
    'comet',
    under('~22626.1.5.2', '1.3.0|2|218', '1.9.0|4|C', '2.3.0|2|455', '2.9.0|4|%RH', '3.3.0|2|-11000', '3.9.0|4|C', '1.4.0|2|2'),
    ['env channel 1 temperature_celsius=21.8', 'env channel 1 state=2 alarm', 'env channel 2 humidity_percent=45.5'],
  ],
  [
    'OW-SERVER: texts with decimals, the value of a device that has not measured is left out',
    'eds-ow-server',
    under(
      '~31440.10',
      '3.1.3.1|4|DS18B20',
      '3.1.6.1|4|28AA',
      '3.1.7.1|2|7',
      '3.1.7.2|2|0',
      '5.1.1.1|4|22.5625',
      '5.1.1.2|4|85.0000',
      '15.1.6.3|4|1013.5',
    ),
    [
      'env DS18B20 28AA 1 health=7',
      'env DS18B20 28AA 1 state=7 normal',
      'env 2 health=0',
      'env 2 state=0 fault',
      'env DS18B20 28AA 1 temperature_celsius=22.5625',
      'env eds0068 3 pressure_kilopascal=101.35',
    ],
  ],
  [
    'SiteMonitor: tenths of the base, millionths of Base 3',
    'packetflux',
    under('~32050', '2.1.27.5.0|2|254', '2.1.27.5.1|2|547', '3.2.1.1.3.0.1|4|Bus', '3.2.1.1.4.0.1|2|54123456', '3.2.3.1.4.0.1|2|2150'),
    [
      'env input 0 temperature_celsius=25.4',
      'env input 1 voltage_volt=54.7',
      'env Bus 0.1 voltage_volt=54.123456',
      'env 0.1 temperature_celsius=21.5',
    ],
  ],
  [
    'Room Alert 24E has its heat index where others have the power',
    'avtech',
    under('~20916.1.5', '1.1.1.1.0|2|7394', '1.1.1.2.0|2|2330', '1.1.3.1.0|2|7300', '1.1.3.2.0|2|2278', '1.3.2.0|2|1'),
    ['env inside temperature_celsius=23.3', 'env inside heat_index_celsius=22.78', 'env switch 2 state=1 unknown'],
  ],
  [
    'Room Alert 12E: sensors 2 to 4, switches 5 to 8',
    'avtech',
    under('~20916.1.10.1', '1.1.0|2|2150', '1.2.0|2|7070', '2.1.0|2|1990', '2.3.0|2|4410', '5.1.0|2|0', '5.2.0|4|Door'),
    [
      'env inside temperature_celsius=21.5',
      'env sensor 1 temperature_celsius=19.9',
      'env sensor 1 humidity_percent=44.1',
      'env switch 1 state=0 unknown',
    ],
  ],
  [
    'Room Alert 7E and TemPageR 3E: Celsius stands first',
    'avtech',
    `${under('~20916.1.2', '1.1.1.0|2|2210', '1.1.5.0|2|7178', '2.1.0|2|1')}\n${under('~20916.1.7.1', '1.1.1.0|2|2480', '1.1.2.0|2|7664')}`,
    ['env inside temperature_celsius=24.8', 'env sensor 1 temperature_celsius=22.1', 'env sensor 1 state=1 alarm'],
  ],
  [
    'AKCP sensorProbe+: Fahrenheit in tenths, a water rope',
    'akcp',
    under(
      '~3854.3.5',
      '2.1.2.0.0.0|4|Rack',
      '2.1.5.0.0.0|4|F',
      '2.1.6.0.0.0|2|4',
      '2.1.20.0.0.0|2|770',
      '21.1.2.0.0.1|4|Rope',
      '21.1.6.0.0.1|2|7',
    ),
    ['env Rack temperature_celsius=25', 'env Rack state=4 alarm', 'env Rope state=7 fault'],
  ],
  [
    'InRow SC: metric objects of the unit',
    'apc-cooling',
    under('~318.1.1.13.3.4.1.2', '1.0|2|2', '2.0|2|53', '7.0|2|221', '9.0|2|178', '11.0|2|301', '29.0|2|-1'),
    [
      'aircon unit status=2 normal',
      'aircon unit cooling_watt=5300',
      'aircon unit room_temperature_celsius=22.1',
      'aircon unit supply_temperature_celsius=17.8',
      'aircon unit return_temperature_celsius=30.1',
    ],
  ],
  [
    'QNAP QTS 5: its own tree',
    'qnap',
    under(
      '~55062.1',
      '10.2.1.4.1|4|WD40',
      '10.2.1.7.1|4|Good',
      '10.2.1.8.1|4|38 C',
      '12.9.1.2.1|4|System FAN 1',
      '12.9.1.3.1|2|1043',
      '12.19.0|2|-1',
    ),
    [
      'sensor power supply state=-1 fault',
      'sensor disk 1 WD40 state=0 normal',
      'sensor disk 1 WD40 temperature_celsius=38',
      'sensor System FAN 1 fan_rpm=1043',
    ],
  ],
  [
    'ReadyNAS OS 6: other columns than before',
    'readynas',
    under(
      '~4526.22',
      '1.0|4|6.10',
      '3.1.5.1|4|ST4',
      '3.1.9.1|4|ONLINE',
      '3.1.10.1|2|36',
      '7.1.2.1|4|data',
      '7.1.4.1|4|DEGRADED',
      '7.1.5.1|2|1024',
    ),
    [
      'sensor disk ST4 state=0 normal',
      'sensor disk ST4 temperature_celsius=36',
      'sensor volume data state=1 alarm',
      'snmp_storage volume data total_bytes=1073741824',
    ],
  ],
  [
    'TeraStation: a degraded disk, an array that is full',
    'buffalo',
    under('~5227.27.1', '2.1.2.1|2|2', '2.1.5.1|2|1', '2.1.2.2|2|5', '2.1.5.2|2|3', '3.1.2.1|2|4', '3.1.4.1|2|97'),
    [
      'sensor disk 1 state=2 normal',
      'sensor disk 1 smart=1 normal',
      'sensor disk 2 state=5 alarm',
      'sensor disk 2 smart=3 fault',
      'sensor array 1 state=4 normal',
      'sensor array 1 used_percent=97',
    ],
  ],
  [
    'LenovoEMC: thousandths of a degree and of a volt',
    'lenovo-nas',
    under('~11369.10', '4.1.0|4|DEGRADED', '6.2.1.2.1|4|CPU', '6.2.1.3.1|66|41500', '6.3.1.2.1|4|VCore', '6.3.1.3.1|66|1180'),
    ['sensor raid state=2 alarm', 'sensor CPU temperature_celsius=41.5', 'sensor VCore voltage_volt=1.18'],
  ],
  [
    'ETERNUS: state of the parts, hourly power',
    'fujitsu-eternus',
    under('~211.1.21.1.150', '6.0|2|4', '2.1.2.1.3.0|2|1', '2.19.2.1.3.5|2|2', '13.1.2.1.5.0|2|612'),
    [
      'sensor system state=4 alarm',
      'sensor controller 0 state=1 normal',
      'sensor disk 5 state=2 fault',
      'sensor machine power 0 power_watt=612',
    ],
  ],
  [
    'Hitachi VSP: one row per array',
    'hitachi-vsp',
    under('~116.5.11.4.1.1', '5.1.2.410001|4|vsp-1', '6.1.6.410001|2|1', '6.1.8.410001|2|4', '7.1.5.410001|2|2'),
    ['sensor vsp-1 410001 power_supply=1 normal', 'sensor vsp-1 410001 fan=4 alarm', 'sensor drive unit vsp-1 410001 drives=2 fault'],
  ],
  [
    'tape library of IBM and its drives',
    'tape-library',
    under('~2.6.211', '2.1.0|2|4', '3.1.1.20.1|2|2', '3.2.1.13.1|2|1'),
    ['sensor library state=4 alarm', 'sensor library 1 door=2 alarm', 'sensor drive 1 cleaning=1 alarm'],
  ],
  [
    'ExaGrid: gigabytes and the rest in bytes',
    'exagrid',
    under('~14941.4', '6.1.0|2|2', '1.1.0|66|2000', '1.2.0|66|500000000', '1.3.0|66|500', '1.4.0|66|0'),
    [
      'sensor server state=2 alarm',
      'snmp_storage landing space total_bytes=2000500000000',
      'snmp_storage landing space free_bytes=500000000000',
    ],
  ],
  [
    'HWg Perseus: texts with their unit, whole numbers with the point moved',
    'hwg',
    under(
      '~21796.5.1',
      '2.1.2.7|4|Hall',
      '2.1.3.7|2|1',
      '3.1.2.7.1|4|Temp',
      '3.1.3.7.1|2|5',
      '3.1.4.7.1|4|24.5',
      '3.1.5.7.1|4|C',
      '3.1.9.7.1|2|1',
      '3.1.12.7.1|2|245',
    ),
    [
      'env meter Hall state=1 normal',
      'env Hall Temp 7.1 state=5 alarm',
      'env Hall Temp 7.1 temperature_celsius=24.5',
      'env Hall Temp 7.1 whole_value=24.5',
    ],
  ],
  [
    'LCP chiller and SCS cooler on a pCOWeb',
    'carel-pcoweb',
    `${under('~9839.2606.2.1', '2.2.0|2|182', '2.6.0|2|305', '2.11.0|2|241', '3.13.0|2|1', '1.3.0|2|1')}\n${under('~9839.1.2', '18.0|2|235', '21.0|2|1')}`,
    [
      'aircon LCP status=1 normal',
      'aircon LCP supply_temperature_celsius=18.2',
      'aircon LCP discharge_pressure_kilopascal=2410',
      'aircon_alarm high pressure state=1 alarm',
      'aircon SCS room_temperature_celsius=23.5',
      'aircon_alarm collective state=1 normal',
    ],
  ],
  [
    'Vertiv probe with two remote temperatures',
    'geist',
    under('~21239.5.1.8.1', '3.1|4|Aisle', '4.1|66|1', '6.1|2|241', '7.1|2|38', '10.1|4|Top', '11.1|2|263', '14.1|2|219'),
    [
      'env Aisle temperature_celsius=24.1',
      'env Aisle humidity_percent=38',
      'env Aisle Top 1 temperature_celsius=26.3',
      'env Aisle B 1 temperature_celsius=21.9',
    ],
  ],
  [
    'Teracom TCW240: tenths',
    'teracom-tcw',
    under('~38783.1.3.1', '1.1.0|2|231', '1.2.0|2|455', '2.1.0|2|-32768'),
    ['env sensor 1 temperature_celsius=23.1', 'env humidity 1 humidity_percent=45.5'],
  ],
  [
    'Dell MX chassis: powers are texts',
    'dell-server',
    under(
      '~674.10892.6',
      '2.1.0|2|3',
      '3.1.4.0|2|4',
      '3.1.8.0|2|24',
      '4.1.1.9.1|4|1875.250',
      '4.2.1.3.1.1|4|PSU.Slot.1',
      '4.2.1.8.1.1|2|5',
    ),
    [
      'sensor system state=3 normal',
      'sensor chassis fans state=4 alarm',
      'sensor chassis ambient temperature_celsius=24',
      'sensor chassis 1 power_watt=1875.25',
      'sensor power supply PSU.Slot.1 state=5 fault',
    ],
  ],
]

describe('more stations, arrays and chassis of a machine room', () => {
  it.each(cases)('%s', async (_, name, lines, expected) => {
    const values = await read(name, lines)
    for (const line of expected) expect(values).toContain(line)
  })

  it('reads nothing out of the Fahrenheit half of a Room Alert', async () => {
    const values = await read('avtech', under('~20916.1.5', '1.1.1.1.0|2|7394', '1.1.1.2.0|2|2330'))
    expect(values.filter((value) => value.includes('temperature_celsius'))).toEqual(['env inside temperature_celsius=23.3'])
  })
})
