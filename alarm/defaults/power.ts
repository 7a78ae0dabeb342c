import type { RuleInput } from '../rule-schema.ts'

/** UPS, in NUT's words; levels from the contract's clocks. */
export const powerRules: readonly RuleInput[] = [
  {
    name: 'ups-on-battery',
    title: { zh: 'UPS 电池供电', en: 'UPS on battery' },
    on: 'ups.status',
    levels: [
      { severity: 'emergency', fire: 'has OB', for: '5m' },
      { severity: 'major', fire: 'has OB', for: '10s' },
    ],
  },
  {
    name: 'ups-battery-low',
    title: { zh: 'UPS 电池电量低', en: 'UPS battery low' },
    on: 'ups.status',
    levels: [{ severity: 'emergency', fire: 'has LB' }],
  },
  {
    name: 'ups-replace-battery',
    title: { zh: 'UPS 电池需更换', en: 'UPS battery needs replacement' },
    on: 'ups.status',
    levels: [{ severity: 'major', fire: 'has RB' }],
  },
  {
    name: 'ups-bypass',
    title: { zh: 'UPS 旁路运行', en: 'UPS on bypass' },
    on: 'ups.status',
    levels: [{ severity: 'major', fire: 'has BYPASS', for: '10s' }],
  },
  {
    name: 'ups-off',
    title: { zh: 'UPS 无输出', en: 'UPS output off' },
    on: 'ups.status',
    levels: [{ severity: 'emergency', fire: 'has OFF' }],
    loss: 'power',
  },
  {
    name: 'ups-total-load',
    title: { zh: 'UPS 负载率', en: 'UPS load' },
    on: 'ups.load_percent',
    levels: [
      { severity: 'emergency', fire: '> 95', clear: '< 92', for: '1m' },
      { severity: 'major', fire: '> 80', clear: '< 77', for: '2m' },
    ],
  },
  {
    name: 'ups-charge',
    title: { zh: 'UPS 电池电量', en: 'UPS charge' },
    on: 'ups.charge_percent',
    levels: [
      { severity: 'emergency', fire: '< 15', clear: '> 20' },
      { severity: 'minor', fire: '< 50', clear: '> 55', for: '1m' },
    ],
  },
  {
    name: 'ups-runtime',
    title: { zh: 'UPS 剩余时间(分)', en: 'UPS runtime (min)' },
    on: 'ups.runtime_minutes',
    all: [{ on: 'ups.status', fire: 'has OB' }],
    levels: [
      { severity: 'emergency', fire: '< 10', clear: '> 12' },
      { severity: 'minor', fire: '< 30', clear: '> 33' },
    ],
  },
  {
    name: 'ups-battery-temperature',
    title: { zh: 'UPS 电池温度', en: 'UPS battery temperature' },
    on: 'ups.battery_temperature_celsius',
    levels: [
      { severity: 'major', fire: '> 45', clear: '< 43', for: '2m' },
      { severity: 'minor', fire: '> 35', clear: '< 33', for: '5m' },
    ],
  },
  {
    name: 'ups-overload',
    title: { zh: 'UPS 过载', en: 'UPS overloaded' },
    on: 'ups.status',
    levels: [{ severity: 'emergency', fire: 'has OVER', for: '10s' }],
  },
  {
    name: 'ups-alarm',
    title: { zh: 'UPS 告警 {alarm}', en: 'UPS alarm {alarm}' },
    on: 'ups_alarm.active',
    by: ['alarm'],
    levels: [{ severity: 'minor', fire: '== 1', for: '10s' }],
  },
  {
    name: 'ups-alarm-state',
    title: { zh: 'UPS 告警 {alarm}', en: 'UPS alarm {alarm}' },
    on: 'ups_alarm.state',
    by: ['alarm'],
    levels: [{ severity: 'minor', fire: 'in [alarm, fault]', for: '10s' }],
  },
  {
    name: 'power-line',
    title: { zh: '配电异常 {line}{bank}{outlet}', en: 'power line {line}{bank}{outlet}: {text}' },
    on: 'power_line.state',
    levels: [{ severity: 'major', fire: 'in [alarm, fault]', for: '30s' }],
  },
  {
    name: 'power-line-part',
    title: { zh: '配电异常 {line} {worst_of}', en: 'power line {line}: {worst_of}' },
    on: 'power_line.worst_state',
    levels: [{ severity: 'major', fire: 'in [alarm, fault]', for: '30s' }],
  },
]
