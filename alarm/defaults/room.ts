import type { RuleInput } from '../rule-schema.ts'

/** The room and the hardware in it. */
export const roomRules: readonly RuleInput[] = [
  {
    name: 'smoke-water',
    title: { zh: '{point} 报警', en: '{point} alarm' },
    on: 'env.state',
    where: { type: ['smoke', 'water'] },
    by: ['point'],
    levels: [{ severity: 'emergency', fire: '== alarm' }],
    latch: 'point',
  },
  {
    name: 'contact',
    title: { zh: '{point} 报警', en: '{point} alarm' },
    on: 'env.state',
    where: { type: ['not smoke', 'not water'] },
    by: ['point'],
    levels: [{ severity: 'major', fire: '== alarm' }],
    latch: 'point',
  },
  {
    name: 'contact-fault',
    title: { zh: '{point} 故障', en: '{point} fault' },
    on: 'env.state',
    by: ['point'],
    levels: [{ severity: 'minor', fire: '== fault', for: '30s' }],
  },
  {
    name: 'room-temperature',
    title: { zh: '{point} 温度', en: '{point} temperature' },
    on: 'env.temperature_celsius',
    by: ['point'],
    levels: [
      { severity: 'emergency', fire: '>= 32', clear: '< 31', for: '1m' },
      { severity: 'minor', fire: '>= 28', clear: '< 27', for: '5m' },
    ],
  },
  {
    name: 'room-humidity',
    title: { zh: '{point} 湿度', en: '{point} humidity' },
    on: 'env.humidity_percent',
    by: ['point'],
    levels: [
      { severity: 'major', fire: 'outside 20..75', for: '5m' },
      { severity: 'minor', fire: 'outside 30..65', for: '10m' },
    ],
  },
  {
    name: 'cooling-return',
    title: { zh: '空调回风温度', en: 'cooling return air' },
    on: 'aircon.return_temperature_celsius',
    levels: [
      { severity: 'major', fire: '>= 32', clear: '< 31', for: '2m' },
      { severity: 'minor', fire: '>= 28', clear: '< 27', for: '10m' },
    ],
  },
  {
    name: 'cooling-alarm',
    title: { zh: '空调告警 {alarm}', en: 'cooling alarm {alarm}' },
    on: 'aircon_alarm.active',
    levels: [{ severity: 'major', fire: '== 1', for: '10s' }],
  },
  {
    name: 'cooling-state',
    title: { zh: '空调告警 {alarm}', en: 'cooling alarm {alarm}' },
    on: 'aircon_alarm.state',
    levels: [{ severity: 'major', fire: 'in [alarm, fault]', for: '10s' }],
  },
  {
    name: 'cooling-part',
    title: { zh: '空调异常 {worst_of}', en: 'cooling unit: {worst_of}' },
    on: 'aircon.worst_state',
    levels: [{ severity: 'major', fire: 'in [alarm, fault]', for: '30s' }],
  },
  {
    name: 'environment-part',
    title: { zh: '{point} 异常 {worst_of}', en: '{point}: {worst_of}' },
    on: 'env.worst_state',
    by: ['point'],
    levels: [{ severity: 'major', fire: 'in [alarm, fault]', for: '30s' }],
  },
  {
    // Of a part `alarm` is trouble and `fault` its failure; profiles with a severity of their own for a type bring a rule for it.
    name: 'component',
    title: { zh: '部件 {sensor} 异常', en: 'component {sensor} failing' },
    on: 'sensor.state',
    where: { type: ['not gateway'] },
    by: ['sensor', 'type'],
    levels: [{ severity: 'major', fire: 'in [alarm, fault]', for: '30s' }],
  },
  {
    name: 'component-part',
    title: { zh: '部件 {sensor} 异常 {worst_of}', en: 'component {sensor} failing: {worst_of}' },
    on: 'sensor.worst_state',
    by: ['sensor', 'type'],
    levels: [{ severity: 'major', fire: 'in [alarm, fault]', for: '30s' }],
  },
  {
    name: 'printer',
    title: { zh: '打印机 {text}', en: 'printer: {text}' },
    on: 'printer.state',
    levels: [{ severity: 'minor', fire: 'in [alarm, fault]', for: '10m' }],
  },
]
