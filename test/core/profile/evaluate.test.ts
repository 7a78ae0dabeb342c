import { describe, expect, it } from 'vitest'
import { groups, profile, readAll, recorded, shown } from './reading.ts'

const scalar = (field: string) => groups(`  - name: g\n    measurement: m\n    fields:\n      ${field}`)

describe('a value', () => {
  it.each([
    ['an integer', 'a_volt: 1.3.1.0', '1.3.1.0|2|230', 'a_volt=230'],
    ['digits as text', 'a_volt: 1.3.1.0', '1.3.1.0|4|230', 'a_volt=230'],
    ['a unit behind it', 'a_percent: 1.3.1.0', '1.3.1.0|4|56 % ', 'a_percent=56'],
    ['a decimal comma', 'a_celsius: 1.3.1.0', '1.3.1.0|4|23,5 C', 'a_celsius=23.5'],
    ['hex text', 'a: 1.3.1.0', '1.3.1.0|4|0x1F', 'a=31'],
    ['text in hex with a NUL', 'a_celsius: 1.3.1.0', '1.3.1.0|4x|32332e3500', 'a_celsius=23.5'],
    ['an opaque float', 'a_hertz: 1.3.1.0', '1.3.1.0|68x|9f780442480000', 'a_hertz=50'],
    ['octets as a number', 'a: { oid: 1.3.1.0, type: bytes }', '1.3.1.0|4x|0102', 'a=258'],
    ['signed octets', 'a: { oid: 1.3.1.0, type: signed_bytes }', '1.3.1.0|4x|fffe', 'a=-2'],
    ['DateAndTime with a zone', 'a_seconds: { oid: 1.3.1.0, type: date }', '1.3.1.0|4x|07b20101080000002b0800', 'a_seconds=0'],
    ['scale and offset', 'a_celsius: { oid: 1.3.1.0, scale: 0.1, offset: -40 }', '1.3.1.0|2|655', 'a_celsius=25.5'],
    ['a divisor from another object', 'a: 1.3.9.0', '1.3.9.0|2|5', 'a=5'],
    ['seconds where minutes are wanted', 'a_minutes: { oid: 1.3.1.0, unit: seconds }', '1.3.1.0|2|90', 'a_minutes=1.5'],
    ['timeticks', 'a_seconds: { oid: 1.3.1.0, unit: centiseconds }', '1.3.1.0|67|150', 'a_seconds=1.5'],
    ['fahrenheit', 'a_celsius: { oid: 1.3.1.0, unit: fahrenheit }', '1.3.1.0|2|77', 'a_celsius=25'],
    ['volts times ten against the MIB', 'a_volt: { oid: 1.3.1.0, scale_auto: true }', '1.3.1.0|2|2360', 'a_volt=236'],
    ['a number in the middle', `a_celsius: { oid: 1.3.1.0, extract: 'T=(-?\\d+)' }`, '1.3.1.0|4|S1 T=-5 ok', 'a_celsius=-5'],
    [
      'two complement by hand',
      'a_celsius: { oid: 1.3.1.0, expr: "if(value > 32767, value - 65536, value)" }',
      '1.3.1.0|2|65530',
      'a_celsius=-6',
    ],
    ['a text', 'a: { oid: 1.3.1.0, type: text }', '1.3.1.0|4|  hello ', 'a=hello'],
    ['the first that answers', 'a_volt: { first: [1.3.1.0, 1.3.2.0] }', '1.3.2.0|2|7', 'a_volt=7'],
  ])('%s', async (_, field, lines, expected) => {
    expect(await shown(scalar(field), lines)).toEqual([expected])
  })

  it.each([
    ['NULL', 'a_volt: 1.3.1.0', '1.3.1.0|5|', 'missing'],
    ['empty text', 'a_volt: 1.3.1.0', '1.3.1.0|4|', 'missing'],
    ['a word', 'a_volt: 1.3.1.0', '1.3.1.0|4|N/A', 'missing'],
    ['a time of day is no number', 'a: 1.3.1.0', '1.3.1.0|4|12:30', 'missing'],
    ['a version is no number', 'a: 1.3.1.0', '1.3.1.0|4|1.2.3', 'missing'],
    ['a declared filler', 'a: { oid: 1.3.1.0, missing: [-9999] }', '1.3.1.0|2|-9999', 'missing'],
    ['no sensor at -273', 'a_celsius: 1.3.1.0', '1.3.1.0|2|-273', 'missing'],
    ['65535 minutes', 'runtime_minutes: 1.3.1.0', '1.3.1.0|2|65535', 'missing'],
    ['4294967295 minutes', 'runtime_minutes: 1.3.1.0', '1.3.1.0|66|4294967295', 'missing'],
    ['1234 degrees', 'a_celsius: 1.3.1.0', '1.3.1.0|2|1234', 'bad_value'],
    ['beyond bounds of its own', 'a_volt: { oid: 1.3.1.0, max: 300 }', '1.3.1.0|2|301', 'bad_value'],
    ['an opaque NaN', 'a_hertz: 1.3.1.0', '1.3.1.0|68x|9f78047fc00000', 'missing'],
  ])('%s is %s %s → %s', async (_, field, lines, quality) => {
    const { values, samples } = await readAll([scalar(field)], recorded(lines))
    expect(values.map((value) => value.quality)).toEqual([quality])
    expect(samples).toEqual([])
  })

  it('keeps an enum as text, raw number and state', async () => {
    const data = scalar('status: { oid: 1.3.1.0, enum: { 1: [good, normal], 2: [worn out, fault] } }')
    const { values, samples } = await readAll([data], recorded('1.3.1.0|2|2'))
    expect(values[0]).toMatchObject({ raw: 2, value: 2, text: 'worn out', state: 'fault' })
    expect(samples[0]?.fields).toMatchObject({ status: 'worn out', status_code: 2, status_state_code: 2 })
  })

  it('reduces a contact and shows what the device does not explain as unknown', async () => {
    const data = scalar('state: { oid: 1.3.1.0, normal: 0, alarm: [1, 2], fault: 3 }')
    const stateOf = async (raw: number) => (await readAll([data], recorded(`1.3.1.0|2|${raw}`))).samples[0]?.fields
    expect(await stateOf(0)).toMatchObject({ state: 'normal', state_code: 0, raw: 0 })
    expect(await stateOf(2)).toMatchObject({ state: 'alarm', state_code: 1, raw: 2 })
    expect(await stateOf(9)).toMatchObject({ state: 'unknown', state_code: 3, raw: 9 })
  })

  it.each([
    ['lsb', '1.3.1.0|2|5', ['zero', 'two'], 5],
    ['msb', '1.3.1.0|4x|a0', ['zero', 'two'], 160],
    ['ascii', '1.3.1.0|4|0101', ['two', 'four'], 2],
  ])('reads bits in %s order', async (order, lines, words, code) => {
    const data = scalar(`flags: { oid: 1.3.1.0, bit_order: ${order}, bits: { 0: zero, 2: [two, alarm], 4: four } }`)
    const { samples } = await readAll([data], recorded(lines))
    expect(samples[0]?.fields).toMatchObject({ flags: words.join(' '), flags_code: code, flags_state_code: 1 })
  })
})

