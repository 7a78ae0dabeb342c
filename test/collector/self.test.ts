import { describe, expect, it } from 'vitest'
import { Behind } from '../../collector/self.ts'

/** One measurement each ten seconds: end of the journal, bytes the consumer has not come to. */
const run = (measurements: readonly (readonly [synced: number, lag: number])[]): number[] => {
  const behind = new Behind(0)
  return measurements.map(([synced, lag], at) => behind.seconds((at + 1) * 10_000, synced, lag))
}

describe('how far a consumer is behind', () => {
  it('is nothing at the end of the journal', () => {
    expect(run([[100, 0]])).toEqual([0])
  })

  it('stays small for one that keeps up without ever standing at the very end', () => {
    const busy = run(Array.from({ length: 500 }, (_, at) => [at * 1000 + 1000, 100] as const))
    expect(Math.max(...busy)).toBeLessThanOrEqual(20)
  })

  it('grows for one that stands still, and shrinks when it has come on', () => {
    const stuck = run(Array.from({ length: 90 }, (_, at) => [at * 1000 + 1000, at * 1000] as const))
    expect(stuck.at(-1)).toBe(890)
    const recovering = run([
      [1000, 1000],
      [2000, 2000],
      [3000, 1500],
      [4000, 100],
      [5000, 100],
    ])
    expect(recovering).toEqual([10, 20, 20, 10, 10])
  })
})
