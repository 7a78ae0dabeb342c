import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { afterEach, describe, expect, test } from 'vitest'
import type { Running } from '../../core/lifecycle/stack.ts'
import { COLLECTOR_USER, embeddedBroker, loginOf, SITE } from '../support/broker.ts'
import { tempDir } from '../support/temp-dir.ts'
import { until } from '../support/until.ts'
import { agentEnd, collectorEnd, linesOf, numbered, numbersIn, readAll } from '../support/wire-ends.ts'

const running: Running[] = []
const keep = <T extends Running>(thing: T): T => {
  running.push(thing)
  return thing
}
afterEach(async () => {
  for (const thing of running.splice(0).reverse()) await thing.stop()
})

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1)

describe('agent, embedded broker, ingest, journal', () => {
  test('what an agent measures is in the journal, acknowledged, and gone from its spool', async () => {
    const dir = await tempDir()
    const broker = keep(await embeddedBroker(['poller-1']))
    const collector = keep(await collectorEnd(join(dir, 'c'), loginOf(broker.port, COLLECTOR_USER)))
    const agent = keep(await agentEnd(join(dir, 'a'), loginOf(broker.port, 'poller-1'), 'poller-1'))
    for (const n of upTo(50)) agent.emit([numbered('poller-1', n)])
    await until(() => agent.spool.current.next > 1 && agent.spool.backlog === 0, { what: 'everything acknowledged' })
    expect(await numbersIn(collector.journal, 'poller-1')).toEqual(upTo(50))
  })

  test('a broker that goes away and comes back empty loses nothing and doubles nothing', async () => {
    const dir = await tempDir()
    let broker = await embeddedBroker(['poller-1'])
    const { port } = broker
    const collector = keep(await collectorEnd(join(dir, 'c'), loginOf(port, COLLECTOR_USER)))
    const agent = keep(await agentEnd(join(dir, 'a'), loginOf(port, 'poller-1'), 'poller-1'))
    agent.emit(upTo(20).map((n) => numbered('poller-1', n)))
    await until(async () => (await numbersIn(collector.journal, 'poller-1')).length === 20, { what: 'the first samples' })
    await broker.stop()
    await until(() => !agent.connected, { what: 'the agent noticed' })
    agent.emit(
      upTo(40)
        .slice(20)
        .map((n) => numbered('poller-1', n)),
    )
    broker = keep(await embeddedBroker(['poller-1'], port))
    await until(async () => (await numbersIn(collector.journal, 'poller-1')).length >= 40, { what: 'the rest' })
    await until(() => agent.spool.backlog === 0, { what: 'everything acknowledged', timeoutMs: 15_000 })
    expect(await numbersIn(collector.journal, 'poller-1')).toEqual(upTo(40))
  })

  test('restarts of either side keep every sample once and in order', async () => {
    const dir = await tempDir()
    const broker = keep(await embeddedBroker(['poller-1']))
    const asCollector = loginOf(broker.port, COLLECTOR_USER)
    const asAgent = loginOf(broker.port, 'poller-1')
    let collector = await collectorEnd(join(dir, 'c'), asCollector)
    let agent = await agentEnd(join(dir, 'a'), asAgent, 'poller-1')
    let n = 0
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 10; i++) agent.emit([numbered('poller-1', ++n)])
      await until(() => agent.connected)
      if (round % 2 === 0) {
        await agent.stop()
        agent = await agentEnd(join(dir, 'a'), asAgent, 'poller-1')
      } else {
        await collector.stop()
        for (let i = 0; i < 10; i++) agent.emit([numbered('poller-1', ++n)])
        collector = await collectorEnd(join(dir, 'c'), asCollector)
      }
    }
    keep(agent)
    keep(collector)
    await until(async () => (await numbersIn(collector.journal, 'poller-1')).length >= n, { what: 'everything', timeoutMs: 15_000 })
    await until(() => agent.spool.backlog === 0, { what: 'everything acknowledged', timeoutMs: 15_000 })
    const numbers = await numbersIn(collector.journal, 'poller-1')
    expect(numbers.toSorted((a, b) => a - b)).toEqual(upTo(n))
  })

  test('a slice is taken, survives without a broker, and decides what is let in', async () => {
    const dir = await tempDir()
    const broker = await embeddedBroker(['poller-1'])
    const collector = keep(await collectorEnd(join(dir, 'c'), loginOf(broker.port, COLLECTOR_USER)))
    const body = { collectors: ['main'], profiles: [], devices: [{ name: 'ups-01', title: 'UPS', class: 'ups', checks: [] }] }
    const version = await collector.ingest.publishConfig('poller-1', body)
    const agent = await agentEnd(join(dir, 'a'), loginOf(broker.port, 'poller-1'), 'poller-1')
    await until(() => agent.config?.version === version, { what: 'the slice' })
    agent.emit([numbered('poller-1', 1, 'ups-01'), numbered('poller-1', 2, 'fw-01')])
    await until(() => agent.spool.current.next > 1 && agent.spool.backlog === 0, { what: 'everything acknowledged' })
    const lines = (await readAll(collector.journal)).filter(({ kind }) => kind === 'data').flatMap(linesOf)
    expect(lines[0]).toMatch(/^count,device=ups-01,site=test n=1 \d{19}$/)
    expect(lines[1]).toMatch(/^# refused unassigned count,device=fw-01,site=test n=2 \d{19}$/)
    await until(() => collector.ingest.agents().find(({ name }) => name === 'poller-1')?.config === version, {
      what: 'status',
      timeoutMs: 5_000,
    })
    await agent.stop()
    await broker.stop()
    const alone = keep(await agentEnd(join(dir, 'a'), loginOf(broker.port, 'poller-1'), 'poller-1'))
    expect(alone.config?.devices.map(({ name }) => name)).toEqual(['ups-01'])
  })

  test('a collector that lost its data folder publishes above the version that the agent has', async () => {
    const dir = await tempDir()
    const broker = keep(await embeddedBroker(['poller-1']))
    const mqtt = loginOf(broker.port, COLLECTOR_USER)
    const slice = (name: string) => ({ collectors: ['main'], profiles: [], devices: [{ name, title: name, class: 'ups', checks: [] }] })
    const first = await collectorEnd(join(dir, 'c1'), mqtt)
    for (const name of ['a', 'b', 'c']) await first.ingest.publishConfig('poller-1', slice(name))
    const agent = keep(await agentEnd(join(dir, 'a'), loginOf(broker.port, 'poller-1'), 'poller-1'))
    await until(() => agent.config?.version === 3, { what: 'the third slice' })
    await first.stop()
    const second = keep(await collectorEnd(join(dir, 'c2'), mqtt))
    await second.ingest.publishConfig('poller-1', slice('d'))
    await until(() => agent.config?.devices[0]?.name === 'd', { what: 'the slice of the new collector' })
    expect(agent.config?.version).toBeGreaterThan(3)
  })

  test('two collectors that hand out different slices to one agent do not race', async () => {
    const dir = await tempDir()
    const broker = keep(await embeddedBroker([]))
    const mqtt = loginOf(broker.port, COLLECTOR_USER)
    const slice = (name: string) => ({ collectors: [name], profiles: [], devices: [] })
    const ends = [keep(await collectorEnd(join(dir, 'a'), mqtt, 'a')), keep(await collectorEnd(join(dir, 'b'), mqtt, 'b'))]
    await until(() => ends.every(({ ingest }) => ingest.connected))
    const { url, ...login } = mqtt
    const watcher = await connectAsync(url, { ...login, protocolVersion: 4, reconnectPeriod: 0 })
    const versions: number[] = []
    watcher.on('message', (_topic, payload) => versions.push((JSON.parse(payload.toString()) as { version: number }).version))
    await watcher.subscribeAsync(`jifang/${SITE}/agent/x/config`)
    for (const { ingest } of ends) await ingest.publishConfig('x', slice('first'))
    for (const { ingest } of ends) await ingest.publishConfig('x', slice(ingest === ends[0]?.ingest ? 'a' : 'b'))
    await ends[0]?.ingest.publishConfig('x', slice('a again'))
    await until(() => versions.length >= 5, { what: 'the first exchange' })
    const told = versions.length
    for (let n = 0; n < 50; n++) await watcher.publishAsync(`jifang/${SITE}/agent/x/none`, '', { qos: 1 })
    expect(versions.length - told).toBeLessThan(4)
    await watcher.endAsync()
  })

  test('request probe is answered in words; a silent agent is a clear error', async () => {
    const dir = await tempDir()
    const broker = keep(await embeddedBroker(['poller-1']))
    const collector = keep(await collectorEnd(join(dir, 'c'), loginOf(broker.port, COLLECTOR_USER)))
    const agent = keep(await agentEnd(join(dir, 'a'), loginOf(broker.port, 'poller-1'), 'poller-1'))
    await until(() => agent.connected && collector.ingest.connected && collector.ingest.agents().length > 0)
    const ask = (name: string, id: string, kind: 'probe' | 'output') =>
      collector.ingest.request(
        name,
        {
          id,
          expires: Date.now() + 1_500,
          device: 'ups-01',
          ...(kind === 'probe' ? { kind } : { kind, point: 'siren', on: true, seconds: 1 }),
        },
        AbortSignal.timeout(5_000),
      )
    expect(await ask('poller-1', 'r1', 'probe')).toEqual({ id: 'r1', ok: false, error: 'this agent has no check ups-01' })
    expect((await ask('poller-1', 'r2', 'output')).error).toMatch(/^unsupported/)
    await expect(ask('nobody', 'r3', 'probe')).rejects.toThrow('agent nobody did not answer in time')
  })

  test('who leaves says so, and nothing is heard of it afterwards', async () => {
    const dir = await tempDir()
    const broker = keep(await embeddedBroker(['poller-1']))
    const collector = await collectorEnd(join(dir, 'c'), loginOf(broker.port, COLLECTOR_USER))
    const agent = await agentEnd(join(dir, 'a'), loginOf(broker.port, 'poller-1'), 'poller-1')
    const states: string[] = []
    const { url, ...login } = loginOf(broker.port, COLLECTOR_USER)
    const watcher = await connectAsync(url, { ...login, protocolVersion: 4, reconnectPeriod: 0 })
    watcher.on('message', (topic, payload) => states.push(`${topic.split('/')[2]} ${JSON.parse(payload.toString()).state}`))
    await watcher.subscribeAsync(`jifang/${SITE}/+/+/status`)
    await until(() => states.includes('agent online') && states.includes('collector online'))
    await agent.stop()
    await until(() => collector.ingest.agents()[0]?.reason === 'stop')
    await collector.stop()
    await until(() => states.includes('collector offline'))
    const late = await connectAsync(url, { ...login, protocolVersion: 4, reconnectPeriod: 0 })
    const left: string[] = []
    late.on('message', (topic, payload) => left.push(`${topic.split('/')[2]} ${JSON.parse(payload.toString()).state}`))
    await late.subscribeAsync(`jifang/${SITE}/+/+/status`)
    await until(() => left.length === 2)
    expect(left.toSorted()).toEqual(['agent offline', 'collector offline'])
    await Promise.all([watcher.endAsync(), late.endAsync()])
  })

  test('an agent whose name is none, or the collector’s, does not get round its assignments', async () => {
    const dir = await tempDir()
    const broker = keep(await embeddedBroker([]))
    const collector = keep(await collectorEnd(join(dir, 'c'), loginOf(broker.port, COLLECTOR_USER)))
    collector.ingest.declare(['ups-01'])
    await until(() => collector.ingest.connected)
    const { url, ...login } = loginOf(broker.port, COLLECTOR_USER)
    const client = await connectAsync(url, { ...login, protocolVersion: 4, reconnectPeriod: 0 })
    for (const name of ['no name', 'collector'])
      await client.publishAsync(`jifang/${SITE}/agent/${name}/data`, `m,device=ups-01,site=${SITE} n=1 1700000000000000000\n`, { qos: 1 })
    await until(() => collector.counters.get('jifang_ingest_unreadable_total') === 2, { what: 'counted' })
    expect((await readAll(collector.journal)).filter(({ kind }) => kind === 'data')).toEqual([])
    await client.endAsync()
  })

  test('plain lines from Telegraf enter for declared devices only', async () => {
    const dir = await tempDir()
    const broker = keep(await embeddedBroker([]))
    const collector = keep(await collectorEnd(join(dir, 'c'), loginOf(broker.port, COLLECTOR_USER)))
    collector.ingest.declare(['old-01'])
    const result = await collector.ingest.writeLines(
      'cpu,host=old-01 usage_idle=1 1700000000000000000\ncpu,host=new-01 usage_idle=1\nnonsense\n',
    )
    expect(result.accepted).toBe(1)
    expect(result.refused.map(({ message }) => message)).toEqual(['no samples of new-01 are expected this way', 'the fields are missing'])
    const [record] = (await readAll(collector.journal)).filter(({ kind }) => kind === 'data')
    expect(record?.payload.toString()).toBe(
      'cpu,host=old-01,site=test,device=old-01 usage_idle=1 1700000000000000000\n# refused unassigned cpu,host=new-01 usage_idle=1\n# rejected unparsable nonsense\n',
    )
  })
})