describe('a table', () => {
  const TABLE = `
1.3.5.1.1.1|2|8
1.3.5.1.1.2|2|3
1.3.5.1.2.1|4|inlet
1.3.5.1.2.2|4|psu
1.3.5.1.3.1|2|235
1.3.5.1.3.2|2|1201
1.3.5.1.4.1|2|1
1.3.5.1.4.2|2|2
1.3.6.1.7.1|4|front
1.3.6.1.7.2|4|rear`

  it('chooses the field by a column and takes tags from other columns and tables', async () => {
    const data = groups(`
  - name: g
    measurement: sensor
    table: 1.3.5.1
    let: { kind: 1, digits: 4 }
    tags: { sensor: { join: [{ column: 2 }, { oid: 1.3.6.1.7 }], separator: "/" }, n: { index: 1, map: { 1: one } } }
    fields:
      value: { column: 3, scale: "1 / 10 ^ digits", case: { by: kind, of: { 8: temperature_celsius, 3: { field: voltage_volt, max: 100 } } } }`)
    const { samples } = await readAll([data], recorded(TABLE))
    expect(samples).toMatchObject([
      { tags: { sensor: 'inlet/front', n: 'one' }, fields: { temperature_celsius: 23.5 } },
      { tags: { sensor: 'psu/rear', n: '2' }, fields: { voltage_volt: 12.01 } },
    ])
  })

  it('leaves out rows and numbers those that would share a series', async () => {
    const data = groups(`
  - { name: a, measurement: a, table: 1.3.5.1, let: { kind: 1 }, where: "kind == 8", tags: { s: 2 }, fields: { v: 3 } }
  - { name: b, measurement: b, table: 1.3.5.1, tags: { s: same }, fields: { v: 3 } }
  - { name: c, measurement: c, table: 1.3.5.1, same_tags: first, tags: { s: same }, fields: { v: 3 } }`)
    const { samples } = await readAll([data], recorded(TABLE))
    expect(samples.map((sample) => `${sample.measurement} ${sample.tags.s}`)).toEqual(['a inlet', 'b same', 'b same #2', 'c same'])
  })

  it('falls back to another table, and tells all of an alarm table, absent ones too', async () => {
    const data = groups(`
  - { name: new, measurement: m, table: 1.3.9.1, tags: { s: { index: 1 } }, fields: { v: 3 } }
  - { name: old, measurement: m, table: 1.3.5.1, unless: new, tags: { s: { index: 1 } }, fields: { v: 3 } }
  - name: alarms
    measurement: ups_alarm
    table: 1.3.8.1
    presence: { column: 2, known: { 1.3.99.1: [bad, fault, RB], 1.3.99.2: [battery, alarm, OB] } }`)
    const { samples } = await readAll([data], recorded(`${TABLE}\n1.3.8.1.2.7|6|1.3.99.2`))
    expect(samples.filter((sample) => sample.measurement === 'm')).toHaveLength(2)
    const active = samples.filter((sample) => sample.measurement === 'ups_alarm').map((sample) => [sample.tags.alarm, sample.fields.active])
    expect(active).toEqual([
      ['battery', 1],
      ['bad', 0],
    ])
    expect(samples.find((sample) => sample.measurement === 'ups')?.fields).toEqual({ status: 'OB', status_code: 2 })
  })
})

