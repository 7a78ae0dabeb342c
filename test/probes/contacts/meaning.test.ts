import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { createMeaning } from '../../../probes/contacts/meaning.ts'
import { type ContactsOptions, contactsKind } from '../../../probes/contacts/options.ts'
import { createTeller } from '../../../probes/contacts/samples.ts'

function point(over: object) {
  const options = v.parse(contactsKind.options, {
    via: { snmp: { community: 'c' } },
    points: [{ name: 'P', oid: '1.3.6.1.9.1.0', ...over }],
  }) as ContactsOptions
  const [first] = options.points
  if (!first) throw new Error('no point')
  return first
}

describe('values in the words of the point table', () => {
  it.each([
    ['0 is normal', {}, 0, 'normal'],
    ['1 is alarm', {}, 1, 'alarm'],
    ['numbers may be texts', { normal: '0', alarm: '1' }, '1', 'alarm'],
    ['texts may be numbers', { normal: 0, alarm: 1 }, ' 1 ', 'alarm'],
    ['with a unit behind', { normal: 0, alarm: 1 }, '1 V', 'alarm'],
    ['words, whatever their case', { normal: 'ok', alarm: ['Smoke', 'fire'] }, 'SMOKE', 'alarm'],
    ['on and off', { normal: false, alarm: true }, 'ON', 'alarm'],
    ['true and false', { normal: false, alarm: true }, 0, 'normal'],
    ['lists', { normal: [0, 3], alarm: [1], fault: [2, 4] }, 4, 'fault'],
    ['fault wins', { normal: [0], alarm: '>= 1', fault: 2 }, 2, 'fault'],
    ['inverted', { invert: true }, 0, 'alarm'],
    ['inverted back', { invert: true }, 1, 'normal'],
    ['a fault is not inverted', { invert: true, fault: 2 }, 2, 'fault'],
    ['undeclared is unknown', { normal: 0, alarm: 1 }, 7, 'unknown'],
    ['undeclared is unknown by default, too', {}, 2, 'unknown'],
    ['only normal declared: everything else alarms', { normal: 4 }, 9, 'alarm'],
    ['only alarm declared: everything else is normal', { alarm: 9 }, 4, 'normal'],
    ['conditions are about the scaled value', { type: 'temperature', scale: '0.1', alarm: '> 30' }, 305, 'alarm'],
    ['below', { type: 'temperature', scale: 0.1, alarm: '> 30' }, 300, 'normal'],
    ['ranges', { type: 'level', normal: '4..20', fault: '< 4' }, 3.9, 'fault'],
    ['a quantity is normal', { type: 'temperature' }, 21.5, 'normal'],
    ['a quantity in words is unknown', { type: 'temperature' }, 'n/a', 'unknown'],
    ['too great for the bounds', { type: 'temperature', min: -20, max: '80' }, 999, 'fault'],
    ['a siren that sounds is no alarm', { type: 'siren' }, 1, 'normal'],
    ['a siren with another value', { type: 'siren' }, 5, 'unknown'],
  ])('%s', (_, given, raw, state) => {
    expect(createMeaning(point(given))(raw).state).toBe(state)
  })

  it('gives no value where there can be none', () => {
    expect(createMeaning(point({ type: 'humidity', min: 0, max: 100 }))(6553.5)).toMatchObject({ state: 'fault', value: null, raw: 6553.5 })
    expect(createMeaning(point({ type: 'temperature', scale: 0.1, offset: -40 }))(615)).toMatchObject({ value: 21.5 })
  })
})

describe('what is sent', () => {
  const tell = (over: object, steps: readonly (readonly [second: number, raw: number, state?: 'alarm' | 'unknown'])[]) => {
    const options = point(over)
    const teller = createTeller(options, 60_000)
    const meaningOf = createMeaning(options)
    return steps.flatMap(([second, raw, state]) => {
      const meaning = meaningOf(raw)
      const sample = teller.tell(state ?? meaning.state, state === 'unknown' ? null : meaning, second * 1000, 0)
      return sample ? [[second, sample.fields] as const] : []
    })
  }

  it('changes at once and for a while, the rest once a minute', () => {
    const seconds = Array.from({ length: 70 }, (_, second) => [second * 2, second * 2 >= 80 ? 1 : 0] as const)
    const sent = tell({ type: 'smoke' }, seconds)
    expect(sent.map(([second]) => second)).toEqual([0, 2, 4, 64, 80, 82, 84])
    expect(sent[4]?.[1]).toEqual({ state: 'alarm', state_code: 1, value: 1, raw: 1 })
  })

  it('quantities when they have moved', () => {
    const sent = tell({ type: 'temperature', scale: 0.1 }, [
      [0, 215],
      [10, 215],
      [12, 216],
      [14, 217],
      [16, 217],
    ])
    expect(sent.map(([second]) => second)).toEqual([0, 12, 14])
    expect(sent.at(-1)?.[1]).toEqual({ state: 'normal', state_code: 0, value: 21.7, temperature_celsius: 21.7, raw: 217 })
  })

  it('of an unknown point no number', () => {
    expect(tell({ type: 'smoke' }, [[0, 0, 'unknown']])[0]?.[1]).toEqual({ state: 'unknown', state_code: 3 })
  })
})
