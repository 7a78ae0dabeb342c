import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Debounced, debounce, shown, UNREAD } from '../../../probes/contacts/debounce.ts'
import type { PointState } from '../../../probes/contacts/meaning.ts'

const LETTERS: Readonly<Record<string, PointState>> = { n: 'normal', a: 'alarm', f: 'fault', '-': 'unknown' }
const delays = (over = {}) => ({ onMs: 0, offMs: 0, staleMs: 0, ...over })

/** One letter per second read; one letter per second shown, `.` while nothing is certain. */
function play(reads: string, given = delays()): string {
  let point: Debounced = UNREAD
  return [...reads]
    .map((letter, second) => {
      point = debounce(point, LETTERS[letter] ?? 'unknown', second * 1000, given)
      const state = shown(point, second * 1000, given)
      return state === null ? '.' : state === 'unknown' ? '-' : state.charAt(0)
    })
    .join('')
}

describe('a point', () => {
  it.each([
    ['is normal at once', 'nnn', {}, 'nnn'],
    ['alarms when it is read twice', 'nnaa', {}, 'nnna'],
    ['ignores one wrong read', 'nnannanan', {}, 'nnnnnnnnn'],
    ['waits for on_delay', 'naaaaaa', { onMs: 3000 }, 'nnnnaaa'],
    ['starts anew when the contact bounces', 'naanaaaa', { onMs: 3000 }, 'nnnnnnna'],
    ['ends when normal is read twice', 'naannn', {}, 'nnaann'],
    ['waits for off_delay', 'naannnnn', { offMs: 3000 }, 'nnaaaann'],
    ['goes on alarming when it bounces on its way back', 'naannannn', { offMs: 2000 }, 'nnaaaaaan'],
    ['alarms from the start when it is confirmed', 'aaa', {}, '.aa'],
    ['tells nothing until then', 'aaaaa', { onMs: 3000 }, '...aa'],
    ['is unknown without an answer, never normal', 'nn--nn', {}, 'nn--nn'],
    ['is unknown before the first answer', '--nn', {}, '--nn'],
    ['still alarms after a silence', 'naa--a', {}, 'nna--a'],
    ['does not let silence hide smoke', 'na-a', {}, 'nn-a'],
    ['does not take silence for alarm', 'na---', {}, 'nn---'],
    ['holds its state for `stale`', 'nn----', { staleMs: 2000 }, 'nnnn--'],
    ['tells a fault from an alarm', 'nffaa', {}, 'nnffa'],
    ['does not alarm while it can not decide', 'nafafaf', { onMs: 1000 }, 'nnnnnnn'],
  ])('%s', (_, reads, over, expected) => {
    expect(play(reads, delays(over))).toBe(expected)
  })
})

const reads = fc.array(
  fc.record({ state: fc.constantFrom<PointState>('normal', 'alarm', 'fault', 'unknown'), gap: fc.integer({ min: 500, max: 4000 }) }),
  { maxLength: 40 },
)
const anyDelays = fc.record({ onMs: fc.integer({ min: 0, max: 8000 }), offMs: fc.integer({ min: 0, max: 8000 }), staleMs: fc.constant(0) })

/** Runs a sequence and hands every step to `look`. */
function walk(
  sequence: readonly { state: PointState; gap: number }[],
  given: { onMs: number; offMs: number; staleMs: number },
  look: (step: { point: Debounced; before: Debounced; at: number; history: readonly { state: PointState; at: number }[] }) => void,
): void {
  let point: Debounced = UNREAD
  let at = 0
  const history: { state: PointState; at: number }[] = []
  for (const { state, gap } of sequence) {
    at += gap
    history.push({ state, at })
    const before = point
    point = debounce(point, state, at, given)
    look({ point, before, at, history })
  }
}

describe('whatever is read', () => {
  it('no alarm before on_delay has passed with nothing but alarm', () => {
    fc.assert(
      fc.property(reads, anyDelays, (sequence, given) =>
        walk(sequence, given, ({ point, before, at, history }) => {
          if (point.held !== 'alarm' || before.held === 'alarm') return
          const answered = history.filter(({ state }) => state !== 'unknown')
          const lastOther = answered.findLastIndex(({ state }) => state !== 'alarm')
          const run = answered.slice(lastOther + 1)
          expect(run.length).toBeGreaterThanOrEqual(2)
          expect(at - (run[0]?.at ?? at)).toBeGreaterThanOrEqual(given.onMs)
        }),
      ),
    )
  })

  it('an alarm that lasts long enough is told', () => {
    fc.assert(
      fc.property(reads, anyDelays, (sequence, given) => {
        const lasting = Array.from({ length: 2 + Math.ceil(given.onMs / 500) }, () => ({ state: 'alarm' as const, gap: 500 }))
        let last: Debounced = UNREAD
        walk([...sequence, ...lasting], given, ({ point }) => {
          last = point
        })
        expect(last.held).toBe('alarm')
      }),
    )
  })

  it('a confirmed alarm ends only by lasting reads of something else, never by silence', () => {
    fc.assert(
      fc.property(reads, anyDelays, (sequence, given) =>
        walk(sequence, given, ({ point, before, at, history }) => {
          if (before.held !== 'alarm' || point.held === 'alarm') return
          const answered = history.filter(({ state }) => state !== 'unknown')
          const run = answered.slice(answered.findLastIndex(({ state }) => state !== point.held) + 1)
          expect(run.length).toBeGreaterThanOrEqual(2)
          expect(at - (run[0]?.at ?? at)).toBeGreaterThanOrEqual(point.held === 'normal' ? given.offMs : given.onMs)
        }),
      ),
    )
  })

  it('no answer is never shown as normal', () => {
    fc.assert(
      fc.property(reads, anyDelays, (sequence, given) =>
        walk(sequence, given, ({ point, at, history }) => {
          if (history.at(-1)?.state === 'unknown') expect(shown(point, at, given)).toBe('unknown')
        }),
      ),
    )
  })
})
