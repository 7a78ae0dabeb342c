import { appendFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Sample } from '../../core/model/sample.ts'
import { alarmEvent, appendEvents } from '../support/alarm-events.ts'
import { until } from '../support/until.ts'
import { bench, PHONE, SMS_ONLY } from './set-up.ts'

const RAISED = '【紧急】应用1 CPU 95% >90 07-21 14:05'
const ENDED = '【恢复】应用1 CPU 60% 07-21 14:17 持续12分'

describe('from alarms.jsonl to the telephone', () => {
  test('a beginning, and its end to the same number', async () => {
    const { simulator, events, start } = await bench()
    const notify = await start()
    await appendEvents(events, alarmEvent('raised'))
    await until(() => simulator.messages().length === 1)
    await appendEvents(events, alarmEvent('resolved', { value: 60 }))
    await until(() => simulator.messages().length === 2 && notify.pending() === 0)
    expect(simulator.messages()).toEqual([
      { to: PHONE, text: RAISED },
      { to: PHONE, text: ENDED },
    ])
    expect(notify.summary('cpu-app-01-1').map(({ person, channel, about, state }) => [person, channel, about, state])).toEqual([
      ['zhang', 'modem', 'raise', 'sent'],
      ['zhang', 'modem', 'end', 'sent'],
    ])
  })

  test('a restart in between sends neither a second beginning nor loses the end', async () => {
    const { simulator, events, start } = await bench()
    const first = await start()
    await appendEvents(events, alarmEvent('raised'))
    await until(() => simulator.messages().length === 1 && first.pending() === 0)
    await first.stop()
    await appendEvents(events, alarmEvent('resolved', { value: 60 }))
    const second = await start()
    await until(() => second.pending() === 0 && simulator.messages().length === 2)
    expect(simulator.messages().map((message) => message.text)).toEqual([RAISED, ENDED])
  })

  test('what began and ended while nobody could be told is not told', async () => {
    const { simulator, events, start } = await bench()
    await appendEvents(events, alarmEvent('raised'), alarmEvent('resolved'), alarmEvent('raised', { id: 'b', severity: 'major' }))
    const notify = await start()
    await until(() => simulator.messages().length === 1 && notify.pending() === 0)
    expect(simulator.messages()[0]?.text).toContain('【重要】')
  })

  test('a line that is written in two pieces is one event; a broken one is stepped over and counted', async () => {
    const { simulator, events, start, counters } = await bench()
    await start()
    const line = JSON.stringify(alarmEvent('raised'))
    await appendFile(events, `{"id":"1.0"\n${line.slice(0, 50)}`)
    await until(() => counters.get('jifang_notify_events_corrupt_total') === 1)
    await appendFile(events, `${line.slice(50)}\n`)
    await until(() => simulator.messages().length === 1)
    expect(simulator.messages()[0]?.text).toBe(RAISED)
  })

  test('a storm becomes one message, then at most one in each interval', async () => {
    const { simulator, events, start } = await bench()
    const notify = await start({ config: { ...SMS_ONLY, minIntervalMs: 300 } })
    const storm = (from: number, count: number) =>
      Array.from({ length: count }, (_, index) =>
        alarmEvent('raised', { id: `s${from + index}`, severity: 'minor', title: { zh: `端口${from + index}`, en: 'port' } }),
      )
    await appendEvents(events, ...storm(0, 200))
    await until(() => simulator.messages().length === 1)
    for (let batch = 1; batch <= 3; batch++) {
      const before = simulator.messages().length
      await appendEvents(events, ...storm(batch * 200, 100))
      await appendEvents(events, ...storm(batch * 200 + 100, 100))
      await until(() => simulator.messages().length > before && notify.pending() === 0)
    }
    const times = simulator.received.map((received) => received.at)
    for (let index = 1; index < times.length; index++) expect((times[index] ?? 0) - (times[index - 1] ?? 0)).toBeGreaterThanOrEqual(280)
    expect(simulator.messages()[0]?.text).toMatch(/^【一般】机房 200 项告警：/)
    expect(simulator.messages().length).toBeLessThanOrEqual(7)
  })

  test('the first emergency does not wait behind a lesser message, the second one does', async () => {
    const { simulator, events, start } = await bench()
    const notify = await start({ config: { ...SMS_ONLY, minIntervalMs: 60_000 } })
    await appendEvents(events, alarmEvent('raised', { id: 'm', severity: 'minor' }))
    await until(() => simulator.messages().length === 1)
    await appendEvents(events, alarmEvent('raised', { id: 'e1' }))
    await until(() => simulator.messages().length === 2)
    await appendEvents(events, alarmEvent('raised', { id: 'e2' }))
    await until(() => notify.pending() === 1)
    expect(simulator.messages().map((message) => message.text.slice(0, 4))).toEqual(['【一般】', '【紧急】'])
  })
})

