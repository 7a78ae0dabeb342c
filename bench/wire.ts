import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { createPublisher } from '../agent/publisher.ts'
import { openSpool, type Spool } from '../agent/spool.ts'
import { packBody } from '../agent/spool-record.ts'
import { AgentWire } from '../agent/wire.ts'
import { startBroker } from '../broker/embedded.ts'
import { startIngest } from '../collector/ingest/ingest.ts'
import { openJournal } from '../collector/journal/journal.ts'
import { systemClock } from '../core/lifecycle/clock.ts'
import { Counters } from '../core/lifecycle/counters.ts'
import { StopStack } from '../core/lifecycle/stack.ts'
import { silentLog } from '../core/log/log.ts'
import type { Report } from './figure.ts'

const SITE = 'bench'
const AGENT = 'poller-1'
const COLLECTOR = 'collector-main'
const LINES = 40
const WARM_UP = 200
const PACED = 400
const MESSAGES = 3_000
const FLOOR_WRITES = 300
const FLOOR_ROUND_TRIPS = 1_000
const PACE_MS = 5

/**
 * From an agent's spool over the embedded broker into the journal, all in one process: time until a message is on the collector's disk and
 * acknowledged, and CPU per message; beside the bare fdatasync of the same disk and the bare QoS 1 round trip of the same broker.
 */
export async function run(report: Report): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'jifang-bench-'))
  const stack = new StopStack(silentLog)
  try {
    const broker = await startBroker(
      {
        host: '127.0.0.1',
        port: 0,
        site: SITE,
        collectors: [COLLECTOR],
        passwords: new Map([AGENT, COLLECTOR].map((user) => [user, user])),
      },
      { log: silentLog, counters: new Counters() },
    )
    stack.push('broker', () => broker.stop())
    const url = `mqtt://127.0.0.1:${broker.port}`
    const write = await bareWrites(dir)
    const trip = await bareRoundTrips(url)
    const { spool, counters, gate } = await connectEnds(dir, url, stack)
    await pump(spool, WARM_UP, PACE_MS)
    const paced = await pump(spool, PACED, PACE_MS)
    const burst = await flood(spool, gate, MESSAGES)
    const figure = (name: string, value: number, unit: string, peer?: readonly [string, number]) =>
      report({ bench: 'wire', name, value, unit, ...(peer && { peer: peer[0], ratio: value / peer[1] }) })
    figure('bare fdatasync of one message, p50', write.p50, 'ms')
    figure('bare fdatasync of one message, p99', write.p99, 'ms')
    figure('bare QoS 1 round trip, p50', trip.p50, 'ms')
    figure('bare QoS 1 round trip, p99', trip.p99, 'ms')
    figure('bare QoS 1 round trip, CPU', trip.cpu, 'ms per message')
    figure('spool to acknowledged, p50', paced.p50, 'ms', ['one fdatasync', write.p50])
    figure('spool to acknowledged, p99', paced.p99, 'ms', ['one fdatasync', write.p99])
    figure('spool to journal, messages', burst.perSecond, 'per s', ['one fdatasync each', 1000 / write.p50])
    figure('spool to journal, lines', burst.perSecond * LINES, 'per s')
    figure('spool to journal, CPU of agent, broker, collector', burst.cpu, 'ms per message', ['bare QoS 1 round trip', trip.cpu])
    const again =
      counters.get('jifang_ingest_answered_total', { why: 'duplicate' }) + counters.get('jifang_ingest_answered_total', { why: 'early' })
    figure('messages sent more than once', again, 'messages')
  } finally {
    await stack.stop()
    await rm(dir, { recursive: true, force: true })
  }
}

/** Holds the publisher back while the spool is filled. */
interface Gate {
  shut(): void
  open(): void
}

