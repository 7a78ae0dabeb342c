import { describe, expect, it } from 'vitest'
import type { AgentStatus } from '../../core/wire/payloads.ts'
import { check, device, inventory, rules, Scene, status } from './scene.ts'

const yaml = `
rules:
  - name: level
    on: tank.level_percent
    levels: [{ severity: minor, fire: "> 50", for: 10s }]
`
const tank = (s: Scene, value: number, options = {}) => s.sample('a', 'tank.level_percent', value, { check: 'snmp', ...options })
const scene = (...devices: Parameters<typeof inventory>) =>
  new Scene({ rules: rules(yaml), inventory: inventory(...(devices.length ? devices : [device('a', { checks: [check('snmp')] })])) })
/** A sample every 10 s. */
const flow = (s: Scene, seconds: number, value: number) => {
  const told: string[] = []
  for (let at = 0; at < seconds; at += 10) told.push(...tank(s, value), ...s.wait(10))
  return told
}

describe('a check without data', () => {
  it('is one alarm, its rules turn unknown, and nothing of it is resolved', () => {
    const s = scene()
    expect(flow(s, 30, 80)).toEqual(['raised level minor'])
    expect(s.wait(120)).toEqual(['unknown level minor', 'raised no-data major'])
    expect(s.alarm('level')).toMatchObject({ state: 'unknown', condition: 'unknown', resolved_at: null })
    expect(s.alarm('no-data')).toMatchObject({ title: { zh: 'snmp 无数据' }, instance: 'check=snmp' })
    expect(tank(s, 80)).toEqual(['known level minor', 'resolved no-data major'])
    s.wait(10)
    expect(tank(s, 10)).toEqual(['resolved level minor'])
  })

  it('resolves what was unknown when it comes back normal', () => {
    const s = scene()
    flow(s, 30, 80)
    s.wait(120)
    expect(tank(s, 10)).toEqual(['resolved level minor', 'resolved no-data major'])
  })

  it('that never came at all is told too', () => {
    expect(scene().wait(120)).toEqual(['raised no-data major'])
  })

  it('that runs but fails makes its rules unknown and is told as failing, by its reason', () => {
    const s = scene()
    flow(s, 30, 80)
    const told: string[] = []
    for (let at = 0; at < 8; at++) {
      told.push(...s.run('a', 'snmp', 'timeout'))
      told.push(...s.wait(10))
    }
    expect(told).toEqual(['unknown level minor', 'raised check-failing major'])
    expect(s.alarm('check-failing').title.en).toBe('snmp failing (timeout)')
  })

  it('of which a part is missing fails by that part only where the run as a whole does', () => {
    const slow = new Scene({ rules: rules(''), inventory: inventory(device('a', { checks: [check('snmp', { intervalMs: 300_000 })] })) })
    const look = (whole: string, part: string): string[] => {
      const tags = { check: 'snmp', kind: 'snmp', group: 'ups.bypass' }
      const told = [...slow.run('a', 'snmp', whole), ...slow.sample('a', 'check.up', part === 'ok', { tags, fields: { reason: part } })]
      return [...told, ...slow.wait(300)]
    }
    for (let at = 0; at < 8; at++) expect(look('ok', 'no_such')).toEqual([])
    const told = Array.from({ length: 4 }, () => look('partial', 'timeout')).flat()
    expect(told.filter((line) => line === 'raised check-failing major')).toHaveLength(2)
    expect(slow.alarm('check-failing').title.en).toBe('snmp ups.bypass failing (timeout)')
  })
})

