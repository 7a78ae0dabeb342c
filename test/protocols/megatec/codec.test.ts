import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseIdentity, parseQ1, parseQ6, parseRatings } from '../../../protocols/megatec/codec.ts'

const Q6 = '(227.0 225.6 230.0 50.0 229.9 000.0 000.0 49.9 007 000 000 327.8 000.0 23.0 06932 100 32 00000000 00000000 11'

describe('Q1', () => {
  it('reads an on-line UPS on battery', () => {
    const q1 = parseQ1('(000.0 195.0 220.0 014 50.0 2.05 30.0 11000001')
    expect(q1).toEqual({
      inputVolt: 0,
      faultVolt: 195,
      outputVolt: 220,
      loadPercent: 14,
      frequencyHertz: 50,
      batteryVolt: 2.05,
      celsius: 30,
      bits: {
        utilityFail: true,
        batteryLow: true,
        bypass: false,
        failed: false,
        standbyType: false,
        testing: false,
        shuttingDown: false,
        beeper: true,
      },
    })
  })

  it('takes placeholders for what is not measured', () => {
    expect(parseQ1('(220.0 ---.- 220.0 014 50.0 27.1 --.- 00001000')).toMatchObject({ faultVolt: null, celsius: null, batteryVolt: 27.1 })
    expect(parseQ1('(220.0 220.0 220.0 014 50.0 27.1 @@.@ 00001000')).toMatchObject({ celsius: null })
  })

  it.each([
    ['220.0 220.0 220.0 014 50.0 2.27 30.0 00000000', 'does not begin with ('],
    ['(220.0 220.0 220.0 014 50.0 2.27 30.0', '7 values where 8 should be'],
    ['(220.0 220.0 220.0 014 50.0 2.27 30.0 0000000', 'eight status bits'],
    ['(220.0 220.0 220.0 014 50.0 2.27 30.0 0000000x', 'eight status bits'],
    ['(22?.0 220.0 220.0 014 50.0 2.27 30.0 00000000', "can't be the 1. value"],
    ['(220.0 220.0 220.0 914 50.0 2.27 30.0 00000000', "can't be the 4. value"],
    ['(220.0 220.0 220.0 014 500 2.27 30.0 00000000', "can't be the 5. value"],
    ['', 'does not begin with ('],
  ])('refuses %s', (text, why) => {
    expect(parseQ1(text)).toContain(why)
  })
})

describe('Q6', () => {
  it('reads three phases, runtime and charge', () => {
    expect(parseQ6(Q6)).toEqual({
      inputVolt: [227, 225.6, 230],
      inputHertz: 50,
      outputVolt: [229.9, 0, 0],
      outputHertz: 49.9,
      loadPercent: [7, 0, 0],
      batteryVolt: 327.8,
      batteryNegativeVolt: 0,
      celsius: 23,
      runtimeSeconds: 6932,
      chargePercent: 100,
      fault: 0,
      warning: 0,
    })
  })

  it('refuses one that lost a value or a digit', () => {
    expect(parseQ6(Q6.replace('225.6 ', ''))).toContain('19 values')
    expect(parseQ6(Q6.replace('00000000 11', '0000000 11'))).toContain('fault and warning')
    expect(parseQ6(Q6.replace(' 100 ', ' 190 '))).toContain('16. value')
  })
})

describe('F and I', () => {
  it('read what the UPS is', () => {
    expect(parseRatings('#220.0 013 240.0 50.0')).toEqual({ volt: 220, ampere: 13, batteryVolt: 240, hertz: 50 })
    expect(parseIdentity('#SANTAK          C3KS       V2.1      ')).toEqual({ manufacturer: 'SANTAK', model: 'C3KS', firmware: 'V2.1' })
    expect(parseIdentity('#                3C20KS     V01.02.03 ')).toEqual({ manufacturer: '', model: '3C20KS', firmware: 'V01.02.03' })
    expect(parseIdentity('#SANTAK C3K 1.0')).toEqual({ manufacturer: 'SANTAK', model: 'C3K', firmware: '1.0' })
    expect(parseIdentity('I')).toContain('does not begin with #')
    expect(parseRatings('#220.0 013 240.0')).toContain('3 values')
  })
})

it('never throws, and never makes a number out of noise', () => {
  const noise = fc.oneof(
    fc.string({ maxLength: 120 }),
    fc.tuple(fc.nat(108), fc.string({ minLength: 1, maxLength: 1 })).map(([at, char]) => Q6.slice(0, at) + char + Q6.slice(at + 1)),
  )
  fc.assert(
    fc.property(noise, (text) => {
      for (const parse of [parseQ1, parseQ6, parseRatings]) {
        const parsed = parse(text)
        if (typeof parsed === 'string') continue
        for (const value of Object.values(parsed).flat()) if (typeof value === 'number') expect(Number.isFinite(value)).toBe(true)
      }
      parseIdentity(text)
    }),
  )
})
