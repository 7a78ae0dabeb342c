import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openAssignments } from '../../../collector/ingest/assignments.ts'
import { openConfigVersions } from '../../../collector/ingest/config-version.ts'
import { restoreStreams, saveStreams } from '../../../collector/ingest/state.ts'
import { openJournal } from '../../../collector/journal/journal.ts'
import { Counters } from '../../../core/lifecycle/counters.ts'
import { silentLog } from '../../../core/log/log.ts'
import type { NewRecord } from '../../../core/segment/types.ts'
import { tempDir } from '../../support/temp-dir.ts'

describe('versions of slices', () => {
  test('grow, are kept over restarts, and the same content keeps its version', async () => {
    const path = join(await tempDir(), 'v.json')
    const versions = await openConfigVersions(path)
    expect([await versions.versionFor('a', 'h1'), await versions.versionFor('b', 'h1'), await versions.versionFor('a', 'h1')]).toEqual([
      1, 2, 1,
    ])
    const again = await openConfigVersions(path)
    expect([await again.versionFor('a', 'h1'), await again.versionFor('a', 'h2')]).toEqual([1, 3])
  })

  test('a greater one on the broker is taken over with our content and topped otherwise', async () => {
    const versions = await openConfigVersions(join(await tempDir(), 'v.json'))
    await versions.versionFor('a', 'h1')
    expect(await versions.met('a', 1, 'h1')).toBe(false)
    expect(await versions.met('a', 40, 'h1')).toBe(true)
    expect(await versions.versionFor('a', 'h1')).toBe(40)
    expect(await versions.met('a', 50, 'other')).toBe(true)
    expect(await versions.versionFor('a', 'h1')).toBe(51)
    expect(await versions.met('a', 60, null)).toBe(true)
    expect(await versions.versionFor('a', 'h1')).toBe(61)
    expect(await versions.met('nobody', 99, null)).toBe(false)
    expect(await versions.versionFor('b', 'x')).toBe(100)
  })

  test('one that nobody can have counted to is not believed', async () => {
    const versions = await openConfigVersions(join(await tempDir(), 'v.json'))
    await versions.versionFor('a', 'h1')
    for (const version of [Number.MAX_SAFE_INTEGER, 1e300, Number.NaN, undefined, '7'])
      expect(await versions.met('a', version as number, null)).toBe(false)
    expect(await versions.versionFor('a', 'h2')).toBe(2)
  })

  test('a damaged file starts over instead of stopping the collector', async () => {
    const path = join(await tempDir(), 'v.json')
    await writeFile(path, '{"version": 7')
    expect(await (await openConfigVersions(path)).versionFor('a', 'h')).toBe(1)
  })
})

describe('assignments', () => {
  test('hold by version, over restarts; an agent may always speak of itself', async () => {
    const path = join(await tempDir(), 'a.json')
    const book = await openAssignments(path)
    await book.assign('poller', 5, ['ups-01', 'fw-01'])
    await book.assign('poller', 6, ['ups-01'])
    const again = await openAssignments(path)
    const cases: [number, string, boolean][] = [
      [5, 'fw-01', true],
      [6, 'fw-01', false],
      [6, 'ups-01', true],
      [99, 'ups-01', true],
      [0, 'ups-01', false],
      [0, 'poller', true],
    ]
    for (const [version, device, allowed] of cases)
      expect([version, device, again.allowed('poller', version, device, 'ping')]).toEqual([version, device, allowed])
    expect(again.allowed('other', 5, 'ups-01', 'ping')).toBe(false)
  })
})

test('of the sources of its listeners an agent may send events alone', async () => {
  const path = join(await tempDir(), 'a.json')
  await (await openAssignments(path)).assign('poller', 5, ['ups-01'], ['ids-01'])
  const again = await openAssignments(path)
  const cases = [
    ['ups-01', 'ping', true],
    ['ups-01', 'event', true],
    ['ids-01', 'event', true],
    ['ids-01', 'ping', false],
    ['fw-01', 'event', false],
  ] as const
  for (const [device, measurement, allowed] of cases)
    expect([device, measurement, again.allowed('poller', 5, device, measurement)]).toEqual([device, measurement, allowed])
})

describe('what has come of each stream', () => {
  const record = (agent: string, seq: number): NewRecord => ({
    kind: 'data',
    receivedAt: 1,
    agent,
    session: 'x',
    seq,
    payload: Buffer.from('p'),
  })
  const open = async (dir: string) =>
    openJournal({ dir: join(dir, 'j'), maxBytes: 1e9, keepFreeBytes: 0, log: silentLog, counters: new Counters() })

  test('is rebuilt from the snapshot and the journal behind it', async () => {
    const dir = await tempDir()
    const path = join(dir, 'state.json')
    const journal = await open(dir)
    for (const seq of [1, 2]) await journal.append(record('a', seq))
    await saveStreams(path, journal, await restoreStreams(path, journal, silentLog))
    for (const seq of [3, 4]) await journal.append(record('a', seq))
    await journal.append(record('b', 7))
    const streams = await restoreStreams(path, journal, silentLog)
    expect(streams.states().map(({ agent, next }) => `${agent} ${next}`)).toEqual(['a 5', 'b 8'])
    expect(JSON.parse(await readFile(path, 'utf8')).offset).toBeLessThan(journal.synced)
    await journal.close()
  })

  test('a snapshot of another journal, or a damaged one, is not believed', async () => {
    const dir = await tempDir()
    const path = join(dir, 'state.json')
    const journal = await open(dir)
    await journal.append(record('a', 1))
    for (const content of [JSON.stringify({ offset: 1e9, streams: [{ agent: 'a', session: 'x', next: 900, at: 1 }] }), '{']) {
      await writeFile(path, content)
      expect((await restoreStreams(path, journal, silentLog)).durable('a', 'x')).toBe(1)
    }
    await journal.close()
  })
})
