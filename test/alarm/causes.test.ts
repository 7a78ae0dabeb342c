import { describe, expect, it } from 'vitest'
import { check, device, inventory, rules, Scene } from './scene.ts'

const ping = [check('ping', { intervalMs: 10_000 })]
const room = inventory(
  device('sw-a', { class: 'switch', checks: ping }),
  device('sw-b', { class: 'switch', checks: ping }),
  device('ups', { class: 'ups', checks: [check('snmp')] }),
  device('app', { checks: ping, dependsOn: [['sw-a', 'sw-b'], ['ups']] }),
)
const scene = () => new Scene({ rules: rules('rules: []'), inventory: room })
const names = ['sw-a', 'sw-b', 'app']

/** Pings everything each 10 s; `down` loses all packets. */
function rounds(s: Scene, count: number, down: readonly string[], ups = 'OL'): string[] {
  const told: string[] = []
  for (let at = 0; at < count; at++) {
    for (const name of names) {
      const lost = down.includes(name)
      told.push(...s.sample(name, 'ping.percent_packet_loss', lost ? 100 : 0))
      told.push(...s.run(name, 'ping', lost ? 'unreachable' : 'ok'))
    }
    told.push(...s.sample('ups', 'ups.status', ups, { check: 'snmp' }), ...s.wait(10))
  }
  return told
}
const causeOf = (s: Scene, name: string) =>
  s.told.findLast((told) => told.alarm.device === name && told.alarm.rule === 'host-unreachable')?.alarm.caused_by

describe('causes', () => {
  it('a lone loss waits the settle time and has no cause; its failing check is its effect', () => {
    const s = scene()
    rounds(s, 2, [])
    rounds(s, 12, ['app'])
    const told = s.told.map((change) => `${change.kind} ${change.alarm.rule} ${change.alarm.caused_by === null ? '' : 'caused'}`.trim())
    expect(told).toEqual(['raised host-unreachable', 'raised check-failing caused'])
    expect(s.told[0]?.alarm.updated).toBeGreaterThanOrEqual((s.told[0]?.alarm.since ?? 0) + 60_000)
  })

  it('an inner list explains only when all of it is lost', () => {
    const one = scene()
    rounds(one, 2, [])
    rounds(one, 12, ['app', 'sw-a'])
    expect(causeOf(one, 'app')).toBeNull()
    const both = scene()
    rounds(both, 2, [])
    rounds(both, 12, ['app', 'sw-a', 'sw-b'])
    expect(causeOf(both, 'app')).toMatch(/^[0-9a-f]{8}-/)
    expect(causeOf(both, 'sw-a')).toBeNull()
  })

  it('a cause that is found a little later than its effect still explains it', () => {
    const s = scene()
    rounds(s, 2, [])
    rounds(s, 2, ['app'])
    rounds(s, 12, ['app', 'sw-a', 'sw-b'])
    expect(causeOf(s, 'app')).not.toBeNull()
  })

  it('an effect that outlives its cause is told by itself after the settle time', () => {
    const s = scene()
    rounds(s, 2, [])
    rounds(s, 14, names)
    s.told.length = 0
    rounds(s, 8, ['app'])
    const told = s.told.filter((change) => change.alarm.device === 'app' && change.alarm.rule === 'host-unreachable')
    expect(told.map((change) => change.kind)).toEqual(['raised'])
    expect(told[0]?.alarm.caused_by).toBeNull()
  })

  it('power that is off is told at once and explains what hangs on it; being on battery explains nothing', () => {
    const battery = scene()
    rounds(battery, 2, [])
    rounds(battery, 12, ['app'], 'OB')
    expect(causeOf(battery, 'app')).toBeNull()
    const s = scene()
    rounds(s, 2, [])
    expect(rounds(s, 1, ['app'], 'OFF')).toEqual(['raised ups-off emergency'])
    rounds(s, 11, ['app'], 'OFF')
    expect(causeOf(s, 'app')).toBe(s.alarm('ups-off').id)
  })

  it('a host that is powered off explains its own silence', () => {
    const s = scene()
    rounds(s, 2, [])
    for (let at = 0; at < 2; at++) {
      s.sample('app', 'ipmi_sensor.value', 0, { tags: { name: 'chassis_power_status' }, fields: { state_code: 0 } })
      s.wait(1)
    }
    rounds(s, 12, ['app'])
    expect(causeOf(s, 'app')).toBe(s.alarm('host-power-off').id)
  })

  it('smoke is never absorbed, whatever is lost', () => {
    const station = device('env', { class: 'env', dependsOn: [['sw-a']], checks: [check('contacts')] })
    const s = new Scene({ rules: rules('rules: []'), inventory: inventory(device('sw-a', { checks: ping }), station) })
    for (let at = 0; at < 12; at++) {
      s.sample('sw-a', 'ping.percent_packet_loss', 100)
      s.wait(10)
    }
    expect(s.sample('env', 'env.state', 'alarm', { tags: { point: 'S', type: 'smoke' } })).toEqual(['raised smoke-water emergency'])
    expect(s.alarm('smoke-water').caused_by).toBeNull()
  })
})