describe('failures', () => {
  test('a passing error is tried again, with the same content', async () => {
    const { simulator, events, start, counters } = await bench()
    const notify = await start()
    simulator.answers.push({ kind: 'cms', code: 41 }, { kind: 'cms', code: 500 })
    await appendEvents(events, alarmEvent('raised'))
    await until(() => simulator.messages().length === 1 && notify.pending() === 0)
    expect(counters.get('jifang_notify_deliveries_total', { channel: 'modem', result: 'retry' })).toBe(2)
  })

  test('a number that does not exist is given up and told in the summary, not retried for ever', async () => {
    const { simulator, events, start, counters } = await bench()
    const notify = await start()
    simulator.answers.push({ kind: 'cms', code: 1 })
    await appendEvents(events, alarmEvent('raised'))
    await until(() => counters.get('jifang_notify_undeliverable_total') === 1)
    expect(notify.summary('cpu-app-01-1')).toMatchObject([{ about: 'raise', state: 'failed' }])
    await appendEvents(events, alarmEvent('resolved'))
    await until(() => counters.get('jifang_notify_pending') === 0)
    expect(simulator.messages()).toEqual([])
  })

  test('a SIM without credit keeps the notice until it works again', async () => {
    const { simulator, events, start } = await bench()
    const notify = await start()
    simulator.answers.push({ kind: 'cms', code: 8 }, { kind: 'cms', code: 8 })
    await appendEvents(events, alarmEvent('raised'))
    await until(() => simulator.messages().length === 1 && notify.pending() === 0)
    expect(notify.channels()).toMatchObject([{ name: 'modem', up: true, sent: 1, failed: 2 }])
  })

  test('silence behind the PDU is tried once more: twice at most, and the end still comes', async () => {
    const { simulator, events, start } = await bench()
    const notify = await start()
    simulator.answers.push({ kind: 'silent' })
    await appendEvents(events, alarmEvent('raised'))
    await until(() => simulator.messages().length === 2 && notify.pending() === 0)
    await appendEvents(events, alarmEvent('resolved', { value: 60 }))
    await until(() => simulator.messages().length === 3)
    expect(simulator.messages().map((message) => message.text)).toEqual([RAISED, RAISED, ENDED])
  })

  test('an outbox that died between sending and its record: one possible duplicate, and the end', async () => {
    const { simulator, events, start, dir, counters } = await bench()
    const first = await start()
    simulator.answers.push({ kind: 'silent' })
    await appendEvents(events, alarmEvent('raised'))
    await until(async () => (await readFile(join(dir, 'notify/outbox.jsonl'), 'utf8')).includes('"trying":{"about":"raise"'))
    await until(() => simulator.messages().length === 1)
    await first.stop()
    await appendEvents(events, alarmEvent('resolved', { value: 60 }))
    const second = await start()
    await until(() => second.pending() === 0)
    expect(simulator.messages().at(-1)?.text).toBe(ENDED)
    expect(simulator.messages().length).toBeLessThanOrEqual(3)
    expect(counters.get('jifang_notify_possible_duplicates_total')).toBeLessThanOrEqual(1)
  })
})

test('tells how its channels are, as samples', async () => {
  const samples: Sample[] = []
  const { simulator, start } = await bench()
  simulator.signal = 20
  const notify = await start({ onHealth: (found) => samples.push(...found) })
  await until(() => samples.length === 2)
  expect(samples).toMatchObject([
    { measurement: 'sms_modem', tags: { channel: 'modem' }, fields: { up: 1, registered: 1, rssi: 20, signal_dbm: -73 } },
    { measurement: 'notify_channel', tags: { channel: 'modem' }, fields: { up: 1, sent_count: 0, failed_count: 0, pending_count: 0 } },
  ])
  expect(notify.channels()[0]?.detail).toBe('home network, signal -73 dBm')
})

test('a test message goes through every channel of the person', async () => {
  const { simulator, start } = await bench()
  const notify = await start()
  expect(await notify.test('zhang')).toEqual([{ channel: 'modem', delivery: { result: 'sent', reference: '1' } }])
  expect(simulator.messages()[0]?.text).toMatch(/^【测试】/)
  await expect(notify.test('li')).rejects.toThrow('no person is named "li"')
})

test('the end still reaches a person whom no route names any more', async () => {
  const { simulator, events, start } = await bench()
  const first = await start()
  await appendEvents(events, alarmEvent('raised'))
  await until(() => simulator.messages().length === 1 && first.pending() === 0)
  await first.stop()
  const second = await start({ config: { ...SMS_ONLY, routes: [{ severity: ['info'], classes: [], to: ['zhang'], channels: ['modem'] }] } })
  await appendEvents(events, alarmEvent('resolved', { value: 60 }))
  await until(() => simulator.messages().length === 2 && second.pending() === 0)
  expect(simulator.messages()[1]?.text).toBe(ENDED)
})
