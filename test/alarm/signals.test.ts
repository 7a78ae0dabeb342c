import { describe, expect, it } from 'vitest'
import { fitLine } from '../../alarm/signal.ts'
import { device, inventory, rules, Scene } from './scene.ts'

const scene = (yaml: string, ...devices: Parameters<typeof inventory>) =>
  new Scene({ rules: rules(`defaults: false\nrules:\n${yaml}`), inventory: inventory(...(devices.length ? devices : [device('a')])) })

describe('rate', () => {
  it('is the change per minute over the window, and nothing before half of it is filled', () => {
    const s = scene('  - { name: heat, on: t.celsius, rate: { per: 1m, over: 2m }, levels: [{ severity: major, fire: "> 2" }] }')
    const told: string[] = []
    for (let at = 0; at < 18; at++) {
      told.push(...s.sample('a', 't.celsius', 20 + (at < 6 ? 0 : (at - 6) * 0.5)))
      s.wait(10)
    }
    expect(told).toEqual(['raised heat major'])
    expect(s.alarm('heat').value).toBeGreaterThan(2)
    for (let at = 0; at < 14; at++) {
      told.push(...s.sample('a', 't.celsius', 26))
      s.wait(10)
    }
    expect(told).toEqual(['raised heat major', 'resolved heat major'])
  })
})

describe('count', () => {
  it('counts events within the window and ends when they leave it', () => {
    const s = scene(
      '  - { name: logins, on: event.severity_code, count: { within: 1m, of: "<= 3" }, levels: [{ severity: major, fire: ">= 3", clear: "< 1" }] }',
    )
    const told: string[] = []
    for (const severity of [3, 6, 3, 6, 2]) {
      told.push(...s.sample('a', 'event.severity_code', severity), ...s.wait(2))
    }
    expect(told).toEqual(['raised logins major'])
    expect(s.alarm('logins').value).toBe(3)
    expect(s.wait(70)).toEqual(['resolved logins major'])
  })
})

describe('forecast', () => {
  it('fires when a good line reaches the value in time', () => {
    const s = scene(
      '  - { name: full, on: disk.used_percent, forecast: { reaches: 95, within: 24h, over: 1h }, levels: [{ severity: minor }] }',
    )
    const told: string[] = []
    for (let at = 0; at < 60; at++) told.push(...s.sample('a', 'disk.used_percent', 60 + at * 0.05), ...s.wait(60))
    expect(told).toEqual(['raised full minor'])
    expect(s.alarm('full')).toMatchObject({ threshold: '<= 24 h' })
    expect(s.alarm('full').value).toBeCloseTo((95 - 61.5) / 3, 0)
  })

  it('says nothing for noise, for falling values, for values that stand still', () => {
    for (const value of [(at: number) => 60 + ((at * 7919) % 13), (at: number) => 90 - at * 0.1, () => 80]) {
      const s = scene(
        '  - { name: full, on: disk.used_percent, forecast: { reaches: 95, within: 24h, over: 1h }, levels: [{ severity: minor }] }',
      )
      const told: string[] = []
      for (let at = 0; at < 60; at++) told.push(...s.sample('a', 'disk.used_percent', value(at)), ...s.wait(60))
      expect(told).toEqual([])
    }
  })

  it('fits lines exactly', () => {
    const line = fitLine(
      [
        [0, 1],
        [1000, 3],
        [2000, 5],
      ],
      2000,
    )
    expect(line.level).toBeCloseTo(5)
    expect(line.slope).toBeCloseTo(0.002)
    expect(line.r2).toBeCloseTo(1)
  })
})

describe('no_data on a measurement', () => {
  it('tells that something alive is silent', () => {
    const s = scene('  - { name: ids-silent, on: event.text, no_data: 1h, devices: a, levels: [{ severity: minor }] }')
    s.sample('a', 'event.text', 'x', { check: 'ping' })
    const told: string[] = []
    for (let at = 0; at < 360; at++) told.push(...s.run('a', 'ping'), ...s.wait(10))
    expect(told).toEqual(['raised ids-silent minor'])
    s.sample('a', 'event.text', 'y')
    expect(s.told.at(-1)).toMatchObject({ kind: 'resolved' })
  })
})

describe('all', () => {
  const yaml = (same: string) =>
    `  - { name: hot, on: t.celsius, levels: [{ severity: major, fire: "> 30" }], all: [{ on: aircon.running, fire: "== 0", same: ${same} }] }`

  it('fires only while the other condition of the same device holds', () => {
    const s = scene(yaml('device'))
    expect(s.sample('a', 't.celsius', 35)).toEqual([])
    expect(s.sample('a', 'aircon.running', 1)).toEqual([])
    s.wait(1)
    expect(s.sample('a', 'aircon.running', 0)).toEqual(['raised hot major'])
    s.wait(1)
    expect(s.sample('a', 'aircon.running', 1)).toEqual(['resolved hot major'])
  })

  it('looks at the whole room with `same: location`, and survives a restart', () => {
    const at = (name: string, roomName: string) => device(name, { location: { room: roomName } })
    const s = scene(yaml('location'), at('sensor', '主机房'), at('ac', '主机房'), at('other', '配电室'))
    s.sample('other', 'aircon.running', 0)
    expect(s.sample('sensor', 't.celsius', 35)).toEqual([])
    s.sample('ac', 'aircon.running', 0)
    expect(s.told.map((change) => change.kind)).toEqual(['raised'])
    s.restart()
    s.wait(1)
    expect(s.sample('ac', 'aircon.running', 1)).toEqual(['resolved hot major'])
  })
})
