import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseDocument } from '../../../core/config/document.ts'
import { loadProfiles, parseProfile } from '../../../core/profile/parse.ts'
import { createTrapTable } from '../../../core/profile/traps.ts'
import type { Varbind } from '../../../core/profile/varbind.ts'

const text = (oid: string, value: string): Varbind => ({ oid, type: 'octets', value: Buffer.from(value) })
const number = (oid: string, value: number): Varbind => ({ oid, type: 'integer', value })
const oid = (name: string, value: string): Varbind => ({ oid: name, type: 'oid', value })

describe('the shipped traps', async () => {
  const { data, issues } = await loadProfiles([join(import.meta.dirname, '../../../config/profiles')])
  const table = createTrapTable(data)
  const UPS = '1.3.6.1.2.1.33'
  const IMM = '1.3.6.1.4.1.2.6.158.5'

  it('are without mistakes', () => {
    expect(issues.filter(({ file }) => file.includes('traps-'))).toEqual([])
    expect(table.size).toBeGreaterThan(60)
  })

  it.each([
    ['1.3.6.1.6.3.1.1.5.1', [], 'coldStart', 'minor', '设备冷启动'],
    [
      '1.3.6.1.6.3.1.1.5.3',
      [number('1.3.6.1.2.1.2.2.1.1.7', 7), text('1.3.6.1.2.1.2.2.1.2.7', 'Gi0/7'), number('1.3.6.1.2.1.2.2.1.7.7', 2)],
      'linkDown',
      'minor',
      '端口断开 ifIndex=7 interface=Gi0/7 admin=down',
    ],
    // RFC 1628 numbers them 33.2.N, its version 1 form 33.2.0.N
    [`${UPS}.2.0.3`, [oid(`${UPS}.1.6.2.1.2.4`, `${UPS}.1.6.3.3`)], 'upsTrapAlarmEntryAdded', 'emergency', 'UPS 告警 low battery'],
    [`${UPS}.2.3`, [oid(`${UPS}.1.6.2.1.2.4`, '1.3.6.1.4.1.1.1')], 'upsTrapAlarmEntryAdded', 'minor', 'UPS 告警 1.3.6.1.4.1.1.1'],
    [
      '1.3.6.1.4.1.318.0.5',
      [text('1.3.6.1.4.1.318.2.3.3.0', 'UPS: On battery.')],
      'upsOnBattery',
      'major',
      'UPS 电池供电 UPS: On battery.',
    ],
    ['1.3.6.1.4.1.318.0.777', [], 'apcEvent', 'info', 'APC 事件 1.3.6.1.4.1.318.0.777'],
    ['1.3.6.1.4.1.935.1.1.1.0.20', [], 'smoke', 'emergency', '烟感报警'],
    [
      `${IMM}.0.4`,
      [text(`${IMM}.1.9.0`, 'Fan 1 failed'), number(`${IMM}.1.8.0`, 0)],
      'immAlert',
      'major',
      'IMM 告警 Fan 1 failed priority=critical',
    ],
    [`${IMM}.0.4`, [text(`${IMM}.1.8.0`, '8')], 'immAlert', 'info', 'IMM 告警 priority=recovery'],
    ['1.3.6.1.4.1.3183.1.1.0.356096', [], 'platformEvent', 'minor', '硬件事件 (PET) 1.3.6.1.4.1.3183.1.1.0.356096'],
  ] as const)('%s %j', (trap, varbinds, name, severity, words) => {
    expect(table.explain(trap, varbinds)).toEqual({ event: name, name, severity, text: words })
  })
})

describe('a trap that nobody knows', () => {
  it('is shown with its number and what it brings, bounded', () => {
    const varbinds = Array.from({ length: 60 }, (_, i) => text(`1.3.6.1.4.1.1.${i}`, i === 0 ? 'x'.repeat(5000) : `v${i}`))
    const meaning = createTrapTable([]).explain('1.3.6.1.4.1.1.0.9', varbinds, 4)
    expect(meaning).toMatchObject({ event: 'other', name: '1.3.6.1.4.1.1.0.9', severity: 'info' })
    expect(meaning.text).toMatch(/^1\.3\.6\.1\.4\.1\.1\.0\.9 1\.3\.6\.1\.4\.1\.1\.0=x{200}… 1\.3\.6\.1\.4\.1\.1\.1=v1 .*\(\+40\)$/)
  })
})

describe('traps of an operator', () => {
  it('come after the shipped ones', () => {
    const shipped = { traps: [{ oid: '1.3.6.1.6.3.1.1.5.3', name: 'linkDown', title: 'x' }] }
    const own = {
      traps: [{ oid: '.1.3.6.1.6.3.1.1.5.3', name: 'portDown', title: { zh: '断', en: 'down' }, severity: 'major' }, { oid: 'broken' }],
    }
    expect(createTrapTable([shipped, own, null]).explain('1.3.6.1.6.3.1.1.5.3', [])).toMatchObject({
      name: 'portDown',
      severity: 'major',
      text: '断',
    })
  })

  it('are told with their place when they are wrong', () => {
    const yaml =
      'profile: a\ntitle: a\ntraps:\n  - { oid: 1.3.6.1.4.1.1.0.1, name: ok, title: ok }\n  - { oid: 1.3, name: "no word", title: t, severity: bad, varbind: [] }\n'
    const document = parseDocument(yaml, 'a.yaml')
    expect(parseProfile(document)).toBeUndefined()
    expect(document.issues.map(({ line, path }) => [line, path])).toEqual(
      expect.arrayContaining([
        [5, 'traps[1].name'],
        [5, 'traps[1].severity'],
        [5, 'traps[1].varbind'],
      ]),
    )
  })
})
