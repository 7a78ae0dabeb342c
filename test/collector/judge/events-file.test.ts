import { appendFile, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { compareIds, openEventsFile, parseEventId } from '../../../collector/judge/events-file.ts'
import type { AlarmEvent } from '../../../core/model/alarm.ts'
import { tempDir } from '../../support/temp-dir.ts'

const event = (id: string, text = '') => ({ id, at: 1, kind: 'note', text, alarm: { id: 'a' } }) as unknown as AlarmEvent

describe('alarms.jsonl', () => {
  it('gives what came behind an id, from its end or from its beginning', async () => {
    const path = join(await tempDir(), 'alarms.jsonl')
    const file = await openEventsFile(path)
    const ids = Array.from({ length: 3000 }, (_, at) => `${at * 50}.${at % 3}`)
    await file.append(ids.map((id) => event(id, 'x'.repeat(900))))
    expect(file.last).toEqual(parseEventId(ids.at(-1) ?? ''))
    const since = async (id: string | null, limit = 10_000) =>
      (await file.since(id === null ? null : parseEventId(id), limit)).map((one) => one.id)
    expect(await since(null)).toEqual(ids)
    expect(await since(ids[2990] ?? '')).toEqual(ids.slice(2991))
    expect(await since(ids[5] ?? '')).toEqual(ids.slice(6))
    expect(await since(ids[5] ?? '', 2)).toEqual(ids.slice(6, 8))
    expect(await since('999999.0')).toEqual([])
    expect((await file.tail(10_000)).at(-1)?.id).toBe(ids.at(-1))
    await file.close()
  })

  it('cuts an unfinished line, steps over a damaged one and goes on', async () => {
    const path = join(await tempDir(), 'alarms.jsonl')
    const file = await openEventsFile(path)
    await file.append([event('1.0')])
    await file.close()
    await appendFile(path, 'garbage\n{"id":"2.0","ki')
    const again = await openEventsFile(path)
    expect(again.last).toEqual({ offset: 1, n: 0 })
    await again.append([event('3.0')])
    expect((await again.since(null, 10)).map((one) => one.id)).toEqual(['1.0', '3.0'])
    await again.close()
    expect(await readFile(path, 'utf8')).toMatch(/\n$/)
  })

  it('drops the oldest events at its bound, and goes on in the shorter file', async () => {
    const path = join(await tempDir(), 'alarms.jsonl')
    const file = await openEventsFile(path, { max: 10_000, keep: 5000 })
    const ids = Array.from({ length: 200 }, (_, at) => `${at}.0`)
    let trimmed = 0
    for (const id of ids) {
      await file.append([event(id, 'x'.repeat(100))])
      if (await file.trim()) trimmed++
      expect((await stat(path)).size).toBeLessThanOrEqual(10_000)
    }
    expect(trimmed).toBeGreaterThan(3)
    const kept = (await file.since(null, 1000)).map((one) => one.id)
    expect(kept.length).toBeGreaterThan(20)
    expect(kept).toEqual(ids.slice(-kept.length))
    expect(file.last).toEqual({ offset: 199, n: 0 })
    await file.close()
    const again = await openEventsFile(path, { max: 10_000, keep: 5000 })
    expect((await again.tail(10_000)).map((one) => one.id)).toEqual(kept)
    await again.close()
  })

  it('orders ids as numbers', () => {
    const ids = ['10.0', '9.10', '9.9', '100.0'].map((id) => parseEventId(id) ?? { offset: -1, n: -1 })
    expect(ids.sort(compareIds).map(({ offset, n }) => `${offset}.${n}`)).toEqual(['9.9', '9.10', '10.0', '100.0'])
    expect(parseEventId('x')).toBeNull()
  })
})
