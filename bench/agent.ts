import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { MqttClient } from 'mqtt'
import { parseHeader } from '../core/wire/header.ts'
import type { CollectorStatus, ConfigSlice } from '../core/wire/payloads.ts'
import { agentTopic, collectorStatusTopic } from '../core/wire/topics.ts'
import { freePort } from '../test/support/free-port.ts'
import { type Report, secondsOf } from './figure.ts'
import { childrenCpuMs, cpuMs, rssMb } from './process-cost.ts'

const SITE = 'bench'
const AGENT = 'bench-host'
const COLLECTOR = 'main'
/** Start-up, first configuration, compilation: not the cost of running. */
const WARM_UP_MS = 25_000

/**
 * CPU and memory of a real `jifang agent` that measures its host every 10 s and sends it through mosquitto to something that acknowledges,
 * beside a Node process that does nothing, over the same time. Needs Linux and mosquitto.
 */
export async function run(report: Report, args: readonly string[]): Promise<void> {
  const seconds = secondsOf(args, 300)
  const dir = await mkdtemp(join(tmpdir(), 'jifang-bench-'))
  const children: ChildProcess[] = []
  let acker: MqttClient | undefined
  try {
    const url = await startBroker(dir, children)
    let messages = 0
    acker = await acknowledge(url, () => messages++)
    const agent = await startAgent(dir, url, children)
    const bare = start(process.execPath, ['-e', 'setInterval(()=>{},1e3)'], children)
    await new Promise((resolve) => setTimeout(resolve, WARM_UP_MS))
    const [agentPid, barePid] = [pidOf(agent), pidOf(bare)]
    const before = { agent: cpuMs(agentPid), bare: cpuMs(barePid), children: childrenCpuMs(agentPid), messages }
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
    const spent = (ms: number): number => (ms / (seconds * 1000)) * 100
    const agentCpu = spent(cpuMs(agentPid) - before.agent)
    const bareCpu = spent(cpuMs(barePid) - before.bare)
    const perRun = ((agentCpu - bareCpu) / 100) * 10_000
    const figure = (name: string, value: number, unit: string, peer?: number) =>
      report({ bench: 'agent', name, value, unit, ...(peer === undefined ? {} : { peer: 'bare node', ratio: value / peer }) })
    figure(`agent, host at 10 s, over ${seconds} s`, agentCpu, '% of a core', bareCpu)
    figure('bare node', bareCpu, '% of a core')
    figure('agent, its ended children', spent(childrenCpuMs(agentPid) - before.children), '% of a core')
    figure('agent, per 10 s above bare node', perRun, 'ms CPU')
    figure('agent RSS', rssMb(agentPid), 'MB', rssMb(barePid))
    figure('bare node RSS', rssMb(barePid), 'MB')
    figure('messages acknowledged', messages - before.messages, 'messages')
    if (messages === before.messages) throw new Error('the agent sent nothing: these figures are of an idle agent')
  } finally {
    await acker?.endAsync(true)
    for (const child of children.reverse()) await end(child)
    await rm(dir, { recursive: true, force: true })
  }
}

async function startBroker(dir: string, children: ChildProcess[]): Promise<string> {
  const port = await freePort()
  const config = join(dir, 'mosquitto.conf')
  await writeFile(config, `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\nlog_type none\n`)
  const path = process.env.PATH ?? ''
  const broker = spawn('mosquitto', ['-c', config], { stdio: 'ignore', env: { ...process.env, PATH: `${path}:/usr/sbin:/usr/local/sbin` } })
  children.push(broker)
  await once(broker, 'spawn').catch(() => {
    throw new Error('mosquitto is not installed: the bench agent needs it')
  })
  return `mqtt://127.0.0.1:${port}`
}

/** Plays the collector: hands out the slice, and acknowledges what comes. */
async function acknowledge(url: string, onMessage: () => void): Promise<MqttClient> {
  const { connect } = await import('mqtt')
  const client = connect(url, { reconnectPeriod: 100, clientId: 'bench-collector' })
  await new Promise<void>((resolve) => client.once('connect', () => resolve()))
  const status: CollectorStatus = { state: 'online', session: 'bench', started: Date.now(), version: 'bench' }
  const check = { name: 'host', kind: 'host', interval_ms: 10_000, timeout_ms: 8_000, options: {} }
  const slice: ConfigSlice = {
    version: 1,
    hash: 'bench',
    collectors: [COLLECTOR],
    profiles: [],
    devices: [{ name: AGENT, title: AGENT, class: 'host', checks: [check] }],
  }
  const retained = { qos: 1, retain: true } as const
  await client.publishAsync(collectorStatusTopic(SITE, COLLECTOR), JSON.stringify(status), retained)
  await client.publishAsync(agentTopic(SITE, AGENT, 'config'), JSON.stringify(slice), retained)
  const { gunzipSync } = await import('node:zlib')
  client.on('message', (_topic, payload) => {
    const text = payload[0] === 0x1f && payload[1] === 0x8b ? gunzipSync(payload) : payload
    const header = parseHeader(text.toString('utf8').split('\n', 1)[0] ?? '')
    if (!header) return
    onMessage()
    const ack = { collector: COLLECTOR, session: header.session, seq: header.seq }
    client.publish(agentTopic(SITE, AGENT, 'ack'), JSON.stringify(ack), { qos: 0 })
  })
  await client.subscribeAsync(agentTopic(SITE, AGENT, 'data'), { qos: 1 })
  return client
}

async function startAgent(dir: string, url: string, children: ChildProcess[]): Promise<ChildProcess> {
  const config = join(dir, 'config')
  await mkdir(config)
  await writeFile(join(config, 'jifang.yaml'), `site: ${SITE}\nagent: { name: ${AGENT} }\nmqtt: { url: "${url}" }\nlog: { level: warn }\n`)
  const main = fileURLToPath(new URL('../cli/main.js', import.meta.url))
  return start(process.execPath, [main, 'agent', '--config', config, '--data', join(dir, 'data')], children)
}

function start(program: string, args: readonly string[], children: ChildProcess[]): ChildProcess {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  children.push(child)
  return child
}

function pidOf(child: ChildProcess): number {
  if (child.pid === undefined || child.exitCode !== null) throw new Error(`${child.spawnfile} ended early, code ${child.exitCode}`)
  return child.pid
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const force = setTimeout(() => child.kill('SIGKILL'), 6_000)
  await ended
  clearTimeout(force)
}
