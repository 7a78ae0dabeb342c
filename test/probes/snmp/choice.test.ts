import { expect, test } from 'vitest'
import type { Varbind, VarbindSource } from '../../../core/profile/varbind.ts'
import { ProbeMemory } from '../../../probes/snmp/choice.ts'

const box = { sysDescr: 'a box', sysObjectID: '1.3.6.1.4.1.99999', uptime: 1 }
const varbind = (oid: string): Varbind => ({ oid, type: 'integer', value: 1 })

/** Answers `budget` OIDs at each call, the others fail as they do when a run's deadline comes. */
function slow(budget: number) {
  const asked: string[][] = []
  const source: VarbindSource = {
    get: async () => ({ varbinds: [], failed: [] }),
    columns: async () => ({ varbinds: [], failed: [] }),
    async next(oids) {
      asked.push([...oids])
      const answered = oids.slice(0, budget)
      const following = new Map(answered.filter((oid) => !oid.endsWith('.9')).map((oid) => [oid, varbind(`${oid}.0`)]))
      return {
        varbinds: [...following.values()],
        failed: oids.slice(budget).map((oid) => ({ oid, reason: 'timeout' as const })),
        following,
      }
    },
  }
  return { source, asked }
}

const oids = ['1.1', '1.2', '1.9', '1.4', '1.5']

test('a slow device is asked on in the next run, not from the beginning', async () => {
  const memory = new ProbeMemory()
  const { source, asked } = slow(3)
  expect([...(await memory.over(source, box).next(oids)).following.keys()]).toEqual(['1.1', '1.2'])
  const second = await memory.over(source, box).next(oids)
  expect(asked).toEqual([oids, ['1.4', '1.5']])
  expect(second.failed).toEqual([])
  expect([...second.following.keys()]).toEqual(['1.1', '1.2', '1.4', '1.5'])
})

test('what another box answered, or what was forgotten, is asked again', async () => {
  const memory = new ProbeMemory()
  const { source, asked } = slow(5)
  await memory.over(source, box).next(oids)
  await memory.over(source, { ...box, sysDescr: 'another box' }).next(oids)
  memory.clear()
  await memory.over(source, { ...box, sysDescr: 'another box' }).next(oids)
  expect(asked).toEqual([oids, oids, oids])
})
