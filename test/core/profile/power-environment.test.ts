import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { profile, readAll, recorded } from './reading.ts'
import { below, series, shipped } from './shipped-profile.ts'

const HWG = '1.3.6.1.4.1.21796'
const EMU = '1.3.6.1.4.1.318.1.1.10.3.14.1.1'
const CMC3 = '1.3.6.1.4.1.2606.7.4.2.2.1'
const CMC = '1.3.6.1.4.1.2606.4.2.3.5.2.1'
const AKCP = '1.3.6.1.4.1.3854.1.2.2.1'
const VUTLAN = '1.3.6.1.4.1.39052.1.3.1'
const NETBOTZ = '1.3.6.1.4.1.5528.100.4'
const RARITAN = '1.3.6.1.4.1.13742.6'
const GEIST = '1.3.6.1.4.1.21239.2'
const GUDE = '1.3.6.1.4.1.28507'

describe('a contact becomes normal, alarm, fault or unknown', () => {
  it.each([
    ['dry', 0, 'normal'],
    ['water', 1, 'alarm'],
    ['a torn off cable is no water', 2, 'fault'],
    ['nonsense', 3, 'fault'],
  ])('HWg WLD: %s', async (_, raw, state) => {
    const read = await series('hwg', below(`${HWG}.4.5.4.1`, `2.1|4|Cellar\n3.1|2|3\n6.1|2|${raw}`))
    expect(read.get('env point=Cellar type=water')).toMatchObject({ state, raw })
  })

  it.each([
    ['normally closed, closed', 1, 1, 'normal'],
    ['normally closed, open', 2, 1, 'alarm'],
    ['normally open, open', 2, 2, 'normal'],
    ['normally open, closed', 1, 2, 'alarm'],
    ['unplugged', 4, 1, 'unknown'],
  ])('APC EMU: %s', async (_, contact, rest, state) => {
    const read = await series('apc-env', below(EMU, `2.1|4|Smoke\n3.1|2|${contact}\n4.1|2|${rest}`))
    expect(read.get('env point=Smoke type=dry')).toMatchObject({ state })
  })

  it.each([
    [4, 'normal'],
    [5, 'alarm'],
    [22, 'alarm'],
    [21, 'fault'],
    [25, 'fault'],
    [27, 'unknown'],
    [1, 'unknown'],
  ])('Rittal CMC III status %i is %s', async (raw, state) => {
    const read = await series('rittal-cmc3', below(CMC3, `3.3.9|4|Smoke.Status\n4.3.9|2|7\n11.3.9|2|${raw}`))
    expect(read.get('env point=3 Smoke device=3 type=smoke')).toMatchObject({ state, raw })
  })

  it.each([
    [4, 'normal'],
    [7, 'alarm'],
    [9, 'alarm'],
    [2, 'fault'],
  ])('Rittal CMC-TC status %i is %s', async (raw, state) => {
    const read = await series('rittal-cmc-tc', below(CMC, `2.1|2|23\n3.1|4|Leak\n4.1|2|${raw}\n5.1|2|0`))
    expect(read.get('env point=Leak 1 unit=1 type=water')).toMatchObject({ state, raw })
  })

  it.each([
    [2, 'normal'],
    [4, 'alarm'],
    [6, 'alarm'],
    [7, 'fault'],
    [1, 'unknown'],
  ])('AKCP status %i is %s', async (raw, state) => {
    const read = await series('akcp', below(AKCP, `18.1.1.0|4|Water\n18.1.3.0|2|${raw}\n18.1.9.0|2|4`))
    expect(read.get('env point=Water type=water')).toMatchObject({ state, raw })
  })

  it.each([
    ['normal', 'normal'],
    ['alarm', 'alarm'],
    ['high warning', 'alarm'],
    ['failed', 'fault'],
    ['unknown', 'unknown'],
    ['something new', 'unknown'],
  ])('Vutlan says %s', async (word, state) => {
    const read = await series('vutlan', below(VUTLAN, `6.7|4|smoke\n7.7|4|Smoke 1\n8.7|4|${word}\n9.7|4|0`))
    expect(read.get('env point=Smoke 1 type=smoke')).toMatchObject({ state })
  })

  it.each([
    ['no smoke', 0, 0, 'normal'],
    ['smoke', 1, 4, 'alarm'],
    ['pod lost', -1, 0, 'unknown'],
    ['failure', 0, 5, 'fault'],
  ])('NetBotz: %s', async (_, value, severity, state) => {
    const read = await series('apc-netbotz', below(`${NETBOTZ}.2.12.1`, `2.9|2|${value}\n3.9|2|${severity}\n4.9|4|Smoke\n5.9|4|pod`))
    expect(read.get('env point=Smoke pod=pod type=smoke')).toMatchObject({ state })
  })

  it.each([
    [0, 'normal'],
    [100, 'alarm'],
  ])('Geist water %i of 100 is %s', async (raw, state) => {
    const read = await series('geist', below(`${GEIST}.8.1`, `3.1|4|Leak\n4.1|2|1\n5.1|2|${raw}`))
    expect(read.get('env point=Leak type=water')).toMatchObject({ state, dampness_percent: raw })
  })

  it.each([
    [10, 'normal'],
    [9, 'alarm'],
    [26, 'fault'],
  ])('Raritan sensor state %i is %s', async (raw, state) => {
    const read = await series('raritan', below(RARITAN, `5.5.3.1.2.1.5|2|1\n5.5.3.1.3.1.5|2|${raw}\n5.5.3.1.4.1.5|2|0\n3.6.3.1.2.1.5|2|18`))
    expect([...read.values()][0]).toMatchObject({ state, raw })
  })
})

