import { describe, expect, it } from 'vitest'
import { createLibrary } from '../../../core/profile/library.ts'
import { namedProfiles } from '../../../core/profile/match.ts'
import { createRecordingSource } from '../../../protocols/snmp/recording-source.ts'
import { profile, readAll, recorded } from './reading.ts'

const relative = profile(`profile: relative
title: relative
match: { any: [{ sysObjectID: 1.3.6.1.4.1.99 }] }
groups:
  - { name: a, measurement: m, fields: { a_volt: model.1.1.0, b_volt: { oid: model.1.2.0 } } }
  - { name: t, measurement: m, table: model.5.1, tags: { row: { index: 1 } }, fields: { c_volt: 2, d_volt: { oid: model.6.1.2 } } }`)

const DEVICE = (model: string) =>
  `1.3.6.1.2.1.1.2.0|6|${model}\n${model}.1.1.0|2|5\n${model}.1.2.0|2|6\n${model}.5.1.2.3|2|7\n${model}.6.1.2.3|2|8`

describe('OIDs below the sysObjectID of the device', () => {
  it.each(['1.3.6.1.4.1.99.7.86', '1.3.6.1.4.1.99.7.142'])('are found for model %s', async (model) => {
    const { values, matching } = await readAll([relative], recorded(DEVICE(model)))
    expect(values.map(({ field, value }) => `${field}=${value}`)).toEqual(['a_volt=5', 'b_volt=6', 'c_volt=7', 'd_volt=8'])
    expect(matching.verdicts[0]?.profile.name).toBe('relative')
  })

  it('are found when a person named the profile, and nowhere without a sysObjectID', async () => {
    const { library } = createLibrary([relative])
    const named = await namedProfiles(library.profiles, createRecordingSource(recorded(DEVICE('1.3.6.1.4.1.99.7.86'))))
    expect([...(named[0]?.groups[0]?.needs.scalars ?? [])]).toEqual(['1.3.6.1.4.1.99.7.86.1.1.0', '1.3.6.1.4.1.99.7.86.1.2.0'])
    const unknown = await namedProfiles(library.profiles, createRecordingSource(recorded('1.3.6.1.2.1.1.1.0|4|x')))
    expect([...(unknown[0]?.groups[0]?.needs.scalars ?? [])]).toEqual(['0.0.1.1.0', '0.0.1.2.0'])
  })
})
