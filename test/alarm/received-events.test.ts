import { describe, expect, it } from 'vitest'
import { builtInRules } from '../../alarm/rules-file.ts'
import { check, device, inventory, rules, Scene } from './scene.ts'

const event = (s: Scene, name: string, severity: string, over: { type?: string; event?: string; text?: string } = {}): string[] => {
  s.wait(1)
  const code = ['info', 'minor', 'major', 'emergency'].indexOf(severity)
  return s.sample(name, 'event.severity_code', code, {
    tags: { type: over.type ?? 'trap', severity, event: over.event ?? 'upsOnBattery' },
    fields: { text: over.text ?? '电池供电', count: 1 },
  })
}

describe('traps and syslog', () => {
  const scene = (): Scene => new Scene({ rules: builtInRules(), inventory: inventory(device('ups-01', { checks: [check('snmp')] })) })

  it('major and emergency raise an alarm, minor and info do not; it ends half an hour after the last one', () => {
    const s = scene()
    expect(event(s, 'ups-01', 'info')).toEqual([])
    expect(event(s, 'ups-01', 'minor')).toEqual([])
    expect(event(s, 'ups-01', 'major')).toEqual(['raised event-major major'])
    expect(s.alarm('event-major')).toMatchObject({ title: { zh: '电池供电' }, instance: 'event=upsOnBattery,type=trap' })
    s.command({ command: 'ack', alarm: s.alarm('event-major').id })
    for (let at = 0; at < 10; at++) s.run('ups-01', 'snmp')
    s.wait(1200)
    expect(event(s, 'ups-01', 'major')).toEqual([])
    expect(s.wait(1790).filter((told) => told.includes('event-major'))).toEqual([])
    expect(s.wait(30)).toContain('resolved event-major major')
  })

  it('each kind of event has its own alarm', () => {
    const s = scene()
    event(s, 'ups-01', 'emergency', { event: 'lowBattery' })
    expect(event(s, 'ups-01', 'major', { event: 'other', text: 'x'.repeat(500) })).toEqual(['raised event-major major'])
    expect(s.alarm('event-major').title.zh).toHaveLength(120)
    expect(s.alarm('event-emergency')).toMatchObject({ severity: 'emergency', instance: 'event=lowBattery,type=trap' })
  })
})

describe('alive but silent', () => {
  const quick = rules('rules: [{ name: syslog-silent, no_data: 1h }]')
  const ids = device('ids-01', { class: 'ids', checks: [check('ping')] })
  const listener = device('poller', { class: 'host', pollers: [], checks: [check('syslog')] })
  const scene = (...devices: Parameters<typeof inventory>): Scene => new Scene({ rules: quick, inventory: inventory(...devices) })
  const answer = (s: Scene, minutes: number, loss = 0): string[] => {
    const told: string[] = []
    for (let at = 0; at < minutes; at++) {
      for (const one of [
        ...s.sample('ids-01', 'ping.percent_packet_loss', loss, { check: 'ping' }),
        ...s.run('poller', 'syslog'),
        ...s.wait(60),
      ])
        if (one.includes('syslog-silent')) told.push(one)
    }
    return told
  }

  it('an IDS that answers but sends no log for the time is told, and its next message ends that', () => {
    const s = scene(ids, listener)
    expect(answer(s, 58)).toEqual([])
    expect(answer(s, 5)).toEqual(['raised syslog-silent major'])
    expect(event(s, 'ids-01', 'info', { type: 'syslog' })).toContain('resolved syslog-silent major')
  })

  it('a trap is no log, and activity is one', () => {
    const s = scene(ids, listener)
    answer(s, 40)
    event(s, 'ids-01', 'info', { type: 'syslog', event: 'activity' })
    answer(s, 40)
    event(s, 'ids-01', 'info', { type: 'trap' })
    expect(answer(s, 25)).toEqual(['raised syslog-silent major'])
  })

  it('a dead one is not called silent', () => {
    expect(answer(scene(ids, listener), 70, 100)).toEqual([])
  })

  it('where nobody listens for syslog nothing is expected', () => {
    expect(answer(scene(ids), 70)).toEqual([])
  })

  it('other classes owe no log', () => {
    expect(answer(scene(device('ids-01', { class: 'server' }), listener), 70)).toEqual([])
  })
})
