import { describe, expect, test } from 'vitest'
import type { Delivery } from '../../notify/channel.ts'
import { failureOf } from '../../notify/channels/sms.ts'
import { afterDelivery, FIRST_WAY, PACE } from '../../notify/pace.ts'
import { Slot } from '../../notify/slot.ts'
import { errorText, GsmError } from '../../protocols/gsm/errors.ts'

const SOON: Delivery = { result: 'retry', reason: 'busy' }
const DOWN: Delivery = { result: 'failed', reason: 'down', permanent: false }
const NEVER: Delivery = { result: 'failed', reason: 'no such number', permanent: true }

/** What happens after each delivery: `channel+wait`, or `refused`. */
function walk(channels: number, ...deliveries: readonly Delivery[]): string[] {
  let way = FIRST_WAY
  return deliveries.map((delivery) => {
    const step = afterDelivery(way, delivery, channels, PACE)
    way = step.way
    return step.refused ? 'refused' : `${way.index}+${step.waitMs / 1000}`
  })
}

describe('where the next attempt goes, and when', () => {
  test.each([
    ['sent', 2, [{ result: 'sent' }], ['0+0']],
    ['5 s, 30 s, 2 min, then the next channel', 2, [SOON, SOON, SOON, SOON], ['0+5', '0+30', '0+120', '1+0']],
    ['down: the next channel at once', 2, [DOWN], ['1+0']],
    ['all down: rounds of 5 min and more, at most 30', 1, [DOWN, DOWN, DOWN, DOWN, DOWN], ['0+300', '0+600', '0+1200', '0+1800', '0+1800']],
    ['never anywhere', 2, [NEVER, NEVER], ['1+0', 'refused']],
    ['never here, down there', 2, [NEVER, DOWN], ['1+0', '0+300']],
    ['a time that the other side names', 2, [{ ...SOON, afterMs: 60_000 }], ['0+60']],
    ['a time too long to wait for', 2, [{ ...SOON, afterMs: 3_600_000 }], ['1+0']],
    [
      'one repeat only',
      2,
      [
        { ...SOON, tries: 1 },
        { ...SOON, tries: 1 },
      ],
      ['0+5', '1+0'],
    ],
    ['a success begins anew', 1, [DOWN, { result: 'sent' }, DOWN], ['0+300', '0+0', '0+300']],
  ] as const)('%s', (_name, channels, deliveries, expected) => {
    expect(walk(channels, ...deliveries)).toEqual(expected)
  })
})

test.each([
  [41, { result: 'retry' }],
  [38, { result: 'failed', permanent: false }],
  [30, { result: 'failed', permanent: true }],
  [8, { result: 'failed', permanent: false }],
  [111, { result: 'retry', tries: 1 }],
])('+CMS ERROR %i becomes %o', (code, delivery) => {
  expect(failureOf(new GsmError('cms', 'x', { code, group: errorText('cms', code).group }))).toMatchObject(delivery)
})

test('a slot goes to the worst first, then by age', async () => {
  const slot = new Slot()
  const order: string[] = []
  const use = async (name: string, rank: number) => {
    const free = await slot.take(rank)
    order.push(name)
    await Promise.resolve()
    free()
  }
  await Promise.all([use('first', 0), use('minor 1', 1), use('minor 2', 1), use('emergency', 3)])
  expect(order).toEqual(['first', 'emergency', 'minor 1', 'minor 2'])
})
