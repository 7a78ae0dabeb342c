import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openJournal } from '../../../collector/journal/journal.ts'
import { Counters } from '../../../core/lifecycle/counters.ts'
import { silentLog } from '../../../core/log/log.ts'
import type { NewRecord } from '../../../core/segment/types.ts'
import { tempDir } from '../../support/temp-dir.ts'

const record = (seq: number, size = 10): NewRecord => ({
  kind: 'data',
  receivedAt: 1,
  agent: 'a',
  session: 'x',
  seq,
  payload: Buffer.alloc(size),
})

test('over its bound the oldest segment goes, and it is told', async () => {
  const losses: [number, number][] = []
  const counters = new Counters()
  const journal = await openJournal({
    dir: await tempDir(),
    maxBytes: 50_000,
    keepFreeBytes: 0,
    segmentBytes: 10_000,
    log: silentLog,
    counters,
    onLoss: (from, to) => losses.push([from, to]),
  })
  for (let seq = 1; seq <= 100; seq++) await journal.append(record(seq, 1_000))
  expect(journal.synced - journal.first).toBeLessThanOrEqual(61_000)
  expect(losses[0]?.[0]).toBe(0)
  expect(losses.at(-1)?.[1]).toBe(journal.first)
  const { overtaken, records } = await journal.read(0)
  expect(overtaken).toBe(journal.first)
  expect(records[0]?.offset).toBe(journal.first)
  await journal.close()
})

test('a disk that refuses is said so until it takes again, and nothing appended behind a failure is stored', async () => {
  const dir = join(await tempDir(), 'j')
  const counters = new Counters()
  const journal = await openJournal({ dir, maxBytes: 1e9, keepFreeBytes: 0, log: silentLog, counters })
  await rm(dir, { recursive: true })
  const results = await Promise.allSettled([journal.append(record(1)), journal.append(record(2))])
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(journal.failing).toMatch(/ENOENT/)
  expect(counters.get('jifang_journal_failing')).toBe(1)
  expect(journal.synced).toBe(0)
  await journal.close()
})

test('a record that is too large is refused, and says nothing about the disk', async () => {
  const journal = await openJournal({ dir: await tempDir(), maxBytes: 1e9, keepFreeBytes: 0, log: silentLog, counters: new Counters() })
  await expect(journal.append(record(1, 5_000_000))).rejects.toThrow('over the limit')
  expect(journal.failing).toBeNull()
  await journal.append(record(2))
  await journal.close()
})