describe('analog points', () => {
  it('HWg Poseidon takes the unit from the device and drops the filler', async () => {
    const read = await series(
      'hwg',
      below(
        `${HWG}.3.3.3.1`,
        '2.1|4|Room\n4.1|2|1\n6.1|2|235\n10.1|4|C\n2.2|4|Rack\n4.2|2|1\n6.2|2|446\n10.2|4|%RH\n2.3|4|Gone\n4.3|2|0\n6.3|2|-9999\n10.3|4|C',
      ),
    )
    expect(read.get('env point=Room type=temperature')).toMatchObject({ temperature_celsius: 23.5, value: 23.5, state: 'normal' })
    expect(read.get('env point=Rack type=humidity')).toMatchObject({ humidity_percent: 44.6 })
    expect(read.get('env point=Gone type=temperature')).not.toHaveProperty('temperature_celsius')
    expect(read.get('env point=Gone type=temperature')).toMatchObject({ state: 'fault' })
  })

  it('Rittal scales by the step it tells and skips set points', async () => {
    const read = await series(
      'rittal-cmc3',
      below(
        CMC3,
        '3.1.2|4|Temperature.Value\n5.1.2|4|degree C\n7.1.2|2|-100\n11.1.2|2|2420\n3.1.4|4|Temperature.SetPtHighAlarm\n5.1.4|4|degree C\n7.1.4|2|-100\n11.1.4|2|5000',
      ),
    )
    expect([...read.keys()]).toEqual(['env point=1 Temperature device=1 type=temperature'])
    expect([...read.values()][0]).toMatchObject({ temperature_celsius: 24.2 })
  })

  it('Gude and AVTECH are read whatever the model', async () => {
    const gude = await series('gude', `1.3.6.1.2.1.1.2.0|6|${GUDE}.67\n${below(`${GUDE}.67.1.6.1.1`, '2.1|2|279\n3.1|2|488')}`)
    expect([...gude.values()][0]).toMatchObject({ temperature_celsius: 27.9, humidity_percent: 48.8 })
    const avtech = await series('avtech', below('1.3.6.1.4.1.20916.1.11', '1.1.1.2.0|2|2080\n1.3.2.0|2|1'))
    expect(avtech.get('env point=inside type=temperature')).toMatchObject({ temperature_celsius: 20.8 })
    expect(avtech.get('env point=switch 2 type=dry')).toMatchObject({ state: 'unknown', text: 'closed', raw: 1 })
  })

  it('Raritan scales by the digits of the configuration table', async () => {
    const read = await series(
      'raritan',
      ['5.4.3.1.2.1.3.1|2|1', '5.4.3.1.3.1.3.1|2|4', '5.4.3.1.4.1.3.1|66|311', '3.5.4.1.7.1.3.1|66|3']
        .map((line) => `${RARITAN}.${line}`)
        .join('\n'),
    )
    expect([...read.values()][0]).toMatchObject({ current_ampere: 0.311 })
  })
})

describe('the profile language, where these families need it', () => {
  const yaml = (group: string) => profile(`profile: test\ntitle: test\nmatch: always\ngroups:\n${group}`)

  it('merges rows of a table that case sends to different fields', async () => {
    const data = yaml(
      '  - { name: g, measurement: m, table: 1.3.1, same_tags: merge, fields: { a: { column: 2, case: { by: { column: 1 }, of: { 1: first, 2: second } } } } }\n',
    )
    const { samples } = await readAll([data], recorded('1.3.1.1.5|2|1\n1.3.1.1.6|2|2\n1.3.1.2.5|2|10\n1.3.1.2.6|2|20'))
    expect(samples.map((sample) => sample.fields)).toEqual([{ first: 10, second: 20 }])
  })

  it('knows a condition by the OID above it and shows the part', async () => {
    const data = yaml(
      '  - { name: g, measurement: m, table: 1.3.1, presence: { column: 2, known: { 1.3.6.1.4.1.9.7: [head pressure, fault], 1.3.6.1.4.1.9.8: [filter, alarm] } } }\n',
    )
    const { samples } = await readAll([data], recorded('1.3.1.2.1|6|1.3.6.1.4.1.9.7.1.2'))
    expect(samples.map((sample) => [sample.tags.alarm, sample.fields.active])).toEqual([
      ['head pressure 1.2', 1],
      ['head pressure', 0],
      ['filter', 0],
    ])
  })

  it('turns energy into kilowatt hours', async () => {
    const data = yaml('  - { name: g, measurement: m, fields: { energy_kilowatthour: { oid: 1.3.1.0, unit: watthour } } }\n')
    expect((await readAll([data], recorded('1.3.1.0|66|74057676'))).samples[0]?.fields).toEqual({ energy_kilowatthour: 74057.676 })
  })
})

describe('every shipped profile', () => {
  const names = readdirSync(new URL('../../../config/profiles/', import.meta.url))
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -5))

  it('is valid and named like its file', () => {
    expect(names.length).toBeGreaterThan(50)
    for (const name of names) expect(shipped(name).profile).toBe(name)
  })

  it('gives nothing, and no failure, on a device that answers nothing', async () => {
    const { results, samples } = await readAll(names.map(shipped), recorded('1.3.6.1.2.1.1.1.0|4|nothing'))
    expect(results.every((result) => result.reason === 'no_such' || result.reason === 'ok')).toBe(true)
    expect(samples.map((sample) => sample.measurement)).toEqual(['snmp_system'])
  })
})
