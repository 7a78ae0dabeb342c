import { expect, test } from 'vitest'
import { silentLog } from '../../../core/log/log.ts'
import { createLibrary } from '../../../core/profile/library.ts'
import type { VarbindSource } from '../../../core/profile/varbind.ts'
import { ProfileChooser } from '../../../probes/snmp/chooser.ts'
import { createRecordingSource } from '../../../protocols/snmp/recording-source.ts'
import { profile, recorded } from '../../core/profile/reading.ts'

const one = (name: string, arc: number): string =>
  `profile: ${name}\ntitle: ${name}\nmatch: { any: [{ probe: 1.3.6.1.4.1.99999.${arc} }] }\ngroups:\n  - { name: a, measurement: sensor, fields: { count: 1.3.6.1.4.1.99999.${arc}.1.0 } }\n`
const SYSTEM =
  'profile: system\ntitle: system\nmatch: always\ngroups:\n  - { name: a, measurement: sensor, fields: { count: 1.3.6.1.2.1.1.7.0 } }\n'
const LIBRARY = createLibrary([profile(one('first', 1)), profile(one('second', 2))]).library
const BOX = `1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.99999.7\n1.3.6.1.4.1.99999.1.1.0|2|1\n1.3.6.1.4.1.99999.2.1.0|2|2\n`
const identity = { sysDescr: '', sysObjectID: '1.3.6.1.4.1.99999.7', uptime: 100 }
const live = new AbortController().signal

/** Loses the questions about one part of the device as often as told. */
function lossy(times: number) {
  const inner = createRecordingSource(recorded(BOX))
  let asked = 0
  const source: VarbindSource = {
    ...inner,
    async next(oids) {
      asked += oids.length
      const lost = oids.includes('1.3.6.1.4.1.99999.2') && times-- > 0 ? ['1.3.6.1.4.1.99999.2'] : []
      const answer = await inner.next(oids.filter((oid) => !lost.includes(oid)))
      return { ...answer, failed: lost.map((oid) => ({ oid, reason: 'timeout' as const })) }
    },
  }
  return { source, asked: () => asked }
}
const names = (chooser: ProfileChooser) => chooser.choice?.profiles.map(({ name }) => name)

test('a packet lost when the profiles were chosen hides nothing for ever', async () => {
  const { source, asked } = lossy(2)
  const chooser = new ProfileChooser('auto', LIBRARY, silentLog)
  await chooser.choose(source, { identity, at: 0 }, live)
  expect(names(chooser)).toEqual(['first'])
  expect(await chooser.doubt(source, identity, live)).toBe(false)
  expect(await chooser.doubt(source, identity, live)).toBe(true)
  expect(names(chooser)).toEqual(['first', 'second'])
  const before = asked()
  expect(await chooser.doubt(source, identity, live)).toBe(false)
  await chooser.choose(source, { identity: { ...identity, uptime: 1100 }, at: 10_000 }, live)
  expect(asked()).toBe(before)
})

test('a device without a branch of its vendor is read at once, and asked about the others behind the reading', async () => {
  const lying = `1.3.6.1.2.1.1.2.0|6|1.3.6.1.2.1.33\n1.3.6.1.4.1.99999.2.1.0|2|2\n`
  const hidden = createRecordingSource(recorded(lying))
  // Gives nothing when asked for the first vendor, as some boxes do.
  const source: VarbindSource = { ...hidden, next: async (oids) => hidden.next(oids.filter((oid) => oid !== '1.3.6.1.4.1')) }
  const chooser = new ProfileChooser('auto', createLibrary([profile(one('second', 2)), profile(SYSTEM)]).library, silentLog)
  await chooser.choose(source, { identity, at: 0 }, live)
  expect(names(chooser)).toEqual(['system'])
  expect(await chooser.doubt(source, identity, live)).toBe(true)
  expect(names(chooser)).toEqual(['second', 'system'])
  expect(chooser.choice?.unanswered).toBe(0)
})

test('what never answers is asked for a few times, then no more', async () => {
  const { source, asked } = lossy(1000)
  const chooser = new ProfileChooser('auto', LIBRARY, silentLog)
  await chooser.choose(source, { identity, at: 0 }, live)
  for (let run = 0; run < 6; run++) await chooser.doubt(source, identity, live)
  const before = asked()
  for (let run = 0; run < 3; run++) await chooser.doubt(source, identity, live)
  expect(asked()).toBe(before)
  expect(names(chooser)).toEqual(['first'])
})

test('a device that has restarted is looked at anew', async () => {
  const { source } = lossy(0)
  const chooser = new ProfileChooser('auto', LIBRARY, silentLog)
  await chooser.choose(source, { identity, at: 0 }, live)
  expect(chooser.outdated({ identity: { ...identity, uptime: 1100 }, at: 10_000 })).toBe(false)
  expect(chooser.outdated({ identity: { ...identity, uptime: 5 }, at: 10_000 })).toBe(true)
  expect(chooser.outdated({ identity: { ...identity, sysDescr: 'other' }, at: 10_000 })).toBe(true)
})
