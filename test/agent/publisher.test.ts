import { expect, onTestFinished, test } from 'vitest'
import { createPublisher } from '../../agent/publisher.ts'
import { openSpool } from '../../agent/spool.ts'
import { unpack } from '../../collector/ingest/unpack.ts'
import { Counters } from '../../core/lifecycle/counters.ts'
import { silentLog } from '../../core/log/log.ts'
import { tempDir } from '../support/temp-dir.ts'
import { until } from '../support/until.ts'

async function ends() {
  const time = { now: 0 }
  const clock = { now: () => 1_700_000_000_000 + time.now, monotonic: () => time.now }
  const spool = await openSpool({
    dir: await tempDir(),
    agent: 'a',
    maxBytes: 1e8,
    keepFreeBytes: 0,
    clock,
    log: silentLog,
    counters: new Counters(),
  })
  const sent: { session: string; seq: number; base: number; config: number }[] = []
  const line = { up: true }
  const publisher = createPublisher({
    spool,
    send: async (message) => {
      const { header } = unpack(message)
      if (header) sent.push(header)
    },
    connected: () => line.up,
    backlogShare: 0.5,
    clock,
    log: silentLog,
    counters: new Counters(),
  })
  onTestFinished(async () => {
    await publisher.stop()
    await spool.close()
  })
  const put = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n++) await spool.append({ config: 5, samples: 1, body: Buffer.from('m n=1 1\n') })
  }
  const ack = (session: string, seq: number): void => publisher.onAck({ collector: 'main', session, seq })
  return { time, spool, sent, line, publisher, put, ack }
}

test('64 messages are under way at most, and acknowledgements move the window', async () => {
  const { spool, sent, put, ack } = await ends()
  await put(100)
  await until(() => sent.length === 64)
  ack(spool.current.id, 10)
  await until(() => sent.length === 74)
  expect(sent.map(({ seq }) => seq)).toEqual(Array.from({ length: 74 }, (_, index) => index + 1))
  expect(sent[0]).toMatchObject({ base: 1, config: 5 })
  expect(sent.at(-1)?.base).toBe(11)
  expect(spool.current.base).toBe(11)
})

test('the newest session goes first, an older one takes no more than its share', async () => {
  const { spool, sent, line, publisher, put } = await ends()
  line.up = false
  await put(100)
  const old = spool.current.id
  await spool.rotate()
  await put(3)
  line.up = true
  publisher.onConnect()
  await until(() => sent.length === 35)
  expect(sent.slice(0, 3).every(({ session }) => session === spool.current.id)).toBe(true)
  expect(sent.filter(({ session }) => session === old)).toHaveLength(32)
  await put(100)
  await until(() => sent.filter(({ session }) => session === spool.current.id).length === 32)
})

test('nothing is sent to collectors that have said that they are gone; their return starts it again', async () => {
  const { sent, publisher, put } = await ends()
  const status = (state: 'online' | 'offline') => publisher.onCollector('main', { state, session: 's', started: 1, version: '0' }, false)
  status('offline')
  await put(3)
  expect(sent).toHaveLength(0)
  status('online')
  await until(() => sent.length === 3)
  status('online')
  await until(() => sent.length === 6, { what: 'it just connected: it may have missed them' })
})

test('64 at most with older sessions too, whichever began', async () => {
  const { spool, sent, line, publisher, put } = await ends()
  line.up = false
  await put(100)
  await spool.rotate()
  await put(100)
  line.up = true
  publisher.onConnect()
  await until(() => sent.length === 64)
  expect(sent.filter(({ session }) => session === spool.current.id)).toHaveLength(32)
})

test('with the window stuck nothing goes beyond it, unless a collector that can not write its journal watches', async () => {
  const { time, sent, publisher, put } = await ends()
  const status = { state: 'online', session: 's', started: 1, version: '0' } as const
  publisher.onCollector('main', status, true)
  await put(64)
  await until(() => sent.length === 64)
  time.now = 9_000
  await put(1)
  time.now = 11_000
  await put(1)
  await until(() => sent.length === 128, { what: 'all of the window once more' })
  expect(Math.max(...sent.map(({ seq }) => seq))).toBe(64)
  publisher.onCollector('main', { ...status, journal: 'failing' }, false)
  time.now = 22_000
  await put(1)
  await until(() => sent.some(({ seq }) => seq === 67), { what: 'shown ahead' })
})

test('an acknowledgement of a collector that is not on the list counts for nothing', async () => {
  const { spool, sent, publisher, put, ack } = await ends()
  publisher.setCollectors(['main'])
  await put(10)
  await until(() => sent.length === 10)
  for (const seq of [10, 0, 0]) publisher.onAck({ collector: 'other', session: spool.current.id, seq })
  publisher.onCollector('other', { state: 'online', session: 's', started: 1, version: '0' }, false)
  await put(1)
  await until(() => sent.length === 11)
  expect([spool.current.base, sent.map(({ seq }) => seq)]).toEqual([1, Array.from({ length: 11 }, (_, index) => index + 1)])
  ack(spool.current.id, 11)
  expect(spool.backlog).toBe(0)
})

test('with the window stuck what is measured now is shown once ahead of its turn', async () => {
  const { time, spool, sent, publisher, put, ack } = await ends()
  publisher.onCollector('main', { state: 'online', session: 's', started: 1, version: '0', journal: 'failing' }, true)
  await put(64)
  await until(() => sent.length === 64)
  time.now = 11_000
  await put(1)
  await until(() => sent.some(({ seq }) => seq === 65))
  expect(spool.current.base).toBe(1)
  ack(spool.current.id, 64)
  await until(() => sent.filter(({ seq }) => seq === 65).length === 2, { what: 'published in its turn' })
})
