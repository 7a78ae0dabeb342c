import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openSpool, type Spool, type SpoolOptions } from '../../agent/spool.ts'
import { Counters } from '../../core/lifecycle/counters.ts'
import { silentLog } from '../../core/log/log.ts'
import { tempDir } from '../support/temp-dir.ts'

const at = { now: 1_700_000_000_000 }
const options = (dir: string, more: Partial<SpoolOptions> = {}): SpoolOptions => ({
  dir,
  agent: 'poller-1',
  maxBytes: 1e8,
  keepFreeBytes: 0,
  clock: { now: () => at.now, monotonic: () => at.now },
  log: silentLog,
  counters: new Counters(),
  ...more,
})
const put = (spool: Spool, text: string, samples = 1): Promise<void> => spool.append({ config: 7, samples, body: Buffer.from(text) })
const textsOf = async (spool: Spool, index: number, from = 1): Promise<string[]> =>
  ((await spool.sessions[index]?.read(from, 1e6)) ?? []).map(({ seq, config, body }) => `${seq}/${config}/${body.toString()}`)

describe('spool', () => {
  test('seq 1, 2, 3 … with the configuration each was taken under', async () => {
    const spool = await openSpool(options(await tempDir()))
    await put(spool, 'a')
    await put(spool, 'b')
    expect(await textsOf(spool, 0)).toEqual(['1/7/a', '2/7/b'])
    expect([spool.current.base, spool.current.next, spool.backlog]).toEqual([1, 3, 2])
    await spool.close()
  })

  test('opened again without having been closed: older sessions keep their id, base and records; a new one begins', async () => {
    const dir = await tempDir()
    const first = await openSpool(options(dir))
    for (const text of ['a', 'b', 'c']) await put(first, text)
    const second = await openSpool(options(dir))
    await put(second, 'd')
    expect(second.sessions.map(({ id }) => id)).toEqual([second.current.id, first.current.id])
    expect(await textsOf(second, 1)).toEqual(['1/7/a', '2/7/b', '3/7/c'])
    expect(second.sessions[1]?.oldest).toBe(at.now)
    expect(second.current.id > first.current.id).toBe(true)
    await second.close()
    await first.close()
  })

  test('a clock that was set back does not make a new session look old', async () => {
    const dir = await tempDir()
    const first = await openSpool(options(dir))
    await put(first, 'a')
    at.now -= 86_400_000
    const second = await openSpool(options(dir))
    expect(second.current.id > first.current.id).toBe(true)
    at.now += 86_400_000
    await second.close()
    await first.close()
  })

  test('what is acknowledged is let go of; a session that is done leaves no folder', async () => {
    const dir = await tempDir()
    const first = await openSpool(options(dir))
    for (const text of ['a', 'b', 'c']) await put(first, text)
    await first.close()
    const spool = await openSpool(options(dir))
    const [, old] = spool.sessions
    if (!old) throw new Error('the old session is missing')
    spool.ackTo(old, 2)
    expect([old.base, old.count]).toEqual([3, 1])
    expect(await textsOf(spool, 1, 3)).toEqual(['3/7/c'])
    spool.ackTo(old, 3)
    expect(spool.sessions).toHaveLength(1)
    await spool.close()
    expect(await readdir(dir)).toEqual([spool.current.id])
  })

  test('an acknowledgement outlives a restart', async () => {
    const dir = await tempDir()
    const first = await openSpool(options(dir))
    for (const text of ['a', 'b', 'c']) await put(first, text)
    first.ackTo(first.current, 2)
    await first.close()
    const second = await openSpool(options(dir))
    expect(second.sessions[1]?.base).toBe(3)
    await second.close()
  })

  test('over its bound the oldest data of the oldest session goes, and its samples are counted', async () => {
    const dir = await tempDir()
    const old = await openSpool(options(dir, { maxBytes: 300_000 }))
    for (let n = 0; n < 100; n++) await put(old, 'x'.repeat(1_000), 2)
    await old.close()
    const counters = new Counters()
    const spool = await openSpool(options(dir, { maxBytes: 300_000, counters }))
    for (let n = 0; n < 250; n++) await put(spool, 'y'.repeat(1_000), 3)
    expect(spool.bytes).toBeLessThanOrEqual(300_000 + 40_000)
    const kept = spool.sessions.reduce((sum, session) => sum + session.samples(), 0)
    expect(kept + spool.lost).toBe(100 * 2 + 250 * 3)
    expect(counters.get('jifang_spool_lost_samples_total')).toBe(spool.lost)
    expect(spool.lost).toBeGreaterThan(0)
    expect(spool.sessions.length === 1 || (spool.sessions[1]?.base ?? 0) > 1).toBe(true)
    await spool.close()
  })

  test('a session too long for memory is read back from disk in order', async () => {
    const spool = await openSpool(options(await tempDir()))
    for (let n = 1; n <= 60; n++) await put(spool, `${n}:${'z'.repeat(40_000)}`)
    const seen: number[] = []
    for (let next = 1; next <= 60; ) {
      const records = await spool.current.read(next, 200_000)
      expect(records.length).toBeGreaterThan(0)
      for (const { seq, body } of records) {
        expect(body.toString('latin1', 0, body.indexOf(58))).toBe(String(seq))
        seen.push(seq)
        next = seq + 1
      }
    }
    expect(seen).toEqual(Array.from({ length: 60 }, (_, index) => index + 1))
    await spool.close()
  })

  test('a record that the disk has damaged is stepped over and its samples are counted, while running and at the next start', async () => {
    const dir = await tempDir()
    const spool = await openSpool(options(dir))
    const size = 64 * 1024
    for (let n = 1; n <= 40; n++) await put(spool, String(n).padEnd(size, '.'), 10)
    const [segment] = await readdir(join(dir, spool.current.id))
    const file = await open(join(dir, spool.current.id, segment ?? ''), 'r+')
    await file.write('damage', Math.floor(2.5 * size))
    await file.close()
    const seqs: number[] = []
    for (let from = 1; from <= 5; ) {
      const held = (await spool.current.read(from, size)).map(({ seq }) => seq)
      seqs.push(...held)
      from = (held.at(-1) ?? Number.POSITIVE_INFINITY) + 1
    }
    expect(seqs.slice(0, 4)).toEqual([1, 2, 4, 5])
    expect(spool.lost).toBe(10)
    const again = await openSpool(options(dir))
    expect([again.sessions[1]?.count, again.lost]).toEqual([39, 1])
    spool.ackTo(spool.current, 2)
    expect(spool.current.base).toBe(4)
    await again.close()
    await spool.close()
  })

  test('a new session begins only when the current one holds something', async () => {
    const spool = await openSpool(options(await tempDir()))
    const { id } = spool.current
    await spool.rotate()
    expect(spool.current.id).toBe(id)
    await put(spool, 'a')
    await spool.rotate()
    expect(spool.sessions.map((session) => session.id)).toEqual([spool.current.id, id])
    await spool.close()
  })
})
