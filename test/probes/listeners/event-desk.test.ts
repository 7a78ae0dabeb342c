import { describe, expect, it } from 'vitest'
import { Counters } from '../../../core/lifecycle/counters.ts'
import { encodeSample } from '../../../core/line/encode.ts'
import { parseLine } from '../../../core/line/parse.ts'
import type { Sample } from '../../../core/model/sample.ts'
import { bounded, EventDesk, type Told } from '../../../probes/listeners/event-desk.ts'

function desk() {
  const clock = { at: 0, now: () => 1_700_000_000_000 + clock.at, monotonic: () => clock.at }
  const events: Sample[] = []
  return {
    clock,
    events,
    desk: new EventDesk({ type: 'trap', emit: (samples) => void events.push(...samples), clock, counters: new Counters(), foldMs: 30_000 }),
    counts: () => events.map((event) => event.fields.count),
  }
}

const told = (over: Partial<Told> = {}): Told => ({
  source: '10.0.0.1',
  device: 'ups-01',
  event: 'onBattery',
  name: 'onBattery',
  severity: 'major',
  text: 'x',
  same: 'x',
  ...over,
})

describe('EventDesk', () => {
  it('tells the first at once and what repeats it as one with its count', () => {
    const at = desk()
    expect([1, 2, 3, 4].map((n) => at.desk.take(told({ text: `n=${n}` })))).toEqual([true, false, false, false])
    at.desk.flush()
    expect(at.counts()).toEqual([1])
    at.clock.at = 30_000
    at.desk.flush()
    at.desk.flush(true)
    expect(at.counts()).toEqual([1, 3])
    expect(at.events[1]?.fields.text).toBe('n=4')
    expect(at.desk.take(told())).toBe(true)
  })

  it('other source, device or content is another event; times of a series never meet', () => {
    const at = desk()
    for (const over of [{}, { source: '10.0.0.2' }, { device: null }, { same: 'y' }]) at.desk.take(told(over))
    expect(at.events).toHaveLength(4)
    for (let i = 0; i < 500; i++) at.desk.take(told({ same: `z${i}` }))
    const lines = at.events.map((event) => encodeSample(event, { device: 'poller' }) ?? '')
    const series = lines.map((line) => `${line.slice(0, line.indexOf(' '))} ${line.slice(line.lastIndexOf(' '))}`)
    expect(new Set(series).size).toBe(504)
    expect(lines[0]).toContain('count=1i')
    expect(lines[0]).toContain('severity_code=2i')
    expect(lines.every((line) => typeof parseLine(line) !== 'string')).toBe(true)
  })

  it('a clock that is set back does not hold events in the future', () => {
    const at = desk()
    at.clock.at = 3_600_000
    at.desk.take(told())
    at.clock.at = 0
    at.desk.take(told({ same: 'later' }))
    expect(at.events[1]?.time).toBe(1_700_000_000_000)
  })

  it('is bounded: 20 000 different ones are all told, none is kept for ever', () => {
    const at = desk()
    for (let i = 0; i < 20_000; i++) {
      at.desk.take(told({ same: `${i}` }))
      at.desk.take(told({ same: `${i}` }))
    }
    at.desk.flush(true)
    expect(at.counts().reduce<number>((sum, count) => sum + Number(count), 0)).toBe(40_000)
  })
})

it.each([
  ['a\r\nb\tc\0d\u2028e', 'a b c d e'],
  [`${'电'.repeat(20)}`, `${'电'.repeat(9)}…`],
  [`12345678😀abcdef`, '12345678…'],
])('bounded(%j)', (text, expected) => {
  expect(bounded(text, 10)).toBe(expected)
})
