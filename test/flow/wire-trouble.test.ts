import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { afterEach, describe, expect, test } from 'vitest'
import { startAgent } from '../../agent/agent.ts'
import { startIngest } from '../../collector/ingest/ingest.ts'
import { openJournal } from '../../collector/journal/journal.ts'
import { systemClock } from '../../core/lifecycle/clock.ts'
import { Counters } from '../../core/lifecycle/counters.ts'
import type { Running } from '../../core/lifecycle/stack.ts'
import { type Log, silentLog } from '../../core/log/log.ts'
import type { NewRecord } from '../../core/segment/types.ts'
import type { CollectorStatus } from '../../core/wire/payloads.ts'
import { COLLECTOR_USER, embeddedBroker, loginOf, SITE } from '../support/broker.ts'
import { tempDir } from '../support/temp-dir.ts'
import { until } from '../support/until.ts'
import { agentEnd, collectorEnd, numbered, numbersIn } from '../support/wire-ends.ts'

const running: Running[] = []
const keep = <T extends Running>(thing: T): T => {
  running.push(thing)
  return thing
}
afterEach(async () => {
  for (const thing of running.splice(0).reverse()) await thing.stop()
})

describe('the wire in trouble', () => {
  test('a journal that can not be written: alarms see the data, the agent keeps it, and it follows in order', async () => {
    const dir = await tempDir()
    const broker = keep(await embeddedBroker(['poller-1']))
    const journal = await openJournal({
      dir: join(dir, 'c', 'journal'),
      maxBytes: 1e9,
      keepFreeBytes: 0,
      log: silentLog,
      counters: new Counters(),
    })
    const disk = { full: true }
    const fromMemory: NewRecord[] = []
    const ingest = keep(
      await startIngest(
        {
          site: SITE,
          collectorId: 'main',
          version: '0',
          dataDir: join(dir, 'c'),
          mqtt: loginOf(broker.port, COLLECTOR_USER),
          extraTopics: [],
        },
        {
          journal: {
            get first() {
              return journal.first
            },
            get synced() {
              return journal.synced
            },
            read: (from, maxBytes) => journal.read(from, maxBytes),
            get failing() {
              return disk.full ? 'no space left' : null
            },
            append: (record) => (disk.full ? Promise.reject(new Error('no space left')) : journal.append(record)),
          },
          onUnjournalled: (record) => fromMemory.push(record),
          log: silentLog,
          clock: systemClock,
          counters: new Counters(),
        },
      ),
    )
    const agent = keep(await agentEnd(join(dir, 'a'), loginOf(broker.port, 'poller-1'), 'poller-1'))
    await until(() => agent.connected && ingest.connected)
    const { url, ...login } = loginOf(broker.port, COLLECTOR_USER)
    const watcher = await connectAsync(url, { ...login, protocolVersion: 4, reconnectPeriod: 0 })
    const said: (string | undefined)[] = []
    watcher.on('message', (_topic, payload) => said.push((JSON.parse(payload.toString()) as CollectorStatus).journal))
    await watcher.subscribeAsync(`jifang/${SITE}/collector/+/status`)
    for (let n = 1; n <= 3; n++) {
      agent.emit([numbered('poller-1', n)])
      await until(() => fromMemory.filter(({ kind }) => kind === 'data').length === n, { what: `sample ${n} seen from memory` })
    }
    expect(agent.spool.backlog).toBe(3)
    disk.full = false
    agent.emit([numbered('poller-1', 4)])
    await until(() => agent.spool.backlog === 0, { timeoutMs: 15_000, what: 'everything acknowledged' })
    expect(await numbersIn(journal, 'poller-1')).toEqual([1, 2, 3, 4])
    await until(() => said.includes('failing') && said.at(-1) === undefined, { what: 'the collector says how its journal is' })
    await watcher.endAsync()
    await journal.close()
  })

  test('more than 30 s unacknowledged at a reconnect: a new session goes first, the old one follows under its own name', async () => {
    const dir = await tempDir()
    const broker = keep(await embeddedBroker(['poller-1']))
    const skewed = { by: 0 }
    const agent = keep(
      await startAgent(
        {
          site: SITE,
          name: 'poller-1',
          dataDir: join(dir, 'a'),
          version: '0',
          mqtt: loginOf(broker.port, 'poller-1'),
          spool: { maxBytes: 1e8, keepFreeBytes: 0, backlogShare: 0.5 },
        },
        {
          probes: {},
          kinds: {},
          secrets: { resolve: (text) => text },
          log: silentLog,
          clock: { now: () => Date.now() + skewed.by, monotonic: () => performance.now() + skewed.by },
          counters: new Counters(),
        },
      ),
    )
    const first = agent.spool.current.id
    agent.emit([numbered('poller-1', 1)])
    await until(() => agent.spool.backlog === 1)
    skewed.by = 31_000
    const collector = keep(await collectorEnd(join(dir, 'c'), loginOf(broker.port, COLLECTOR_USER)))
    await until(() => agent.spool.current.id !== first, { what: 'a new session' })
    agent.emit([numbered('poller-1', 2)])
    await until(async () => (await numbersIn(collector.journal, 'poller-1')).length === 2, { what: 'both samples', timeoutMs: 15_000 })
    await until(() => agent.spool.backlog === 0 && agent.spool.sessions.length === 1, { what: 'the old session is done' })
    expect(collector.ingest.agents()).toMatchObject([{ name: 'poller-1', state: 'online' }])
  })

  test('two agents of one name are told apart and said so', async () => {
    const dir = await tempDir()
    const broker = keep(await embeddedBroker(['poller-1']))
    const collector = keep(await collectorEnd(join(dir, 'c'), loginOf(broker.port, COLLECTOR_USER)))
    const errors: string[] = []
    const log: Log = { ...silentLog, error: (_facts, message) => void errors.push(message), child: () => log }
    for (const which of ['a', 'b']) {
      const settings = { site: SITE, name: 'poller-1', dataDir: join(dir, which), version: '0', mqtt: loginOf(broker.port, 'poller-1') }
      keep(
        await startAgent(
          { ...settings, spool: { maxBytes: 1e8, keepFreeBytes: 0, backlogShare: 0.5 } },
          { probes: {}, kinds: {}, secrets: { resolve: (text) => text }, log, clock: systemClock, counters: new Counters() },
        ),
      )
    }
    await until(() => errors.some((message) => message.startsWith('two agents use this name')), { timeoutMs: 18_000, what: 'the error' })
    await until(() => collector.ingest.agents().some(({ reason }) => reason === 'two agents use this name'), {
      timeoutMs: 10_000,
      what: 'the status',
    })
  }, 40_000)
})