async function connectEnds(dir: string, url: string, stack: StopStack): Promise<{ spool: Spool; counters: Counters; gate: Gate }> {
  const counters = new Counters()
  const deps = { log: silentLog, clock: systemClock, counters }
  const journal = await openJournal({ dir: join(dir, 'journal'), maxBytes: 1e9, keepFreeBytes: 0, ...deps })
  stack.push('journal', () => journal.close())
  const mqtt = { url, username: COLLECTOR, password: COLLECTOR }
  const ingest = await startIngest(
    { site: SITE, collectorId: 'main', version: '0', dataDir: dir, mqtt, extraTopics: [] },
    { journal, onUnjournalled: () => {}, ...deps },
  )
  stack.push('ingest', () => ingest.stop())
  const spool = await openSpool({ dir: join(dir, 'spool'), agent: AGENT, maxBytes: 1e9, keepFreeBytes: 0, ...deps })
  stack.push('spool', () => spool.close())
  const wire = new AgentWire(deps, { site: SITE, name: AGENT, mqtt: { url, username: AGENT, password: AGENT } })
  stack.push('wire', () => wire.stop())
  let held = false
  const publisher = createPublisher({
    spool,
    send: (message) => wire.send('data', message),
    connected: () => !held && wire.connected,
    backlogShare: 0.5,
    ...deps,
  })
  stack.push('publisher', () => publisher.stop())
  const ready = new Promise<void>((resolve) => {
    wire.open({
      will: () => '{}',
      onConnect() {
        publisher.onConnect()
        resolve()
      },
      onAck: (ack) => publisher.onAck(ack),
      onCollector: (id, status, retained) => publisher.onCollector(id, status, retained),
      onConfig() {},
      onRequest() {},
      onOwnStatus() {},
    })
  })
  await ready
  const gate: Gate = {
    shut() {
      held = true
    },
    open() {
      held = false
      publisher.onConnect()
    },
  }
  return { spool, counters, gate }
}

/** One message of a host's samples, packed as the agent does. */
function body(n: number): Buffer {
  let lines = ''
  for (let line = 0; line < LINES; line++)
    lines += `cpu,cpu=cpu${line},device=${AGENT},site=${SITE} usage_idle=${(n * 7 + line) % 100},usage_system=1.25,usage_user=2.5 ${1_700_000_000_000 + n}000000\n`
  return packBody(lines)
}

/** One message at a time, at a pace that nothing queues; ms from before the spool's append to the acknowledgement. */
async function pump(spool: Spool, count: number, paceMs: number): Promise<Spread> {
  const times: number[] = []
  for (let n = 0; n < count; n++) {
    const started = performance.now()
    await spool.append({ config: 0, samples: LINES, body: body(n) })
    while (spool.backlog > 0) await new Promise(setImmediate)
    times.push(performance.now() - started)
    await new Promise((resolve) => setTimeout(resolve, paceMs))
  }
  return spread(times)
}

/** Everything is in the spool already; then as fast as it goes. */
async function flood(spool: Spool, gate: Gate, count: number): Promise<{ perSecond: number; cpu: number }> {
  const bodies = Array.from({ length: 50 }, (_, n) => body(n))
  gate.shut()
  for (let n = 0; n < count; n++) await spool.append({ config: 0, samples: LINES, body: bodies[n % bodies.length] ?? body(n) })
  const cpu = process.cpuUsage()
  const started = performance.now()
  gate.open()
  while (spool.backlog > 0) await new Promise((resolve) => setTimeout(resolve, 1))
  const seconds = (performance.now() - started) / 1000
  return { perSecond: count / seconds, cpu: cpuMs(cpu) / count }
}

async function bareWrites(dir: string): Promise<Spread> {
  const handle = await open(join(dir, 'floor'), 'w')
  const bytes = body(1)
  const times: number[] = []
  for (let n = 0; n < FLOOR_WRITES; n++) {
    const started = performance.now()
    await handle.write(bytes)
    await handle.datasync()
    times.push(performance.now() - started)
  }
  await handle.close()
  return spread(times)
}

async function bareRoundTrips(url: string): Promise<Spread & { cpu: number }> {
  const client = await connectAsync(url, { username: AGENT, password: AGENT, protocolVersion: 4, reconnectPeriod: 0 })
  const bytes = body(1)
  const times: number[] = []
  const cpu = process.cpuUsage()
  for (let n = 0; n < FLOOR_ROUND_TRIPS; n++) {
    const started = performance.now()
    await client.publishAsync(`jifang/${SITE}/agent/${AGENT}/data`, bytes, { qos: 1 })
    times.push(performance.now() - started)
  }
  const spent = cpuMs(cpu) / FLOOR_ROUND_TRIPS
  await client.endAsync()
  return { ...spread(times), cpu: spent }
}

interface Spread {
  readonly p50: number
  readonly p99: number
}

function spread(times: readonly number[]): Spread {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return { p50: at(0.5), p99: at(0.99) }
}

function cpuMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since)
  return (user + system) / 1000
}
