import { appendFile, readdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Counters } from '../../../core/lifecycle/counters.ts'
import { silentLog } from '../../../core/log/log.ts'
import { openCursor } from '../../../core/segment/cursor.ts'
import { openSegmentLog, type SegmentLogOptions } from '../../../core/segment/log.ts'
import { openSegmentReader } from '../../../core/segment/reader.ts'
import type { LogRecord, NewRecord, RecordSource } from '../../../core/segment/types.ts'
import { tempDir } from '../../support/temp-dir.ts'

const record = (seq: number, bytes = 10): NewRecord => ({
  kind: 'data',
  receivedAt: 1_700_000_000_000 + seq,
  agent: 'app-01',
  session: 's1',
  seq,
  payload: Buffer.alloc(bytes, seq % 256),
})

async function open(dir: string, options: Partial<SegmentLogOptions> = {}) {
  const log = await openSegmentLog({ dir, log: silentLog, counters: new Counters(), ...options })
  onTestFinished(() => log.close())
  return log
}

async function readAll(source: RecordSource, from = 0): Promise<{ records: LogRecord[]; skipped: number; overtaken: number }> {
  const records: LogRecord[] = []
  let skipped = 0
  let overtaken = 0
  for (let at = from; ; ) {
    const batch = await source.read(at, 300)
    records.push(...batch.records)
    skipped += batch.skipped
    overtaken += batch.overtaken
    if (batch.next === at && batch.records.length === 0) return { records, skipped, overtaken }
    at = batch.next
  }
}

const newest = async (dir: string): Promise<string> => join(dir, (await readdir(dir)).sort().at(-1) ?? '')

describe('segment log', () => {
  it('gives back what was appended, over segments and a reopening, with every field', async () => {
    const dir = await tempDir()
    const log = await open(dir, { segmentBytes: 500 })
    const offsets = await Promise.all(Array.from({ length: 50 }, (_, seq) => log.append(record(seq))))
    expect(offsets).toEqual([...offsets].sort((a, b) => a - b))
    await log.append({ kind: 'tick', receivedAt: 5, agent: '', session: '', seq: 0, payload: Buffer.alloc(0) })
    for (let seq = 50; seq < 80; seq++) await log.append(record(seq))
    await log.close()
    const again = await open(dir, { segmentBytes: 500 })
    const { records } = await readAll(again)
    expect(records).toHaveLength(81)
    expect(records[3]).toMatchObject({ ...record(3), offset: offsets[3] })
    expect(records[50]?.kind).toBe('tick')
    expect((await readdir(dir)).length).toBeGreaterThan(3)
  })

  it('cuts a torn tail on opening and appends behind the last whole record', async () => {
    const dir = await tempDir()
    const log = await open(dir)
    for (let seq = 0; seq < 5; seq++) await log.append(record(seq))
    await log.close()
    await appendFile(await newest(dir), Buffer.from('JF\0\0\0\x20half a record'))
    const again = await open(dir)
    await again.append(record(5))
    const { records, skipped } = await readAll(again)
    expect(records.map((r) => r.seq)).toEqual([0, 1, 2, 3, 4, 5])
    expect(skipped).toBe(0)
  })

  it('steps over a damaged record in the middle and counts it', async () => {
    const dir = await tempDir()
    const log = await open(dir)
    const offsets: number[] = []
    for (let seq = 0; seq < 5; seq++) offsets.push(await log.append(record(seq)))
    await log.close()
    const file = await newest(dir)
    const bytes = await readFile(file)
    const damaged = (offsets[2] ?? 0) + 20
    bytes[damaged] = (bytes[damaged] ?? 0) ^ 0xff
    await writeFile(file, bytes)
    const { records, skipped } = await readAll(await open(dir))
    expect(records.map((r) => r.seq)).toEqual([0, 1, 3, 4])
    expect(skipped).toBe(1)
  })

  it('survives any cut at any byte: a prefix of what was written, then goes on', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 700 }), async (cut) => {
        const dir = await tempDir()
        const log = await open(dir)
        for (let seq = 0; seq < 15; seq++) await log.append(record(seq))
        await log.close()
        await truncate(await newest(dir), cut)
        const again = await open(dir)
        await again.append(record(99))
        const seqs = (await readAll(again)).records.map((r) => r.seq)
        expect(seqs.at(-1)).toBe(99)
        expect(seqs.slice(0, -1)).toEqual(Array.from({ length: seqs.length - 1 }, (_, i) => i))
        await again.close()
      }),
      { numRuns: 25 },
    )
  })

  it('drops the oldest segment over its bound, and an overtaken reader learns how much it lost', async () => {
    const dir = await tempDir()
    const dropped: number[] = []
    const log = await open(dir, {
      segmentBytes: 400,
      maxBytes: 1200,
      beforeDrop: async (from, to) => {
        dropped.push(to - from)
      },
    })
    for (let seq = 0; seq < 100; seq++) await log.append(record(seq))
    const { records, overtaken } = await readAll(log)
    expect(records.at(-1)?.seq).toBe(99)
    expect(overtaken).toBe(log.first)
    expect(dropped.reduce((a, b) => a + b, 0)).toBe(log.first)
  })

  it('trims whole segments below an offset only', async () => {
    const dir = await tempDir()
    const log = await open(dir, { segmentBytes: 400 })
    const offsets: number[] = []
    for (let seq = 0; seq < 40; seq++) offsets.push(await log.append(record(seq)))
    await log.trim(offsets[20] ?? 0)
    const first = (await readAll(log)).records[0]?.seq ?? -1
    expect(first).toBeGreaterThan(0)
    expect(first).toBeLessThanOrEqual(20)
  })

  it('refuses what can not be a record and stays usable', async () => {
    const log = await open(await tempDir())
    await expect(log.append(record(1, 5 * 1024 * 1024))).rejects.toThrow('over the limit')
    await expect(log.append(record(2))).resolves.toBe(0)
  })

  it('lets another reader follow only as far as it is told', async () => {
    const dir = await tempDir()
    const log = await open(dir, { segmentBytes: 300 })
    for (let seq = 0; seq < 10; seq++) await log.append(record(seq))
    const half = log.synced
    for (let seq = 10; seq < 20; seq++) await log.append(record(seq))
    const reader = await openSegmentReader({ dir })
    expect((await readAll(reader)).records).toHaveLength(0)
    reader.advance(half)
    expect((await readAll(reader)).records.map((r) => r.seq)).toEqual(Array.from({ length: 10 }, (_, i) => i))
    reader.advance(log.synced)
    expect((await readAll(reader, half)).records).toHaveLength(10)
    await reader.close()
  })
})

describe('cursor', () => {
  it('keeps its offset over a reopening and refuses a file that is not a cursor', async () => {
    const path = join(await tempDir(), 'cursors', 'influx')
    const cursor = await openCursor(path)
    expect(cursor.offset).toBe(0)
    await cursor.save(12345)
    expect((await openCursor(path)).offset).toBe(12345)
    await writeFile(path, 'abc')
    await expect(openCursor(path)).rejects.toThrow('not a cursor')
  })
})
