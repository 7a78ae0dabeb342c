import { describe, expect, it } from 'vitest'
import { type CounterReading, rateBetween, uptimeContinues } from '../../../core/profile/counter.ts'

const TOP32 = 2n ** 32n
const TOP64 = 2n ** 64n
const TICKS = 2 ** 32

const reading = (over: Partial<CounterReading>): CounterReading => ({ raw: 0n, at: 0, uptime: 1_000_000, discontinuity: null, ...over })
/** A reading 60 s later whose device ran on. */
const later = (over: Partial<CounterReading>): CounterReading => reading({ at: 60_000, uptime: 1_006_000, ...over })
const GAP = 180_000

describe('rateBetween', () => {
  it.each([
    ['counts on', reading({ raw: 100n }), later({ raw: 700n }), 32, 10],
    ['stands still', reading({ raw: 100n }), later({ raw: 100n }), 32, 0],
    ['32 bits wrap', reading({ raw: TOP32 - 300n }), later({ raw: 300n }), 32, 10],
    ['64 bits wrap', reading({ raw: TOP64 - 300n }), later({ raw: 300n }), 64, 10],
    ['beyond 2^53 no digit is lost', reading({ raw: 2n ** 60n }), later({ raw: 2n ** 60n + 60n }), 64, 1],
    ['sysUpTime starts over after 497 days', reading({ raw: 100n, uptime: TICKS - 3000 }), later({ raw: 700n, uptime: 3000 }), 32, 10],
    ['wrap and roll-over at once', reading({ raw: TOP32 - 300n, uptime: TICKS - 3000 }), later({ raw: 300n, uptime: 3000 }), 32, 10],
    ['no sysUpTime, growing', reading({ raw: 100n, uptime: null }), later({ raw: 700n, uptime: null }), 32, 10],
    ['a sysUpTime that stands still, growing', reading({ raw: 100n }), later({ raw: 700n, uptime: 1_000_000 }), 32, 10],
    ['an agent that refreshes sysUpTime lazily', reading({ raw: 100n }), later({ raw: 700n, uptime: 1_005_000 }), 32, 10],
  ] as const)('%s: a rate', (_, before, after, bits, expected) => {
    expect(rateBetween(before, after, bits, GAP)).toMatchObject({ kind: 'rate', perSecond: expected })
  })

  it.each([
    ['the first reading', undefined, later({}), 32, 'first'],
    ['a gap of four polls', reading({ raw: 1n }), later({ raw: 2n, at: 240_000, uptime: 1_024_000 }), 32, 'gap'],
    ['time that stood still', reading({ at: 60_000 }), later({}), 32, 'no_time'],
    ['a restart', reading({ raw: 100n }), later({ raw: 7_000_000n, uptime: 500 }), 32, 'reset'],
    [
      'a restart within a gap that the counter overtook',
      reading({ raw: 5n, uptime: 100 }),
      later({ raw: 900n, at: 170_000, uptime: 9000 }),
      32,
      'reset',
    ],
    ['a smaller value after a restart', reading({ raw: TOP32 - 1n }), later({ raw: 5n, uptime: 500 }), 32, 'reset'],
    ['a cleared counter', reading({ raw: 5_000n }), later({ raw: 10n }), 32, 'reset'],
    ['a cleared 64-bit counter', reading({ raw: 2n ** 50n }), later({ raw: 10n }), 64, 'reset'],
    [
      'a smaller value and no sysUpTime to prove a wrap',
      reading({ raw: TOP32 - 1n, uptime: null }),
      later({ raw: 5n, uptime: null }),
      32,
      'reset',
    ],
    ['another discontinuity time', reading({ raw: 1n, discontinuity: 5 }), later({ raw: 2n, discontinuity: 900_000 }), 64, 'reset'],
  ] as const)('%s: none (%#)', (_, before, after, bits, because) => {
    expect(rateBetween(before, after, bits, GAP)).toEqual({ kind: 'none', because })
  })

  it('says when it wrapped', () => {
    expect(rateBetween(reading({ raw: TOP32 - 1n }), later({ raw: 1n }), 32, GAP)).toMatchObject({ wrapped: true })
    expect(rateBetween(reading({ raw: 1n }), later({ raw: 2n }), 32, GAP)).toMatchObject({ wrapped: false })
  })
})

describe('uptimeContinues', () => {
  it.each([
    [1000, 7000, 60_000, true],
    [1000, 1500, 60_000, false],
    [TICKS - 1000, 5000, 60_000, true],
    [TICKS - 1000, 500_000, 60_000, false],
    [TICKS - 500_000, 100, 60_000, false],
    [TICKS / 2, 100, 60_000, false],
  ])('%d → %d after %d ms: %s', (previous, current, elapsed, expected) => {
    expect(uptimeContinues(previous, current, elapsed)).toBe(expected)
  })
})
