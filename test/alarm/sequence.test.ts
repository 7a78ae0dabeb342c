import { describe, expect, it } from 'vitest'
import { check, device, inventory, rules, Scene, START } from './scene.ts'

const disk = `
defaults: false
rules:
  - name: disk
    title: { zh: "磁盘 {path}", en: "disk {path}" }
    on: disk.used_percent
    by: [path]
    levels:
      - { severity: major, fire: "> 95", clear: "< 90", for: 10s }
      - { severity: minor, fire: "> 85", clear: "< 80", for: 5s, clear_for: 3s }
`
const scene = (yaml = disk, ...devices: Parameters<typeof inventory>) =>
  new Scene({ rules: rules(yaml), inventory: inventory(...(devices.length ? devices : [device('a')])) })
const used = (s: Scene, value: number, options = {}) => s.sample('a', 'disk.used_percent', value, { tags: { path: '/data' }, ...options })

describe('levels', () => {
  it('are raised after `for`, by time alone, with title, value, threshold and since', () => {
    const s = scene()
    expect(used(s, 86)).toEqual([])
    expect(s.wait(4)).toEqual([])
    expect(s.wait(1)).toEqual(['raised disk minor'])
    expect(s.alarm('disk')).toMatchObject({
      title: { zh: '磁盘 /data', en: 'disk /data' },
      instance: 'path=/data',
      value: 86,
      threshold: '> 85',
      since: START,
      state: 'firing',
      condition: 'active',
    })
  })

  it('rise, fall and end with hysteresis', () => {
    const s = scene()
    used(s, 96)
    expect(s.wait(5)).toEqual(['raised disk minor'])
    expect(s.wait(5)).toEqual(['severity disk major'])
    expect(used(s, 92)).toEqual([])
    s.wait(1)
    expect(used(s, 89.9)).toEqual(['severity disk minor'])
    expect(s.alarm('disk')).toMatchObject({ threshold: '> 85', value: 89.9 })
    s.wait(1)
    expect(used(s, 79)).toEqual([])
    expect(s.wait(2)).toEqual([])
    expect(s.wait(1)).toEqual(['resolved disk minor'])
    expect(s.alarm('disk')).toMatchObject({ state: 'resolved', condition: 'normal', value: 79 })
  })

  it('do not fire when the value went back before `for`', () => {
    const s = scene()
    used(s, 99)
    s.wait(4)
    used(s, 50)
    expect(s.wait(30)).toEqual([])
  })

  it('`clear_for` begins anew when the value comes back', () => {
    const s = scene()
    used(s, 90)
    s.wait(6)
    used(s, 70)
    s.wait(2)
    used(s, 84)
    expect(s.wait(10)).toEqual([])
  })

  it('count samples in a row with `runs`', () => {
    const s = scene('defaults: false\nrules: [{ name: c, on: check.up, levels: [{ severity: major, fire: "== 0", runs: 3 }] }]')
    const told = ['timeout', 'timeout', 'ok', 'timeout', 'timeout', 'timeout'].map((reason) => {
      s.wait(1)
      return s.run('a', 'ping', reason)
    })
    expect(told).toEqual([[], [], [], [], [], ['raised c major']])
  })
})

