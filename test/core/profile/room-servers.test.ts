import { describe, expect, it } from 'vitest'
import { read } from './shipped-profiles.ts'

/** Lines below one OID that starts with `~` for 1.3.6.1.4.1. */
const under = (oid: string, ...lines: readonly string[]): string => lines.map((line) => `${oid}.${line}`).join('\n')

const cases: readonly (readonly [string, string, string, readonly string[]])[] = [
  [
    'Areca: millivolts, the battery row is a charge, 255 is no battery',
    'areca',
    [
      under(
        '~18928.1.2.2.1',
        '8.1.2.1|4|12V',
        '8.1.3.1|2|11977',
        '8.1.2.9|4|Battery Status',
        '8.1.3.9|2|255',
        '10.1.2.1|4|CPU',
        '10.1.3.1|2|48',
      ),
      under('~18928.1.2.2.2', '7.1.2.1|4|PowerSupply01', '7.1.3.1|2|1', '9.1.2.1|4|Fan 01', '9.1.3.1|2|2170'),
      under('~18928.1.2.3.2', '4.1.2.1|4|Slot#1', '4.1.3.1|4|Disk A', '4.1.8.1|4|RaidSet Member', '4.1.3.2|4|N.A.', '4.1.8.2|4|N.A.'),
    ].join('\n'),
    [
      'sensor board 1 12V voltage_volt=11.977',
      'sensor board 1 CPU temperature_celsius=48',
      'sensor board 2 PowerSupply01 state=1 normal',
      'sensor board 2 Fan 01 fan_rpm=2170',
      'sensor drive 2 Slot#1 state=member normal',
    ],
  ],
  [
    'H3C HDM: health of the parts, an absent supply has no power',
    'h3c-hdm',
    [
      under('~25506.13.1.2.4.7', '1.0|2|1', '3.0|2|0'),
      under(
        '~25506.13.1.2.1.1',
        '11.2.0|2|24',
        '7.1.3.0|2|310',
        '7.1.1.1.2.1|2|1',
        '7.1.1.1.10.1|2|155',
        '7.1.1.1.2.2|2|0',
        '7.1.1.1.10.2|2|0',
        '11.3.1.4.3|4|41.0',
        '11.3.1.6.3|2|3',
      ),
    ].join('\n'),
    [
      'sensor system state=1 alarm',
      'sensor fan state=0 normal',
      'sensor inlet temperature_celsius=24',
      'sensor system power_watt=310',
      'sensor psu 1 presence=1 normal',
      'sensor psu 1 power_watt=155',
      'sensor psu 2 presence=0 unknown',
      'sensor temperature 3 temperature_celsius=41',
      'sensor temperature 3 state=3 alarm',
    ],
  ],
  [
    'Inspur BMC: levels as numbers, drives as words',
    'inspur',
    under('~37945.2.1', '2.1.1.1.3.1|2|1', '2.2.1.1.3.4|2|3', '2.3.1.1.3.2|2|2', '1.6.1.1.9.1|2|0', '3.1.1.1.4.2|4|Warning'),
    [
      'sensor temperature 1 state=1 normal',
      'sensor voltage 4 state=3 fault',
      'sensor fan 2 state=2 alarm',
      'sensor psu 1 state=0 unknown',
      'sensor front drive 2 state=warning alarm',
    ],
  ],
  [
    'Knürr CoolTherm: tenths of the air, whole degrees of its limits',
    'knuerr',
    under('~2769.2.1.1', '1.3.0|2|312', '1.5.0|2|40', '2.3.0|2|221', '7.2.0|2|385', '9.2.0|2|141', '9.3.0|2|200'),
    [
      'aircon unit return_temperature_celsius=31.2',
      'aircon unit supply_temperature_celsius=22.1',
      'aircon unit humidity_percent=38.5',
      'aircon unit water_in_temperature_celsius=14.1',
      'aircon unit return_temperature_high_celsius=40',
      'aircon unit water_in_high_celsius=20',
    ],
  ],
  [
    'Minkels: two return temperatures, a name is no temperature',
    'minkels',
    under('~39983.1.1.1', '1.0|2|249', '2.0|4|Unit 2'),
    ['aircon top return_temperature_celsius=24.9'],
  ],
  [
    'tinycontrol: hundredths in the box, tenths outside, an empty socket',
    'tinycontrol',
    under('~7616', '3.7.0|2|1214', '3.8.0|2|3150', '4.1.0|2|214', '4.2.0|2|-600', '4.10.0|2|431', '2.1.0|2|1'),
    [
      'env box voltage_volt=12.14',
      'env box temperature_celsius=31.5',
      'env sensor 1 temperature_celsius=21.4',
      'env sensor H1 humidity_percent=43.1',
      'env input 1 state=1 normal',
    ],
  ],
  [
    'TPDIN of the first generation: texts with decimals',
    'tycon-tpdin1',
    under('~17095.3', '1.0|2|1', '5.0|4|24.6', '9.0|4|1.2', '14.0|4|30.5'),
    ['power_line input 1 voltage_volt=24.6', 'power_line input 1 current_ampere=1.2', 'env internal temperature_celsius=30.5'],
  ],
  [
    'Quantum libraries: the parts of both trees',
    'quantum-library',
    [
      under(
        '~3764.1.10.10',
        '1.8.0|2|4',
        '12.2.0|2|1',
        '12.8.0|2|2',
        '14.2.0|2|1',
        '11.3.1.3.1|4|LTO5',
        '11.3.1.11.1|2|2',
        '13.2.1.2.1|4|LL1',
        '13.2.1.8.1|2|3',
      ),
      under('~3697.1.10.10.1.15', '10.1.0|2|3', '2.0|2|2'),
    ].join('\n'),
    [
      'sensor library state=4 alarm',
      'sensor cooling state=1 normal',
      'sensor operator action state=2 normal',
      'sensor main door state=1 alarm',
      'sensor power state=3 alarm',
      'sensor main door state=2 normal',
      'sensor drive 1 LTO5 state=2 fault',
      'sensor logical library LL1 state=3 alarm',
    ],
  ],
  [
    'IBM RSA: readings as texts, the one that cannot be read is left out',
    'ibm-rsa',
    under(
      '~2.3.51.1.2',
      '1.2.1.0|4|  30.00 Centigrade',
      '1.2.2.0|4|Not Readable!',
      '1.5.1.0|4|  28.00 Centigrade',
      '3.1.0|4| 67% of maximum',
      '7.1.0|2|255',
    ),
    [
      'sensor system state=255 normal',
      'sensor ambient temperature_celsius=28',
      'sensor cpu 1 temperature_celsius=30',
      'sensor fan 1 fan_percent=67',
    ],
  ],
  [
    'ServerView before the second system board table',
    'fujitsu-serverview',
    [
      under('~231.2.10.2.11', '2.1.0|2|2', '3.1.1.2.2|4|PowerSupply', '3.1.1.3.2|2|3'),
      under(
        '~231.2.10.2.2.5.2',
        '1.1.3.1.1|2|8',
        '1.1.11.1.1|2|25',
        '1.1.13.1.1|4|Ambient',
        '2.1.3.1.2|2|5',
        '2.1.8.1.2|2|2100',
        '2.1.16.1.2|4|FAN1 SYS',
      ),
    ].join('\n'),
    [
      'sensor agent state=2 alarm',
      'sensor subsystem PowerSupply state=3 fault',
      'sensor Ambient 1.1 temperature_celsius=25',
      'sensor Ambient 1.1 state=8 normal',
      'sensor FAN1 SYS 1.2 fan_rpm=2100',
      'sensor FAN1 SYS 1.2 state=5 alarm',
    ],
  ],
  [
    'Large tape libraries: StorageTek, Spectra and Overland',
    'tape-library-large',
    [
      under('~1211.1.15.4', '4.1.2.1|4|CPU', '4.1.3.1|2|41', '6.1.2.1|4|rear', '6.1.3.1|2|1', '10.1.8.1|2|0', '14.1.4.1|2|2'),
      under('~3478.1.1.3.1.1.2.1.1.1', '1.0|2|1', '2.0|2|3'),
      under('~3351.1.3.2.3.1.1', '3.1|2|1'),
    ].join('\n'),
    [
      'sensor CPU temperature_celsius=41',
      'sensor fan rear state=1 fault',
      'sensor robot 1 state=0 normal',
      'sensor controller 1 state=2 alarm',
      'sensor power state=1 normal',
      'sensor fans state=3 fault',
      'sensor drive 1 state=1 alarm',
    ],
  ],
  [
    'DPS Telecom: named points and inputs',
    'dps-telecom',
    [
      under(
        '~2682.1.2.5.1',
        '5.99.1.1.1|4|Door open',
        '6.99.1.1.1|4|Alarm   ',
        '5.99.1.1.2|4|Smoke',
        '6.99.1.1.2|4|Clear',
        '5.99.1.1.3|4|Undefined',
        '6.99.1.1.3|4|-',
      ),
      under(
        '~2682.1.2.6.1',
        '3.5|4|DC VOLTAGE A',
        '4.5|4|-53.7922',
        '3.6|4|Room humidity',
        '4.6|4| 41.5000',
        '3.17|4|INTERNAL TEMPERATURE',
        '4.17|4| 78.1976',
      ),
    ].join('\n'),
    [
      'env Door open state=alarm alarm',
      'env Smoke state=clear normal',
      'env DC VOLTAGE A voltage_volt=-53.7922',
      'env Room humidity humidity_percent=41.5',
      'env INTERNAL TEMPERATURE value=78.1976',
    ],
  ],
]

describe('server controllers and storage of the room', () => {
  it.each(cases)('%s', async (_, profile, walk, expected) => {
    expect(await read(profile, walk)).toEqual(expected)
  })
})
