import { describe, expect, it } from 'vitest'
import { check, device, inventory, rules, Scene } from './scene.ts'

const POINTS = [
  { name: 'SMK-01', title: '烟感 1', latch: true },
  { name: 'WTR-01', title: '水浸 1', latch: false },
]
const scene = (yaml = 'rules: []') =>
  new Scene({
    rules: rules(yaml),
    inventory: inventory(device('env', { class: 'env', checks: [check('contacts', { intervalMs: 2000, options: { points: POINTS } })] })),
  })

/** A run of the station, two seconds long, that tells this of a point; nothing of it when `state` is null. */
function look(s: Scene, point: string, state: string | null): string[] {
  const type = point.startsWith('SMK') ? 'smoke' : 'water'
  const told = state === null ? s.run('env', 'contacts') : s.sample('env', 'env.state', state, { tags: { point, type }, check: 'contacts' })
  return [...told, ...s.wait(2)]
}

describe('the points of a station', () => {
  it('smoke latches, water does not', () => {
    const s = scene()
    for (const point of ['SMK-01', 'WTR-01']) look(s, point, 'normal')
    expect(look(s, 'SMK-01', 'alarm')).toEqual(['raised smoke-water emergency'])
    expect(s.alarm('smoke-water')).toMatchObject({ instance: 'point=SMK-01', title: { zh: '烟感 1 报警' }, latched: true })
    expect(look(s, 'SMK-01', 'normal')).not.toContain('resolved smoke-water emergency')
    expect(look(s, 'WTR-01', 'alarm')).toEqual(['raised smoke-water emergency'])
    expect(look(s, 'WTR-01', 'normal')).toEqual(['resolved smoke-water emergency'])
  })

  it('an unknown point ends no alarm, raises none, and its alarm goes on when it is known again', () => {
    const s = scene()
    expect(look(s, 'WTR-01', 'unknown')).toEqual([])
    look(s, 'WTR-01', 'alarm')
    expect(look(s, 'WTR-01', 'unknown')).toEqual(['unknown smoke-water emergency'])
    expect(look(s, 'WTR-01', 'unknown')).toEqual([])
    expect(s.alarm('smoke-water')).toMatchObject({ state: 'unknown', resolved_at: null })
    expect(look(s, 'WTR-01', 'alarm')).toEqual(['known smoke-water emergency'])
    look(s, 'WTR-01', 'unknown')
    expect(look(s, 'WTR-01', 'normal')).toEqual(['resolved smoke-water emergency'])
  })

  it('a point that is told once a minute is not without data', () => {
    const s = scene()
    look(s, 'WTR-01', 'alarm')
    const told: string[] = []
    for (let minute = 0; minute < 4; minute++) {
      for (let at = 0; at < 29; at++) told.push(...look(s, 'WTR-01', null))
      told.push(...look(s, 'WTR-01', 'alarm'))
    }
    expect(told).toEqual([])
    for (let at = 0; at < 100; at++) told.push(...look(s, 'WTR-01', null))
    expect(told).toEqual(['unknown smoke-water emergency'])
  })

  it('a rule that asks for unknown gets it', () => {
    const s = scene(`
rules:
  - name: blind
    on: env.state
    levels: [{ severity: minor, fire: "== unknown" }]
`)
    expect(look(s, 'WTR-01', 'unknown')).toEqual(['raised blind minor'])
    expect(look(s, 'WTR-01', 'normal')).toEqual(['resolved blind minor'])
  })
})
