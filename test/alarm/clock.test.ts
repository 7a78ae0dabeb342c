import { describe, expect, it } from 'vitest'
import { check, device, inventory, rules, Scene } from './scene.ts'

const yaml = 'rules: [{ name: level, on: tank.level, levels: [{ severity: minor, fire: "> 50", for: 10s }] }]'

describe("the collector's clock", () => {
  it('may be set back: timers go on, nothing is lost or told twice', () => {
    const s = new Scene({ rules: rules(yaml), inventory: inventory(device('a', { checks: [check('snmp')] })) })
    s.sample('a', 'tank.level', 80, { check: 'snmp' })
    s.wait(6)
    s.now -= 7200_000
    expect(s.wait(3)).toEqual([])
    expect(s.wait(3)).toEqual(['raised level minor'])
    expect(s.wait(25)).toEqual([])
    expect(s.sample('a', 'tank.level', 10, { check: 'snmp' })).toEqual(['resolved level minor'])
    expect(s.wait(25)).toEqual([])
  })
})