describe('an agent', () => {
  it('that is lost is one alarm, and freezes the timers of its checks', () => {
    const s = scene()
    flow(s, 30, 10)
    tank(s, 80)
    s.wait(5)
    expect(s.status('poller', { state: 'offline', reason: 'lost' })).toEqual([])
    expect(s.wait(600)).toEqual(['raised agent-offline major'])
    expect(s.alarm('agent-offline')).toMatchObject({ device: 'poller', title: { en: 'agent offline (lost)' } })
    expect(s.status('poller', { session: 's2' })).toEqual(['resolved agent-offline major'])
    expect(s.wait(4)).toEqual([])
    expect(s.wait(1)).toEqual(['raised level minor'])
  })

  it('is lost by the will of its process, whatever session it had when it connected, but not by that of the process before', () => {
    const s = scene()
    s.status('poller', { session: 's1', started: 1 })
    s.status('poller', { session: 's2', started: 2 })
    s.status('poller', { session: 's1', started: 1, state: 'offline', reason: 'lost' })
    expect(s.wait(120, true)).toEqual([])
    s.status('poller', { session: 's3', started: 2 })
    s.status('poller', { session: 's2', started: 2, state: 'offline', reason: 'lost' })
    expect(s.wait(120, true)).toEqual(['raised agent-offline major'])
  })

  it('that falls silent without a word never makes its checks silent', () => {
    const s = scene()
    flow(s, 30, 10)
    expect(s.wait(600, true)).toEqual(['raised agent-offline major'])
  })

  it('that was never seen is told', () => {
    const s = scene()
    s.reload({ inventory: inventory(device('a', { checks: [check('snmp')] }), device('b', { checks: [check('host')] })) })
    expect(s.wait(100).filter((told) => told.includes('agent'))).toEqual(['raised agent-offline major'])
    expect(s.alarm('agent-offline')).toMatchObject({ device: 'b', title: { zh: '采集代理离线(never seen)' } })
  })

  it('whose second poller takes over is not missed by the checks', () => {
    const s = scene(device('a', { checks: [check('snmp')], pollers: ['poller', 'second'] }))
    s.beat()
    flow(s, 30, 10)
    s.status('poller', { state: 'offline', reason: 'stop' })
    for (let at = 0; at < 20; at++) {
      tank(s, 10, { agent: 'second' })
      s.wait(10)
    }
    expect(s.told.map((change) => change.alarm.rule)).toEqual(['agent-offline'])
  })

  it('that leaves out of its status what it does not know has refused nothing and lost nothing', () => {
    const s = scene()
    const { rejected, lost, ...bare } = status()
    for (let at = 0; at < 20; at++) {
      s.engine.status('poller', s.now, bare as AgentStatus)
      s.run('a', 'snmp')
      s.wait(10)
    }
    expect(s.told).toEqual([])
  })

  it('two of one name are told from their changing sessions', () => {
    const s = scene()
    for (let at = 0; at < 4; at++) {
      s.status('poller', { session: at % 2 ? 'x' : 'y' })
      s.run('a', 'snmp')
      s.wait(5, true)
    }
    expect(s.told.map((change) => change.alarm.rule)).toEqual(['agent-duplicate'])
  })
})

describe('the broker', () => {
  it('that is gone is one alarm; agents and checks are not blamed, timers go on when it is back', () => {
    const s = scene()
    flow(s, 30, 10)
    tank(s, 80)
    s.wait(5)
    const told: string[] = []
    const own = (connected: number) => s.sample('collector', 'jifang_collector.broker_connected', connected, { agent: 'collector' })
    for (let at = 0; at < 60; at++) told.push(...own(0), ...s.wait(10, true))
    expect(told).toEqual(['raised broker-lost major'])
    expect(own(1)).toEqual(['resolved broker-lost major'])
    expect([...s.status('poller', {}), ...tank(s, 80), ...s.wait(4)]).toEqual([])
    expect(s.wait(1)).toEqual(['raised level minor'])
  })
})

describe('late data', () => {
  it('moves the state silently, and its net state is told once', () => {
    const s = scene()
    flow(s, 30, 10)
    s.status('poller', { state: 'offline', reason: 'lost' })
    s.wait(50)
    s.wait(550)
    s.told.length = 0
    s.status('poller', { session: 's2' })
    for (let age = 500; age > 120; age -= 10) expect(tank(s, age > 300 ? 80 : age > 250 ? 10 : 90, { ageMs: age * 1000 })).toEqual([])
    expect(tank(s, 90)).toEqual(['raised level minor late'])
    s.wait(10)
    expect(tank(s, 10)).toEqual(['resolved level minor'])
  })

  it('that comes behind newer samples changes nothing', () => {
    const s = scene()
    flow(s, 60, 10)
    for (let age = 50; age > 0; age -= 7) tank(s, 99, { ageMs: age * 1000 })
    for (let age = 500; age > 100; age -= 10) tank(s, 99, { ageMs: age * 1000 })
    expect(flow(s, 60, 10)).toEqual([])
  })

  it('of an agent whose clock is wrong is not late, and the clock is told', () => {
    const s = scene()
    const hour = 3600_000
    const line = () => `tank,device=a level_percent=80 ${s.now - hour}000000`
    const told: string[] = []
    for (let at = 0; at < 16; at++) {
      s.engine.data('poller', s.now, s.now - hour, line(), (bad) => expect(bad).toBe(''))
      told.push(...s.wait(10))
    }
    expect(told).toContain('raised level minor')
    expect(told).toContain('raised clock-skew major')
    expect(s.alarm('clock-skew')).toMatchObject({ severity: 'major', value: 3600 })
  })
})

describe('a pause of the collector', () => {
  it('counts against nobody', () => {
    const s = scene()
    flow(s, 30, 10)
    tank(s, 80)
    s.now += 3600_000
    s.restart()
    expect(s.wait(5)).toEqual([])
    expect(s.status('poller', { state: 'online' })).toEqual([])
    expect(flow(s, 20, 80)).toEqual(['raised level minor'])
  })
})