describe('several profiles', () => {
  const general = profile(`profile: general
title: general
match: { any: [{ probe: 1.3.1 }] }
groups: [{ name: g, measurement: ups, fields: { a_volt: 1.3.1.0, b_volt: 1.3.2.0, own: 1.3.3.0 } }]`)
  const special = profile(`profile: special
title: special
extends: general
match: { any: [{ sysObjectID: 1.3.6.1.4.1.99.1.1.1 }] }
groups: [{ name: g, measurement: ups, fields: { a_volt: { oid: 1.3.1.0, scale: 0.1 }, b_volt: 1.3.7.0 } }]`)
  const DEVICE = '1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.99.1.1.1.5\n1.3.1.0|2|2300\n1.3.2.0|2|111\n1.3.3.0|2|5\n1.3.7.0|2|222'

  it('the more specific wins per object and per field, the rest adds up', async () => {
    const { matching, samples } = await readAll([general, special], recorded(DEVICE))
    expect(matching.profiles.map((one) => one.name)).toEqual(['special', 'general'])
    expect(samples).toHaveLength(1)
    expect(samples[0]?.fields).toEqual({ a_volt: 230, b_volt: 222, own: 5 })
  })

  it('says why each was chosen or not', async () => {
    const { matching } = await readAll([general, special], recorded('1.3.1.0|2|1'))
    const because = Object.fromEntries(matching.verdicts.map((verdict) => [verdict.profile.name, `${verdict.chosen}: ${verdict.because}`]))
    expect(because.general).toBe('true: 1.3.1 answers')
    expect(because.special).toMatch(/^false: sysObjectID \(none\) is not under 1\.3\.6\.1\.4\.1\.99\.1\.1\.1/)
  })

  it('an excluded profile is not used, and says by whom', async () => {
    const strict = { ...special, extends: [], excludes: ['general'] }
    const { matching } = await readAll([general, strict], recorded(DEVICE))
    expect(matching.profiles.map((one) => one.name)).toEqual(['special'])
    expect(matching.verdicts.find((verdict) => verdict.profile.name === 'general')?.because).toMatch(/excluded by special/)
  })
})
