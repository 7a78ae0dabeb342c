import fc from 'fast-check'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { modbusFailure } from '../../../protocols/modbus/failure.ts'
import { modbusEntries, modbusSourceEntries } from '../../../protocols/modbus/options.ts'
import { planRanges } from '../../../protocols/modbus/ranges.ts'
import { type ModbusItem, modbusItem, modbusValue } from '../../../protocols/modbus/value.ts'

const options = (over = {}) => v.parse(v.strictObject(modbusEntries), over)
const source = (over: object) => v.parse(v.strictObject(modbusSourceEntries), over)
const item = (over: object): ModbusItem => modbusItem(source(over), options())

describe('values out of registers', () => {
  it.each([
    ['u16', { address: 0 }, [65_535], 65_535],
    ['s16', { address: 0, type: 's16' }, [65_535], -1],
    ['a swapped s16', { address: 0, type: 's16', byte_order: 'little' }, [0xfeff], -2],
    ['u32', { address: 0, type: 'u32' }, [0x0001, 0x0002], 65_538],
    ['u32, low word first', { address: 0, type: 'u32', word_order: 'little' }, [0x0002, 0x0001], 65_538],
    ['s32', { address: 0, type: 's32' }, [0xffff, 0xfffe], -2],
    ['float', { address: 0, type: 'float' }, [0x41ac, 0xcccd], 21.6],
    ['float, CDAB', { address: 0, type: 'float', word_order: 'little' }, [0xcccd, 0x41ac], 21.6],
    ['float, BADC', { address: 0, type: 'float', byte_order: 'little' }, [0xac41, 0xcdcc], 21.6],
    ['float, DCBA', { address: 0, type: 'float', byte_order: 'little', word_order: 'little' }, [0xcdcc, 0xac41], 21.6],
    ['a float that is none', { address: 0, type: 'float' }, [0x7fc0, 0], null],
    ['a bit', { address: 0, bit: 3 }, [0b1000], 1],
    ['a bit that is off', { address: 0, bit: '3' }, [0b0111], 0],
    ['a bit of a swapped register', { address: 0, bit: 8, byte_order: 'little' }, [0b0001], 1],
    ['a coil', { fc: '1', address: 0 }, [1], 1],
  ])('%s', (_, given, words, value) => {
    expect(modbusValue(item(given), words)).toBe(value)
  })

  it('counts from one where told', () => {
    expect(item({ address: 40, one_based: true }).address).toBe(39)
    expect(modbusItem(source({ address: '0x10' }), options({ one_based: true })).address).toBe(15)
    expect(() => item({ address: 0, one_based: true })).toThrow('no Modbus address 0')
    expect(() => item({ address: 65_535, type: 'float' })).toThrow('no Modbus address')
  })
})

describe('ranges', () => {
  const limits = { max_registers: 20, max_bits: 30, max_gap: 4 }
  const items = fc.array(
    fc
      .record({
        unit: fc.integer({ min: 1, max: 3 }),
        fc: fc.constantFrom(1, 3, 4),
        address: fc.integer({ min: 0, max: 80 }),
        type: fc.constantFrom('u16', 'float'),
      })
      .map(({ unit, fc: code, address, type }) => item({ unit, fc: code, address, type })),
    { maxLength: 30 },
  )

  it('hold every value once, within the limits, and nothing far away', () => {
    fc.assert(
      fc.property(items, (given) => {
        const ranges = planRanges(given, limits)
        expect(ranges.flatMap((range) => range.items)).toHaveLength(given.length)
        for (const range of ranges) {
          expect(range.count).toBeLessThanOrEqual(range.fc <= 2 ? 30 : 20)
          for (const { unit, fc: code, address, size } of range.items) {
            expect([unit, code]).toEqual([range.unit, range.fc])
            expect(address).toBeGreaterThanOrEqual(range.start)
            expect(address + size).toBeLessThanOrEqual(range.start + range.count)
          }
        }
      }),
    )
  })

  it('join neighbours over a small gap only', () => {
    const at = (address: number) => item({ address })
    expect(planRanges([at(0), at(5), at(10)], limits)).toMatchObject([{ start: 0, count: 11 }])
    expect(planRanges([at(0), at(6)], limits)).toHaveLength(2)
  })
})

it.each([
  [Object.assign(new Error('x'), { modbusCode: 2 }), 'no_such', /no such address.*exception 2/],
  [Object.assign(new Error('x'), { modbusCode: 6 }), 'busy', /busy/],
  [Object.assign(new Error('x'), { modbusCode: 11 }), 'timeout', /behind the gateway/],
  [Object.assign(new Error('x'), { modbusCode: 99 }), 'protocol', /exception 99/],
  [new Error('CRC error'), 'protocol', /baud rate/],
  [Object.assign(new Error('Timed out'), { errno: 'ETIMEDOUT' }), 'timeout', /no answer/],
  [new Error('Unexpected data error, expected address 1 got 2'), 'protocol', /address 1 got 2/],
])('tells %s in words', (error, reason, words) => {
  const failure = modbusFailure(error, 'gw:502 unit 1')
  expect(failure.reason).toBe(reason)
  expect(failure.message).toMatch(words)
})
