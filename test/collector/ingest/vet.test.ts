import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { vet } from '../../../collector/ingest/vet.ts'
import { parseLine } from '../../../core/line/parse.ts'

const rules = { site: 's', allowed: (device: string) => device !== 'stranger', latest: 1_800_000_000_000 }
const AT = '1700000000000000000'

describe('lines', () => {
  test.each([
    [`m,device=d,site=s n=1 ${AT}`, null],
    [`m,device=d,site=s n=1i,x=-2.5e-3,t="a b" ${AT}`, null],
    [`m,device=d\\ e,site=s n=1 ${AT}`, null],
    [`m,device=d,site=s n=t ${AT}`, null],
    [`m,site=s,device=d n=1 ${AT}`, null],
    [`m,device=stranger,site=s n=1 ${AT}`, 'unassigned'],
    [`m,xdevice=d,site=s n=1 ${AT}`, 'no_device'],
    [`m,site=s n=1,device=d ${AT}`, 'unparsable'],
    [`m,device=d,site=other n=1 ${AT}`, 'wrong_site'],
    [`m,device=d n=1 ${AT}`, 'wrong_site'],
    ['m,device=d,site=s n=1', 'no_time'],
    ['m,device=d,site=s n=1 1900000000000000000', 'future'],
    [`m,device=d,site=s n=1.5i ${AT}`, 'unparsable'],
    [`m,device=d,site=s n= ${AT}`, 'unparsable'],
    [`m,device=,site=s n=1 ${AT}`, 'unparsable'],
    [`m,device=d,site=s ${AT}`, 'unparsable'],
    [`m,device=d,site=s n=1 ${AT} x`, 'unparsable'],
    [`m,device=d,device=stranger,site=s n=1 ${AT}`, 'unparsable'],
    [`m,device=d,site=s,site=other n=1 ${AT}`, 'unparsable'],
    [`m,device=d,site=s n=NaN ${AT}`, 'unparsable'],
    [`m,device=d,site=s n=1e400 ${AT}`, 'unparsable'],
    [`m,device=d,site=s n=${'9'.repeat(400)} ${AT}`, 'unparsable'],
    [`m,device=d,site=s n=9223372036854775808i ${AT}`, 'unparsable'],
    [`m,device=d,site=s n=-9223372036854775808i ${AT}`, null],
    [`m,device=d,site=s n=1.7976931348623157e+308 ${AT}`, null],
  ])('%s → %s', (line, reason) => {
    const { refused, accepted, text } = vet(`${line}\n`, rules)
    expect(refused.map((entry) => entry.reason)).toEqual(reason === null ? [] : [reason])
    expect(accepted).toBe(reason === null ? 1 : 0)
    expect(text).toBe(reason === null ? null : `# ${reason === 'unparsable' ? 'rejected' : 'refused'} ${reason} ${line}\n`)
  })

  test('comments pass, line ends of Windows are taken off', () => {
    expect(vet('# note\n\n', rules)).toEqual({ accepted: 0, refused: [], text: null })
    expect(vet(`m,device=d,site=s n=1 ${AT}\r\n`, rules)).toEqual({ accepted: 1, refused: [], text: `m,device=d,site=s n=1 ${AT}\n` })
  })

  test('no line that the parser refuses is let in', () => {
    const piece = fc.constantFrom(
      'm',
      ',',
      '=',
      ' ',
      '\\',
      '"',
      'device',
      'site',
      'd',
      's',
      'n',
      '1',
      '1i',
      '-1.5',
      'e',
      AT,
      '.',
      ',device=d',
      ',site=s',
      ' n=1 ',
    )
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 14 }), (pieces) => {
        const line = pieces.join('')
        if (vet(line, rules).accepted === 1) expect(typeof parseLine(line)).toBe('object')
      }),
      { numRuns: 5_000 },
    )
  })
})
