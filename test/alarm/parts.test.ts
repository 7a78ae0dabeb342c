import { describe, expect, it } from 'vitest'
import { check, device, inventory, rules, Scene } from './scene.ts'

/** What a device tells of its parts, and what the shipped rules make of it. */
describe('parts that are not well', () => {
  const scene = () =>
    new Scene({ rules: rules('rules: []'), inventory: inventory(device('box', { checks: [check('snmp', { intervalMs: 60_000 })] })) })
  const poll = (s: Scene, on: string, value: string, tags: Record<string, string>, fields: Record<string, string> = {}) => [
    ...s.sample('box', on, value, { tags, check: 'snmp', fields }),
    ...s.wait(60),
  ]

  it.each([
    ['sensor.state', 'fault', { sensor: 'PSU 2' }, {}, 'component major', '部件 PSU 2 异常'],
    ['sensor.state', 'alarm', { sensor: 'Fan 1' }, {}, 'component major', '部件 Fan 1 异常'],
    [
      'sensor.worst_state',
      'fault',
      { sensor: 'Bay 3', type: 'disk' },
      { worst_of: 'disk state: failed' },
      'component-part major',
      '部件 Bay 3 异常 disk state: failed',
    ],
    ['power_line.state', 'alarm', { bank: '1' }, { text: 'overload' }, 'power-line major', '配电异常 1'],
    ['aircon_alarm.state', 'alarm', { alarm: '高压' }, {}, 'cooling-state major', '空调告警 高压'],
    ['ups_alarm.state', 'alarm', { alarm: 'fan' }, {}, 'ups-alarm-state minor', 'UPS 告警 fan'],
    [
      'env.worst_state',
      'fault',
      { point: 'T1' },
      { worst_of: 'communication: lost' },
      'environment-part major',
      'T1 异常 communication: lost',
    ],
  ])('%s is %s', (on, value, tags, fields, told, zh) => {
    const s = scene()
    const named = tags as unknown as Record<string, string>
    expect(poll(s, on, 'normal', named)).toEqual([])

    expect(poll(s, on, value, named, fields)).toEqual([`raised ${told}`])
    expect(s.alarm(told.split(' ')[0] ?? '').title.zh).toBe(zh)
    expect(poll(s, on, 'unknown', named)).toEqual([`unknown ${told}`])
    expect(poll(s, on, 'normal', named)).toEqual([`resolved ${told}`])
  })
})
