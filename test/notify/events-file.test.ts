import { appendFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { openEventsFile } from '../../collector/judge/events-file.ts'
import { Counters } from '../../core/lifecycle/counters.ts'
import { silentLog } from '../../core/log/log.ts'
import { followEvents } from '../../notify/events-file.ts'
import type { Position } from '../../notify/outbox.ts'
import { alarmEvent, appendEvents } from '../support/alarm-events.ts'
import { tempDir } from '../support/temp-dir.ts'
import { until } from '../support/until.ts'

const START: Position = { offset: 0, last: null }

function follow(path: string, from: Position = START, onEvents?: () => Promise<void>) {
  const seen: string[] = []
  const state = { position: from }
  const counters = new Counters()
  const file = followEvents({
    path,
    from,
    log: silentLog,
    counters,
    pollMs: 50,
    onEvents: async (events, position) => {
      await onEvents?.()
      seen.push(...events.map((event) => event.id))
      state.position = position
    },
  })
  onTestFinished(() => file.stop())
  return { seen, state, counters, file }
}

test('however the bytes arrive, each event is handed over once, in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 700 }), { maxLength: 8 }), fc.integer({ min: 1, max: 6 }), async (cuts, count) => {
      const path = join(await tempDir(), 'alarms.jsonl')
      const events = Array.from({ length: count }, (_, index) => alarmEvent('raised', { title: { zh: `烟感${index}`, en: 'smoke' } }))
      const bytes = Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join(''))
      const { seen, file } = follow(path)
      let at = 0
      for (const cut of [...cuts, bytes.length]) {
        await appendFile(path, bytes.subarray(at, at + cut))
        await file.catchUp()
        at += cut
      }
      await until(() => seen.length >= count)
      await file.stop()
      expect(seen).toEqual(events.map((event) => event.id))
    }),
    { numRuns: 20 },
  )
})

test('goes on where it was, and takes over nothing twice when the file was shortened or replaced', async () => {
  const path = join(await tempDir(), 'alarms.jsonl')
  const [a, b, c] = [alarmEvent('raised'), alarmEvent('note'), alarmEvent('resolved')]
  await appendEvents(path, a, b)
  const first = follow(path)
  await first.file.catchUp()
  await first.file.stop()
  const second = follow(path, first.state.position)
  await appendEvents(path, c)
  await until(() => second.seen.length === 1)
  expect(second.seen).toEqual([c.id])
  await writeFile(`${path}.new`, `${JSON.stringify(c)}\n${JSON.stringify({ ...a, id: '0.0', at: c.at + 5 })}\n`)
  await rename(`${path}.new`, path)
  await until(() => second.seen.length === 2)
  expect(second.seen[1]).toBe('0.0')
  expect(second.counters.get('jifang_notify_events_restarts_total')).toBe(1)
})

test('a file that drops its oldest events under the reader costs it none and gives none twice', async () => {
  const path = join(await tempDir(), 'alarms.jsonl')
  const file = await openEventsFile(path, { max: 20_000, keep: 12_000 })
  onTestFinished(() => file.close())
  const { seen, counters } = follow(path)
  const events = Array.from({ length: 150 }, () => alarmEvent('raised'))
  for (const event of events) {
    await file.append([event])
    if (await file.trim()) await until(() => seen.at(-1) === event.id, { what: 'the reader is up to date' })
  }
  await until(() => seen.length >= events.length)
  expect(seen).toEqual(events.map(({ id }) => id))
  expect(counters.get('jifang_notify_events_restarts_total')).toBeGreaterThan(2)
})

test('a batch that could not be taken over comes again', async () => {
  const path = join(await tempDir(), 'alarms.jsonl')
  let failures = 2
  const { seen } = follow(path, START, async () => {
    if (failures-- > 0) throw new Error('disk full')
  })
  const event = alarmEvent('raised')
  await appendEvents(path, event)
  await until(() => seen.length > 0)
  expect(seen).toEqual([event.id])
})
