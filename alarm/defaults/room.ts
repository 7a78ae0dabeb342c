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
    on: 'env.value',
    where: { type: 'temperature' },
    by: ['point'],
    levels: [
      { severity: 'emergency', fire: '>= 32', clear: '< 31', for: '1m' },
      { severity: 'minor', fire: '>= 28', clear: '< 27', for: '5m' },
    ],
  },
  {
    name: 'room-humidity',
    title: { zh: '{point} 湿度', en: '{point} humidity' },
    on: 'env.value',
    where: { type: 'humidity' },
    by: ['point'],
    levels: [
      { severity: 'major', fire: 'outside 20..75', for: '5m' },
      { severity: 'minor', fire: 'outside 30..65', for: '10m' },
    ],
  },
  {
    name: 'ipmi-sensor',
    title: { zh: '硬件传感器 {name} 异常({state})', en: 'hardware sensor {name} ({state})' },
    on: 'ipmi_sensor.status',
    by: ['name'],
    levels: [{ severity: 'major', fire: '== 0', runs: 2 }],
  },
]
