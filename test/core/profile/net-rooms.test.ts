import { describe, expect, it } from 'vitest'
import { read } from './shipped-profiles.ts'

describe('servers, storage and what else stands in the room', () => {
  it.each([
    [
      'IBM IMM: fans are texts, sysObjectID is that of net-snmp',
      'ibm-imm',
      `1.3.6.1.2.1.1.2.0|6|~8072.3.2.10
~2.3.51.3.1.1.2.1.2.1|4|Ambient Temp
~2.3.51.3.1.1.2.1.3.1|2|25
~2.3.51.3.1.2.2.1.2.1|4|Planar 3.3V
~2.3.51.3.1.2.2.1.3.1|2|3340
~2.3.51.3.1.3.2.1.2.1|4|Fan 1A Tach
~2.3.51.3.1.3.2.1.3.1|4|56 %
~2.3.51.3.1.3.2.1.2.2|4|Fan 2A Tach
~2.3.51.3.1.3.2.1.3.2|4|Offline
~2.3.51.3.1.4.1.0|2|2
~2.3.51.3.1.11.2.1.2.1|4|Power Supply 1
~2.3.51.3.1.11.2.1.6.1|4|Critical`,
      [
        'sensor Ambient Temp temperature_celsius=25',
        'sensor Planar 3.3V voltage_volt=3.34',
        'sensor Fan 1A Tach fan_percent=56',
        'sensor Fan 2A Tach speed_text=Offline',
        'sensor system state=2 fault',
        'sensor Power Supply 1 state=3 fault',
      ],
    ],
    [
      'Lenovo XCC',
      'lenovo-xcc',
      `1.3.6.1.2.1.1.2.0|6|~19046.11.1
~19046.11.1.1.2.2.1.2.1|4|CMOS Battery
~19046.11.1.1.2.2.1.3.1|4|3.2110
~19046.11.1.1.3.2.1.2.1|4|Fan 1 Front Tach
~19046.11.1.1.3.2.1.3.1|4| 38% of maximum
~19046.11.1.1.3.2.1.10.1|4|Normal
~19046.11.1.1.4.1.0|2|255
~19046.11.1.1.10.1.10.0|2|231`,
      [
        'sensor CMOS Battery voltage_volt=3.211',
        'sensor Fan 1 Front Tach fan_percent=38',
        'sensor Fan 1 Front Tach state=1 normal',
        'sensor system state=255 normal',
        'sensor power power_watt=231',
      ],
    ],
    [
      'Infortrend: bits of the status, kelvins with a unit',
      'infortrend',
      `1.3.6.1.2.1.1.2.0|6|~1714.1.1
~1714.1.1.2.1.6.1|2|3
~1714.1.1.2.1.6.2|2|128
~1714.1.1.6.1.11.1|2|1
~1714.1.1.6.1.11.2|2|255
~1714.1.1.9.1.6.1|2|3
~1714.1.1.9.1.8.1|4|CPU temp
~1714.1.1.9.1.9.1|2|3100
~1714.1.1.9.1.10.1|2|100
~1714.1.1.9.1.13.1|2|0
~1714.1.1.9.1.6.2|2|1
~1714.1.1.9.1.8.2|4|PSU 1
~1714.1.1.9.1.13.2|2|1
~1714.1.1.9.1.8.3|4|PSU 9
~1714.1.1.9.1.13.3|2|255`,
      [
        'sensor logical drive 1 state=3 alarm',
        'sensor logical drive 2 state=7 alarm',
        'sensor drive 1 state=1 normal',
        'sensor drive 2 state=255 fault',
        'sensor CPU temp temperature_celsius=37',
        'sensor CPU temp state=0 normal',
        'sensor PSU 1 state=1 fault',
      ],
    ],
    [
      'EqualLogic',
      'equallogic',
      `1.3.6.1.2.1.1.2.0|6|~12740.17.1
~12740.2.1.1.1.9.1.77|4|san1
~12740.2.1.5.1.1.1.77|2|2
~12740.2.1.6.1.2.1.77.1|4|Control module
~12740.2.1.6.1.3.1.77.1|2|35
~12740.2.1.6.1.4.1.77.1|2|1
~12740.2.1.13.1.1.1.77|2|5`,
      [
        'sensor member san1 state=2 alarm',
        'sensor san1 Control module temperature_celsius=35',
        'sensor san1 Control module state=1 normal',
        'sensor raid san1 state=5 fault',
      ],
    ],
    [
      'OceanStor',
      'huawei-oceanstor',
      `1.3.6.1.2.1.1.2.0|6|~2011.2.91
~34774.4.1.1.5.0|70|1000
~34774.4.1.23.5.1.1.2.1.49|66|3
~34774.4.1.23.5.1.1.3.1.49|66|27
~34774.4.1.23.5.1.1.4.1.49|4|CTE0.0
~34774.4.1.23.5.1.1.11.1.49|2|43`,
      [
        'snmp_storage array total_bytes=1048576000',
        'sensor CTE0.0 state=3 alarm',
        'sensor CTE0.0 running=27',
        'sensor CTE0.0 temperature_celsius=43',
      ],
    ],
    [
      'Avaya G430: masks from the highest bit, trunks by their words',
      'avaya-g430',
      `1.3.6.1.2.1.1.2.0|6|~6889.1.45.103.11
~6889.2.9.1.2.1.15.0|4x|0010
~6889.2.9.1.1.10.12.0|4x|000000
~6889.2.9.1.4.6.1.5.101.1|2|3
~6889.2.1.11.1.1.1.1.6.10|2|7
~6889.2.8.1.14.1.1.1.1|2|1
~6889.2.8.1.14.1.1.3.1|4|in-service/idle
~6889.2.8.1.14.1.1.1.2|2|2
~6889.2.8.1.14.1.1.3.2|4|out-of-service-NE`,
      [
        'sensor media gateway processor state=16 fault',
        'sensor hardware state=0 normal',
        'sensor dsp core 101.1 state=3 fault',
        'snmp_cpu 10 load_percent=7',
        'sensor trunk 1 state_text=in-service/idle',
        'sensor trunk 1 state=in service normal',
        'sensor trunk 2 state_text=out-of-service-NE',
        'sensor trunk 2 state=out of service alarm',
      ],
    ],
    [
      'Hikvision: a disk that failed its own test',
      'hikvision',
      `1.3.6.1.2.1.1.2.0|6|~50001
~50001.1.230.0|2|1
~50001.1.241.1.2.1.0|4|Disk 1
~50001.1.241.1.3.1.0|2|3
~50001.1.241.1.4.1.0|2|400`,
      ['sensor device state=1 normal', 'sensor Disk 1 state=3 fault', 'snmp_storage Disk 1 free_bytes=419430400'],
    ],
    [
      'a printer: level, unknown level, jam',
      'printer',
      `1.3.6.1.2.1.43.11.1.1.6.1.1|4|Black toner
1.3.6.1.2.1.43.11.1.1.8.1.1|2|2000
1.3.6.1.2.1.43.11.1.1.9.1.1|2|500
1.3.6.1.2.1.43.11.1.1.6.1.2|4|Drum
1.3.6.1.2.1.43.11.1.1.8.1.2|2|2000
1.3.6.1.2.1.43.11.1.1.9.1.2|2|-3
1.3.6.1.2.1.43.10.2.1.4.1.1|65|12345
1.3.6.1.2.1.25.3.5.1.1.1|2|3
1.3.6.1.2.1.25.3.5.1.2.1|4x|04`,
      [
        'printer_supply Black toner level_percent=25',
        'printer_supply Black toner level_raw=500',
        'printer_supply Drum level_raw=-3',
        'printer 1.1 pages=12345',
        'printer status printer_status=3 normal',
        'printer status state=4 alarm',
      ],
    ],
  ])('%s', async (_, name, lines, expected) => {
    expect((await read(name, lines)).sort()).toEqual(expected.sort())
  })
})
