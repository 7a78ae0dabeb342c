import { describe, expect, it } from 'vitest'
import { groups, readAll, recorded } from './reading.ts'

const DISKS = groups(`
  - name: disks
    measurement: sensor
    table: 1.3.6.1.4.1.9.1
    tags: { sensor: 2, type: disk }
    fields:
      state: { column: 3, enum: { 1: [ok, normal], 2: [failed, fault] } }
      disk_state: { column: 4, enum: { 1: [online, normal], 2: [rebuilding, alarm], 3: [failed, fault], 9: [other, unknown] } }
      smart: { column: 5, enum: { 1: [fine, normal], 2: [failing, alarm] } }
      temperature_celsius: 6
`)
const disk = async (state: number | null, diskState: number | null, smart: number | null) => {
  const cells = [[2, 'Bay 1', 4] as const, [3, state, 2] as const, [4, diskState, 2] as const, [5, smart, 2] as const, [6, 30, 2] as const]
  const lines = cells.flatMap(([column, value, tag]) => (value === null ? [] : [`1.3.6.1.4.1.9.1.${column}.1|${tag}|${value}`]))
  const { samples } = await readAll([DISKS], recorded(lines.join('\n')))
  return samples.find(({ measurement }) => measurement === 'sensor')?.fields
}

describe('the worst of the states of a part', () => {
  it.each([
    [1, 1, { worst_state: 'normal', worst_state_code: 0 }],
    [2, 1, { worst_state: 'alarm', worst_state_code: 1, worst_of: 'disk state: rebuilding' }],
    [3, 2, { worst_state: 'fault', worst_state_code: 2, worst_of: 'disk state: failed, smart: failing' }],
    [9, 1, { worst_state: 'normal', worst_state_code: 0 }],
    [9, 2, { worst_state: 'alarm', worst_state_code: 1, worst_of: 'smart: failing' }],
    [9, null, { worst_state: 'unknown', worst_state_code: 3 }],
  ])('disk state %j, smart %j', async (diskState, smart, expected) => {
    const fields = await disk(1, diskState, smart)
    expect(fields).toMatchObject(expected)
    if (!('worst_of' in expected)) expect(fields).not.toHaveProperty('worst_of')
  })

  it('`state` speaks for itself', async () => {
    const fields = await disk(2, null, null)
    expect(fields).toMatchObject({ state: 'fault', state_code: 2 })
    expect(fields).not.toHaveProperty('worst_state')
  })

  it('of a UPS its words tell', async () => {
    const ups = groups(`
  - name: status
    measurement: ups
    fields:
      output_source: { oid: 1.3.6.1.4.1.9.2.0, enum: { 1: [normal, normal, OL], 2: [battery, alarm, OB] } }
`)
    const { samples } = await readAll([ups], recorded('1.3.6.1.4.1.9.2.0|2|2'))
    expect(samples[0]?.fields).toMatchObject({ status: 'OB' })
    expect(samples[0]?.fields).not.toHaveProperty('worst_state')
  })
})
