import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isOpen } from '../../alarm/state.ts'
import type { Change } from '../../alarm/transition.ts'
import { check, device, inventory, rules, Scene } from './scene.ts'

const yaml = `
rules:
  - { name: level, on: tank.level_percent, levels: [{ severity: major, fire: "> 80", clear: "< 70", for: 5s }, { severity: minor, fire: "> 50", clear_for: 4s }] }
  - { name: pump, on: tank.pump, levels: [{ severity: emergency, fire: "== 1" }], all: [{ on: tank.level_percent, fire: "> 60" }] }
  - { name: rising, on: tank.level_percent, rate: { per: 1m, over: 20s }, levels: [{ severity: info, fire: "> 100" }] }
  - { name: bumps, on: tank.bump, count: { within: 30s }, levels: [{ severity: minor, fire: ">= 2" }] }
`
const setup = {
  rules: rules(yaml),
  inventory: inventory(
    device('a', { checks: [check('snmp'), check('ping')], dependsOn: [['b']] }),
    device('b', { checks: [check('ping')], pollers: ['poller', 'second'] }),
    device('env', { class: 'env', checks: [check('contacts', { options: { points: [{ name: 'S', type: 'smoke', latch: true }] } })] }),
  ),
}

const name = fc.constantFrom('a', 'b')
const age = fc.constantFrom(0, 0, 0, 3000, 200_000, 400_000)
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('level' as const), name, value: fc.constantFrom(10, 55, 65, 75, 90), age }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pump' as const), name, value: fc.constantFrom(0, 1), age }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('bump' as const), name, value: fc.constant(1), age }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('ping' as const), name, value: fc.constantFrom(0, 100), age: fc.constant(0) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('smoke' as const), value: fc.constantFrom('normal', 'alarm', 'fault'), age }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 50 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pause' as const), seconds: fc.constantFrom(60, 4000) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('agent' as const),
      state: fc.constantFrom('online' as const, 'offline' as const),
      session: fc.constantFrom('s1', 's2'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('order' as const),
      command: fc.constantFrom('ack' as const, 'close' as const, 'reset' as const, 'note' as const),
      pick: fc.nat(5),
    }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

function play(s: Scene, one: Step): void {
  switch (one.do) {
    case 'level':
      s.sample(one.name, 'tank.level_percent', one.value, { ageMs: one.age, check: 'snmp' })
      break
    case 'pump':
    case 'bump':
      s.sample(one.name, `tank.${one.do}`, one.value, { ageMs: one.age })
      break
    case 'ping':
      s.sample(one.name, 'ping.percent_packet_loss', one.value, { check: 'ping' })
      break
    case 'smoke':
      s.sample('env', 'env.state', one.value, { tags: { point: 'S' }, ageMs: one.age, check: 'contacts' })
      break
    case 'wait':
      s.wait(one.seconds)
      break
    case 'pause':
      s.now += one.seconds * 1000
      break
    case 'agent':
      s.status('poller', { state: one.state, session: one.session, reason: 'lost' })
      break
    case 'order': {
      const open = s.engine.book.open()
      const alarm = open[one.pick % Math.max(1, open.length)]
      if (alarm) s.command({ command: one.command, alarm: alarm.id })
    }
  }
}

describe('a replay', () => {
  it('from a snapshot at any point tells the same as without a restart', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 40 }), fc.array(fc.nat(60), { maxLength: 6 }), (steps, cuts) => {
        const straight = new Scene(setup)
        const broken = new Scene(setup)
        for (const [at, one] of steps.entries()) {
          play(straight, one)
          if (cuts.includes(at)) broken.restart()
          play(broken, one)
        }
        expect(broken.told).toEqual(straight.told)
        expect(broken.engine.book.open()).toEqual(straight.engine.book.open())
      }),
      { numRuns: 25 },
    )
  })

  it('tells every beginning once and every end of what was told', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) => {
        const s = new Scene(setup)
        for (const one of steps) play(s, one)
        calm(s)
        const last = new Map<string, Change>()
        for (const change of s.told) {
          const before = last.get(change.alarm.id)
          checkOrder(before, change)
          last.set(change.alarm.id, change)
        }
        const open = s.engine.book.open()
        expect(open.map((alarm) => alarm.id).sort()).toEqual(
          [...last.values()]
            .filter((c) => isOpen(c.alarm))
            .map((c) => c.alarm.id)
            .sort(),
        )
        expect(open.filter((alarm) => !alarm.latched)).toEqual([])
        expect(new Set(open.map((alarm) => alarm.short_id)).size).toBe(open.length)
      }),
      { numRuns: 25 },
    )
  })
})

/** Everything normal, long enough for every timer. */
function calm(s: Scene): void {
  for (let at = 0; at < 75; at++) {
    for (const agent of ['poller', 'second']) s.status(agent, { session: 's1' })
    for (const deviceName of ['a', 'b']) {
      s.sample(deviceName, 'tank.level_percent', 10, { check: deviceName === 'a' ? 'snmp' : 'ping' })
      s.sample(deviceName, 'tank.pump', 0)
      s.sample(deviceName, 'ping.percent_packet_loss', 0, { check: 'ping' })
    }
    s.sample('env', 'env.state', 'normal', { tags: { point: 'S' }, check: 'contacts' })
    s.wait(10)
  }
}

function checkOrder(before: Change | undefined, change: Change): void {
  const open = before !== undefined && isOpen(before.alarm)
  const where = `${before?.kind ?? 'nothing'} → ${change.kind} of ${change.alarm.rule}`
  if (change.kind === 'raised') expect(!open || before?.alarm.caused_by !== null, where).toBe(true)
  else if (change.kind === 'reopened')
    expect(before !== undefined && (!open || before.alarm.condition === 'normal' || before.kind === 'unacknowledged'), where).toBe(true)
  else if (change.kind !== 'note' && change.kind !== 'milestone' && change.kind !== 'unacknowledged') expect(open, where).toBe(true)
}
