import { describe, expect, it } from 'vitest'
import { below, series } from './shipped-profile.ts'

const ATEN = '1.3.6.1.4.1.21317.1.3.2.2.2.1'
const WTI = '1.3.6.1.4.1.2634.3'
const UPDU = '1.3.6.1.4.1.55108.1'
const HPE = '1.3.6.1.4.1.232.165'
const IBOOT = '1.3.6.1.4.1.1418.6'
const NETIO = '1.3.6.1.4.1.47952.1'
const SWITCH = '1.3.6.1.4.1.37662.1.2.2.1.1'
const IPOMAN = '1.3.6.1.4.1.2468.1.4.2.1'
const CONTEG = '1.3.6.1.4.1.28402.12.1.1.2'
const CPI = '1.3.6.1.4.1.30932.1.10.1'
const MAC = '1.6.0.36.155.53.3.246'
const DELL = '1.3.6.1.4.1.674.10903.200.2.200'
const PX = '1.3.6.1.4.1.13742.6'
const SOCOMEC = '1.3.6.1.4.1.4555.1.1.20.1'

/** Fields of the first series whose name starts so. */
async function one(profile: string, lines: string, start: string) {
  const read = await series(profile, lines)
  return [...read].find(([name]) => name.startsWith(start))?.[1]
}

