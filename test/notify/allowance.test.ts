import { expect, test } from 'vitest'
import { Allowance } from '../../notify/allowance.ts'
import { newEntry } from '../../notify/ledger-entry.ts'
import type { About } from '../../notify/notice.ts'
import { alarmEvent } from '../support/alarm-events.ts'

const item = (about: About, severity: 'emergency' | 'minor') => ({ about, entry: newEntry('zhang', alarmEvent('raised', { severity })) })
const MINOR = [item('raise', 'minor')]
const FIRE = [item('raise', 'emergency')]
const FIRE_OUT = [item('end', 'emergency')]

test('one message a minute, but an emergency waits only for its like', () => {
  const allowance = new Allowance(60)
  expect(allowance.next(MINOR)).toBeLessThan(0)
  allowance.used(MINOR, 100)
  expect(allowance.next(MINOR)).toBe(160)
  expect(allowance.next(FIRE)).toBeLessThan(0)
  allowance.used(FIRE, 110)
  expect(allowance.next(FIRE)).toBe(170)
  expect(allowance.next(FIRE_OUT)).toBeLessThan(0)
  allowance.used(FIRE_OUT, 120)
  expect(allowance.next([...MINOR, ...FIRE_OUT])).toBe(180)
  expect(allowance.next(MINOR)).toBe(180)
})