describe('an episode', () => {
  it('is opened again within 30 minutes with its id and clocks, later it is a new one', () => {
    const s = scene(disk.replace('for: 5s, clear_for: 3s', 'for: 0s').replace('by: [path]', 'by: [path]\n    sla: { arrived: 10m }'))
    expect(used(s, 90)).toEqual(['raised disk minor'])
    const first = s.alarm('disk')
    s.wait(10)
    expect(used(s, 10)).toEqual(['resolved disk minor'])
    s.wait(10)
    expect(used(s, 90)).toEqual(['reopened disk minor'])
    expect(s.alarm('disk')).toMatchObject({
      id: first.id,
      since: first.since,
      deadlines: { arrived: START + 600_000 },
      resolved_at: null,
      state: 'firing',
    })
    s.wait(1)
    used(s, 10)
    s.wait(1801)
    expect(used(s, 90)).toEqual(['raised disk minor'])
    expect(s.alarm('disk').id).not.toBe(first.id)
    expect(s.alarm('disk').id.split('-')[0]).toBe(first.id.split('-')[0])
  })

  it('loses its acknowledgement when it rises above it', () => {
    const s = scene()
    used(s, 86)
    s.wait(5)
    expect(s.command({ command: 'ack', alarm: s.alarm('disk').short_id.toLowerCase() })).toEqual(['acknowledged disk minor'])
    expect(s.alarm('disk')).toMatchObject({ state: 'acknowledged', ack: { by: 'li', severity: 'minor', until: null } })
    used(s, 99)
    expect(s.wait(10)).toEqual(['unacknowledged disk major', 'severity disk major'])
    expect(s.alarm('disk')).toMatchObject({ state: 'firing', ack: null })
  })

  it('keeps an acknowledgement of a higher severity, and loses one that expires', () => {
    const s = scene()
    used(s, 99)
    s.wait(10)
    s.command({ command: 'ack', alarm: s.alarm('disk').id, until: s.now + 60_000 })
    used(s, 89)
    expect(s.wait(1)).toEqual([])
    expect(s.alarm('disk')).toMatchObject({ severity: 'minor', state: 'acknowledged' })
    used(s, 89)
    expect(s.wait(30)).toEqual([])
    used(s, 89)
    expect(s.wait(30)).toEqual(['unacknowledged disk minor'])
  })

  it('that a person closed says nothing until it was normal once', () => {
    const s = scene()
    used(s, 90)
    s.wait(5)
    expect(s.command({ command: 'close', alarm: s.alarm('disk').id, note: 'known' })).toEqual(['withdrawn disk minor'])
    used(s, 91)
    expect(s.wait(20)).toEqual([])
    used(s, 10)
    s.wait(5)
    used(s, 90)
    expect(s.wait(5)).toEqual(['raised disk minor'])
  })

  it('takes notes, milestones and mute as events', () => {
    const s = scene()
    used(s, 90)
    s.wait(5)
    const alarm = s.alarm('disk').id
    expect(s.command({ command: 'note', alarm, note: '已派人' })).toEqual(['note disk minor'])
    expect(s.command({ command: 'mark', alarm, milestone: 'arrived' })).toEqual(['milestone disk minor'])
    expect(s.command({ command: 'mute', alarm })).toEqual(['milestone disk minor'])
    expect(s.alarm('disk').milestones).toEqual({ arrived: s.now, muted: s.now })
    expect(s.command({ command: 'ack', alarm: 'nobody' })).toEqual([])
  })
})

describe('a latched contact', () => {
  const station = device('env', {
    class: 'env',
    checks: [check('contacts', { options: { points: [{ name: 'SMK', title: '烟感 1', type: 'smoke', latch: true }] } })],
  })
  const smoke = (s: Scene, state: string, ageMs = 0) =>
    s.sample('env', 'env.state', state, { tags: { point: 'SMK' }, ageMs, check: 'contacts' })
  const room = () => new Scene({ rules: rules('rules: []'), inventory: inventory(station) })

  it('stays until a person resets it, which works only when the input is normal', () => {
    const s = room()
    smoke(s, 'normal')
    s.wait(2)
    expect(smoke(s, 'alarm')).toEqual(['raised smoke-water emergency'])
    expect(s.alarm('smoke-water')).toMatchObject({ title: { zh: '烟感 1 报警' }, latched: true, value: 'alarm' })
    expect(s.command({ command: 'reset', alarm: s.alarm('smoke-water').id })).toEqual(['note smoke-water emergency'])
    s.wait(2)
    expect(smoke(s, 'normal')).toEqual(['note smoke-water emergency'])
    expect(s.alarm('smoke-water')).toMatchObject({ state: 'firing', condition: 'normal', resolved_at: null })
    s.wait(2)
    expect(smoke(s, 'alarm')).toEqual(['reopened smoke-water emergency'])
    s.wait(2)
    smoke(s, 'normal')
    expect(s.command({ command: 'reset', alarm: s.alarm('smoke-water').id })).toEqual(['resolved smoke-water emergency'])
    s.wait(2)
    expect(smoke(s, 'normal')).toEqual([])
  })

  it('that came and went while the poller was cut off is told once, marked late', () => {
    const s = room()
    smoke(s, 'normal')
    s.wait(600)
    smoke(s, 'normal', 500_000)
    expect(smoke(s, 'alarm', 400_000)).toEqual([])
    smoke(s, 'alarm', 390_000)
    smoke(s, 'normal', 380_000)
    expect(smoke(s, 'normal')).toEqual(['raised smoke-water emergency late', 'resolved no-data major'])
    expect(s.alarm('smoke-water')).toMatchObject({ condition: 'normal', latched: true, since: s.now - 400_000 })
    expect(s.wait(20)).toEqual([])
  })
})
