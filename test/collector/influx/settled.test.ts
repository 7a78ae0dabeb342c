import { expect, test } from 'vitest'
import { trackSettled } from '../../../collector/influx/settled.ts'

test('a position is relied on when its acknowledgement is old enough', () => {
  const settled = trackSettled(100, 30_000)
  for (let now = 0; now <= 60_000; now += 100) {
    settled.acknowledged(1000 + now, now)
    const position = settled.position(now)
    expect(position).toBeLessThanOrEqual(now < 30_000 ? 100 : 1000 + now - 30_000)
    expect(position).toBeGreaterThanOrEqual(now < 31_000 ? 100 : 1000 + now - 31_100)
  }
})

test('it settles without further acknowledgements, and a restart forgets what came after', () => {
  const settled = trackSettled(0, 1000)
  settled.acknowledged(500, 0)
  expect(settled.position(999)).toBe(0)
  expect(settled.position(1000)).toBe(500)
  settled.acknowledged(900, 1500)
  settled.restart(500)
  expect(settled.position(99_999)).toBe(500)
})

test('without a settling time the newest acknowledgement counts', () => {
  const settled = trackSettled(0, 0)
  settled.acknowledged(7, 3)
  expect(settled.position(3)).toBe(7)
})
