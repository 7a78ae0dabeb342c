import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileExpression, ExpressionError, type Scalar } from '../../../core/profile/expression.ts'

const NAMES: Readonly<Record<string, Scalar>> = { a: 2, b: 10, t: 'Fault', gone: null }
const value = (text: string) => compileExpression(text).evaluate((name) => NAMES[name] ?? null)

describe('expressions', () => {
  it.each([
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['-2 ^ 2', -4],
    ['2 ^ -1', 0.5],
    ['10 ^ (3 * (8 - 9))', 0.001],
    ['b / a - 1', 4],
    ['b % 4', 2],
    ['1 / 0', null],
    ['gone * 2', null],
    ['gone == null', true],
    ['gone < 5', false],
    ["t == 'fault'", true],
    ["contains(t, 'AUL')", true],
    ['a in (1, 2, 3)', true],
    ['not (a in (1, 3)) and b >= 10', true],
    ['if(gone == null, 5, 6)', 5],
    ['first(gone, a)', 2],
    ['max(a, b) - min(a, b)', 8],
    ['round(7 / 3, 2)', 2.33],
    ['bit(5, 2)', 1],
    ['sqrt(-1)', null],
    ['nobody + 1', null],
  ])('%s = %s', (text, expected) => {
    expect(value(text)).toBe(expected)
  })

  it.each(['', '1 +', '(1', '1 2', 'foo(1)', 'constructor(1)', 'a..b', '`x`', 'a = 1', `${'('.repeat(60)}1`, 'x'.repeat(600)])(
    '%j is refused in words',
    (text) => {
      expect(() => compileExpression(text)).toThrow(ExpressionError)
    },
  )

  it('any text is refused or evaluates to a finite value', () => {
    const token = fc.constantFrom(
      '1',
      '2.5',
      'a',
      'b',
      'gone',
      "'x'",
      '+',
      '-',
      '*',
      '/',
      '%',
      '^',
      '(',
      ')',
      '==',
      '<',
      'and',
      'or',
      'not',
      'in',
      ',',
      'if(',
      'max(',
      'bit(',
    )
    fc.assert(
      fc.property(fc.array(token, { maxLength: 12 }), (tokens) => {
        let result: Scalar
        try {
          result = value(tokens.join(' '))
        } catch (error) {
          expect(error).toBeInstanceOf(ExpressionError)
          return
        }
        if (typeof result === 'number') expect(Number.isFinite(result)).toBe(true)
      }),
      { numRuns: 3000 },
    )
  })
})
