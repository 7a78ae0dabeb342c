import { describe, expect, it } from 'vitest'
import { defaultClear, holds, parseTest, type Scalar, type Test } from '../../alarm/condition.ts'

function parsed(text: string): Test {
  const test = parseTest(text)
  if ('error' in test) throw new Error(test.error)
  return test
}

const table: [string, Scalar[], Scalar[]][] = [
  ['> 90', [90.1, 100], [90, 0, -100, '95']],
  ['>= 90 %', [90, 91], [89.99]],
  ['<5', [4, -1], [5, 6]],
  ['<= -1.5e2', [-150, -151], [-149]],
  ['> 30 °C', [31], [30]],
  ['== 1', [1, '1'], [0, 2, 'x']],
  ['== alarm', ['alarm'], ['alarms', 'normal', 1]],
  ['!= normal', ['alarm', 1], ['normal']],
  ['has OB', ['OB', 'OL OB', 'OB,DISCHRG'], ['OL', 'OBX', '', 1]],
  ['has OB LB', ['OB', 'LB'], ['OL']],
  ['not has OL', ['OB', ''], ['OL', 'OL CHRG']],
  ['in [alarm, fault]', ['alarm', 'fault'], ['normal']],
  ['in [1, 2]', [1, '2'], [3]],
  ['not in ["a b", c]', ['d'], ['a b', 'c']],
  ['outside 198..242', [197.9, 243], [198, 220, 242]],
  ['inside 20..99 %', [20, 99], [19, 100]],
]

describe('a condition', () => {
  it.each(table)('%s', (text, passing, failing) => {
    const test = parsed(text)
    for (const value of passing) expect(holds(test, value), `${value}`).toBe(true)
    for (const value of failing) expect(holds(test, value), `${value}`).toBe(false)
  })

  it.each(['', '90', '> x', '> ', 'has', 'in []', 'outside 5', 'outside 9..3', 'between 1 and 2'])(
    '%j is refused with what to write',
    (text) => {
      expect(parseTest(text)).toHaveProperty('error')
    },
  )

  it.each([
    ['> 90', '<= 87.3'],
    ['>= 32', '< 31.04'],
    ['< 10', '>= 10.3'],
    ['> 0', '<= 0'],
    ['> -10', '<= -10.3'],
    ['== 1', '!= 1'],
    ['has OB', 'not has OB'],
    ['in [a, b]', 'not in [a, b]'],
    ['outside 0..100', 'inside 3..97'],
  ])('%s ends by default when %s', (fire, clear) => {
    expect(defaultClear(parsed(fire)).text).toBe(clear)
  })
})
