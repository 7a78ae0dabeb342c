import { appendFile, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Counters } from '../../core/lifecycle/counters.ts'
import { silentLog } from '../../core/log/log.ts'
import { Ledger } from '../../notify/ledger.ts'
import { openOutbox, type Position } from '../../notify/outbox.ts'
import { alarmEvent } from '../support/alarm-events.ts'
import { tempDir } from '../support/temp-dir.ts'

async function opened(dir: string, compactBytes = 1_000_000) {
  const ledger = new Ledger()
  const counters = new Counters()
  const { outbox, entries } = await openOutbox({ dir, all: () => ledger.entries(), log: silentLog, counters, compactBytes })
  ledger.put(entries)
  return { ledger, outbox, counters, entries }
}

const at = (offset: number): Position => ({ offset, last: { id: `${offset}.0`, at: offset } })
const ZHANG = new Set(['zhang'])

test('gives back what was saved: the latest of each entry, and the position', async () => {
  const dir = await tempDir()
  const { ledger, outbox } = await opened(dir)
  await outbox.save(ledger.event(alarmEvent('raised'), ZHANG), at(100))
  const items = ledger.owed('zhang')
  await outbox.save(ledger.begin(items))
  await outbox.save(ledger.settle(items, 'sent', 'modem', 7))
  await outbox.close()
  const again = await opened(dir)
  expect(again.outbox.position).toEqual(at(100))
  expect(again.entries).toEqual([...ledger.entries()])
  expect(again.entries).toMatchObject([{ told: { severity: 'emergency', certain: true }, trying: null }])
  await again.outbox.close()
})

test('cuts a torn line off, steps over a corrupt one and counts it', async () => {
  const dir = await tempDir()
  const first = await opened(dir)
  await first.outbox.save(first.ledger.event(alarmEvent('raised'), ZHANG), at(1))
  await first.outbox.close()
  await appendFile(join(dir, 'outbox.jsonl'), 'garbage\n{"put":[{"per')
  const second = await opened(dir)
  expect(second.counters.get('jifang_notify_outbox_corrupt_total')).toBe(1)
  expect(second.entries).toHaveLength(1)
  await second.outbox.save(second.ledger.event(alarmEvent('raised', { id: 'b' }), ZHANG), at(2))
  await second.outbox.close()
  const third = await opened(dir)
  expect(third.entries.map((entry) => entry.alarm.id)).toEqual(['cpu-app-01-1', 'b'])
  await third.outbox.close()
})

test('stays small: the file is rewritten and holds the same', async () => {
  const dir = await tempDir()
  const { ledger, outbox } = await opened(dir, 20_000)
  for (let round = 1; round <= 200; round++) await outbox.save(ledger.event(alarmEvent('note', { value: round }), ZHANG), at(round))
  await outbox.close()
  expect((await stat(join(dir, 'outbox.jsonl'))).size).toBeLessThan(30_000)
  const again = await opened(dir)
  expect(again.entries).toMatchObject([{ alarm: { value: 200 } }])
  expect(again.outbox.position.offset).toBe(200)
  await again.outbox.close()
})

test('after a write that failed, the next one brings everything to the disk', async () => {
  const dir = await tempDir()
  const { ledger, outbox } = await opened(dir, 1)
  // A folder in the way of the rewritten file makes every rewrite fail, as a full disk would.
  await writeFile(join(dir, 'keep'), '')
  const { mkdir, rmdir } = await import('node:fs/promises')
  await outbox.save(ledger.event(alarmEvent('raised'), ZHANG), at(1))
  await mkdir(join(dir, 'outbox.jsonl.new'))
  await expect(outbox.save(ledger.event(alarmEvent('raised', { id: 'b' }), ZHANG), at(2))).rejects.toThrow('EISDIR')
  await rmdir(join(dir, 'outbox.jsonl.new'))
  await outbox.save(ledger.event(alarmEvent('raised', { id: 'c' }), ZHANG), at(3))
  await outbox.close()
  expect((await readFile(join(dir, 'outbox.jsonl'), 'utf8')).trim().split('\n')).toHaveLength(1)
  const again = await opened(dir)
  expect(again.entries.map((entry) => entry.alarm.id)).toEqual(['cpu-app-01-1', 'b', 'c'])
  expect(again.outbox.position.offset).toBe(3)
  await again.outbox.close()
})
