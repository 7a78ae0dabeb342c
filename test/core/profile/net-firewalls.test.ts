import { describe, expect, it } from 'vitest'
import { read } from './shipped-profiles.ts'

describe('firewalls', () => {
  it.each([
    [
      'Fortinet: the kind of a sensor follows from its name',
      'fortinet',
      `1.3.6.1.2.1.1.2.0|6|~12356.101.1.15000
~12356.101.4.1.3.0|66|9
~12356.101.4.1.8.0|66|541
~12356.101.4.3.2.1.2.1|4|+VCC3
~12356.101.4.3.2.1.3.1|4|3.3324
~12356.101.4.3.2.1.4.1|2|0
~12356.101.4.3.2.1.2.2|4|PS1 Temp 1
~12356.101.4.3.2.1.3.2|4|26
~12356.101.4.3.2.1.4.2|2|1
~12356.101.4.3.2.1.2.3|4|Fan 1
~12356.101.4.3.2.1.3.3|4|6500
~12356.101.4.3.2.1.2.4|4|PS1 Status
~12356.101.4.3.2.1.3.4|4|1
~12356.101.12.2.2.1.2.1|4|branch
~12356.101.12.2.2.1.20.1|2|1
~12356.101.13.2.1.1.2.1|4|FG1
~12356.101.13.2.1.1.12.1|2|0`,
      [
        'firewall sessions=541',
        'snmp_cpu all load_percent=9',
        'sensor +VCC3 voltage_volt=3.3324',
        'sensor +VCC3 state=0 normal',
        'sensor PS1 Temp 1 temperature_celsius=26',
        'sensor PS1 Temp 1 state=1 alarm',
        'sensor Fan 1 fan_rpm=6500',
        'sensor PS1 Status status=1 fault',
        'tunnel branch state=1 alarm',
        'sensor FG1 state=0 alarm',
      ],
    ],
    [
      'Hillstone',
      'hillstone',
      `1.3.6.1.2.1.1.2.0|6|.1.3.6.1.4.1.28557.1.126
~28557.2.2.1.3.0|2|55
~28557.2.2.1.4.0|66|8388608
~28557.2.2.1.7.0|66|900
~28557.2.27.1.2.1.2.1|4|PS0
~28557.2.27.1.2.1.3.1|2|1
~28557.2.28.1.2.1.2.4|4|Switch
~28557.2.28.1.2.1.3.4|2|68`,
      [
        'snmp_cpu all load_percent=55',
        'snmp_memory ram total_bytes=8589934592',
        'firewall sessions=900',
        'sensor PS0 state=1 fault',
        'sensor Switch temperature_celsius=68',
      ],
    ],
    [
      'Topsec',
      'topsec',
      `1.3.6.1.2.1.1.2.0|6|~14331.1.4
~14331.5.5.1.4.2.0|4|12
~14331.5.5.1.4.3.0|4|34
~14331.5.5.1.4.5.0|4|1234
~14331.5.5.1.4.6.0|4|56`,
      ['snmp_cpu all load_percent=12', 'snmp_memory ram used_percent=34', 'firewall sessions=1234', 'firewall session_rate=56'],
    ],
  ])('%s', async (_, name, lines, expected) => {
    expect((await read(name, lines)).sort()).toEqual(expected.sort())
  })
})