describe('rack distribution', () => {
  it.each([
    ['aten-pdu', below(ATEN, '99.1.2.1|2|2460\n99.1.3.1|2|229800'), 'power_line line=total', { current_ampere: 2.46, voltage_volt: 229.8 }],
    ['aten-pdu', below(ATEN, '5.1.2.3|2|7'), 'power_line outlet=3', { state: 'alarm' }],
    ['wti-power', below(WTI, '200.60.0|2|57\n200.70.0|2|1290'), 'power_line line=total', { current_ampere: 5.7, power_watt: 1290 }],
    ['wti-power', below(WTI, '200.60.0|2|57\n280.5.0|2|1'), 'sensor sensor=circuit', { state: 'fault' }],
    ['riedo-updu', below(UPDU, '3.1.1.2.1|4|Inlet\n3.1.1.10.1|2|230100\n3.1.1.15.1|2|0'), 'power_line line=Inlet', { voltage_volt: 230.1 }],
    [
      'riedo-updu',
      below(UPDU, '3.3.1.2.1|4|RCM\n3.3.1.3.1|2|35\n3.3.1.5.1|2|4'),
      'power_line line=residual',
      { residual_ampere: 0.0035, state: 'fault' },
    ],
    [
      'hpe-pdu',
      below(HPE, '7.2.2.1.3.1.1|2|231000\n7.2.2.1.4.1.1|2|4'),
      'power_line line=input',
      { voltage_volt: 231, voltage_state: 'high warning' },
    ],
    [
      'hpe-pdu',
      below(HPE, '11.2.2.1.1.1.1|2|1\n11.2.2.1.3.1.1|2|2310\n11.2.2.1.11.1.1|2|412'),
      'power_line line=input',
      { voltage_volt: 231, current_ampere: 4.12 },
    ],
    [
      'netio',
      below(NETIO, '1.1.1.1|2|1\n1.1.2.1|4|Lamp\n1.1.3.1|2|1\n1.1.28.1|2|435'),
      'power_line outlet=1 Lamp',
      { current_ampere: 0.435 },
    ],
    ['netio', below(NETIO, '2.1.0|66|232500\n2.2.0|66|49980'), 'power_line line=total', { voltage_volt: 232.5, frequency_hertz: 49.98 }],
    ['ats-agent', below(SWITCH, '2.2.0|2|1\n2.3.0|2|0'), 'power_line line=source A', { state: 'alarm', voltage_volt: 0 }],
    [
      'ipoman',
      below(IPOMAN, '3.1.3.1.2.1|2|2291\n3.1.3.1.3.1|2|1020'),
      'power_line line=inlet 1',
      { voltage_volt: 229.1, current_ampere: 1.02 },
    ],
    ['ipoman', below(SOCOMEC, '3.2.3.1.2.1|2|2\n3.2.3.1.3.1|2|0'), 'power_line outlet=1', { state: 'normal', current_ampere: 0 }],
    [
      'schleifenbauer',
      below(CONTEG, '6.1.1.5.10.1|2|512\n6.1.1.7.10.1|2|23110\n6.1.1.13.10.1|4|L1'),
      'power_line line=input',
      { current_ampere: 5.12, voltage_volt: 231.1 },
    ],
    [
      'schleifenbauer',
      below(CONTEG, '8.2.1.2.10.1|4|H\n8.2.1.3.10.1|2|4500\n8.2.1.4.10.1|4|Back'),
      'env point=10.1 Back',
      { humidity_percent: 45 },
    ],
    ['schleifenbauer', below(CONTEG, '3.1.1.14.10|2|2'), 'sensor sensor=alert 10', { state: 'fault' }],
    [
      'pdsine-midspan',
      below('1.3.6.1.4.1.7428.1.2', '2.1.1.2.1|66|54\n2.1.1.11.1|2|95\n2.1.1.12.1|2|2'),
      'sensor sensor=unit 1',
      { temperature_celsius: 35 },
    ],
    [
      'chatsworth-pdu',
      below(CPI, `3.110.1.3.${MAC}|2|250\n3.110.1.8.${MAC}|2|1`),
      'power_line bank=',
      { current_ampere: 2.5, state: 'alarm' },
    ],
    [
      'chatsworth-pdu',
      below(CPI, `5.10.1.3.${MAC}|4|Top\n5.10.1.4.${MAC}|2|1\n5.10.1.5.${MAC}|2|77`),
      'env point=Top',
      { temperature_celsius: 25 },
    ],
    ['dell-rpdu', below(DELL, '110.2.1.3.1|2|123\n110.2.1.6.1|2|3'), 'power_line line=PDU', { power_watt: 1230, state: 'alarm' }],
    ['dell-rpdu', below(DELL, '120.2.1.4.1|2|52\n120.2.1.5.1|2|231'), 'power_line line=phase', { current_ampere: 5.2, voltage_volt: 231 }],
    [
      'raritan',
      below(PX, '5.8.3.1.2.1.3.1|2|1\n5.8.3.1.3.1.3.1|2|4\n5.8.3.1.4.1.3.1|66|12500\n3.11.4.1.7.1.3.1|66|3'),
      'power_line line=circuit',
      { current_ampere: 12.5 },
    ],
    ['raritan', below(PX, '5.7.3.1.2.1.1.40|2|1\n5.7.3.1.3.1.1.40|2|17'), 'power_line line=transfer', { operating_state: 'standby' }],
    ['apc-pdu', below('1.3.6.1.4.1.318.1.1.22', '4.1.15.1.3.2|2|2315\n4.2.11.1.3.2|2|494'), 'power_line line=L2', { voltage_volt: 231.5 }],
    [
      'apc-pdu',
      below('1.3.6.1.4.1.318.1.1.22', '2.4.1.7.3.1|2|1\n2.4.1.9.3.1|2|-1\n2.4.1.10.3.1|2|455'),
      'power_line bank=module 3 L1',
      { state: 'alarm', load_percent: 45.5 },
    ],
    [
      'apc-ats',
      below('1.3.6.1.4.1.318.1.1.8.5', '1.2.0|2|1\n4.5.1.4.1|66|52\n4.5.1.5.1|2|4\n4.5.1.6.1|2|-1'),
      'power_line bank=1',
      { current_ampere: 5.2, state: 'alarm' },
    ],
  ])('%s reads %s', async (profile, lines, start, fields) => {
    expect(await one(profile, lines, start)).toMatchObject(fields)
  })

  it.each([
    ['wti-power', below(WTI, '200.10.1.2.1|4|Rack\n200.10.1.3.1|2|79'), 'sensor sensor=Rack', 26.1],
    ['wti-power', below(WTI, '200.10.1.2.1|4|Rack\n200.10.1.3.1|2|24'), 'sensor sensor=Rack', 24],
    ['iboot-pdu', below(IBOOT, '1.9.0|2|0\n6.5.0|2|75'), 'env point=1', 23.9],
    ['iboot-pdu', below(IBOOT, '1.9.0|2|1\n6.5.0|2|235'), 'env point=1', 23.5],
    ['riedo-updu', below(UPDU, '3.2.1.2.1|4|Door\n3.2.1.3.1|2|1\n3.2.1.4.1|2|-15'), 'env point=Door', -1.5],
    ['hpe-pdu', below(HPE, '11.4.1.1.1.1|2|2\n11.4.2.1.2.1.1|4|T1\n11.4.2.1.3.1.1|2|2\n11.4.2.1.4.1.1|2|77'), 'env point=1.1 T1', 25],
  ])('%s: %s is the temperature', async (profile, lines, start, celsius) => {
    expect((await one(profile, lines, start))?.temperature_celsius).toBeCloseTo(celsius, 1)
  })

  it.each([
    ['no value', 'aten-pdu', below(ATEN, '99.1.2.1|2|-3000000')],
    ['quality: no data', 'riedo-updu', below(UPDU, '3.1.1.2.1|4|Inlet\n3.1.1.10.1|2|0\n3.1.1.15.1|2|2')],
    ['no probe (999)', 'iboot-pdu', below(IBOOT, '1.9.0|2|1\n6.5.0|2|999')],
    ['no probe (communication 1)', 'dell-rpdu', below(DELL, '150.2.2.1.3.1|2|1\n150.2.2.1.5.1|2|0')],
    ['no probe (status 1)', 'hpe-pdu', below(HPE, '11.4.2.1.2.1.1|4|T1\n11.4.2.1.3.1.1|2|1\n11.4.2.1.4.1.1|2|0')],
  ])('leaves out %s of %s', async (_, profile, lines) => {
    expect([...(await series(profile, lines)).keys()]).toEqual([])
  })
})
