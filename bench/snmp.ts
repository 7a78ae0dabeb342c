import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import * as v from 'valibot'
import { Counters } from '../core/lifecycle/counters.ts'
import { evaluate } from '../core/profile/evaluate.ts'
import { createLibrary } from '../core/profile/library.ts'
import { createSampler } from '../core/profile/samples.ts'
import { accessEntries } from '../protocols/snmp/access.ts'
import { openSnmpDevice, type SnmpDevice } from '../protocols/snmp/device.ts'
import { createSnmpSockets } from '../protocols/snmp/sockets.ts'
import type { Report } from './figure.ts'
import { childrenCpuMs, cpuMs } from './process-cost.ts'

/** hrSWInstalledTable: five columns, one row per installed package, the longest table every Debian has. */
const TABLE = '1.3.6.1.2.1.25.6.3.1'
const ROUNDS = 15
const execute = promisify(execFile)

interface Cost {
  readonly varbinds: number
  readonly wallMs: number
  readonly cpuUs: number
}

/** Walk of one table of a real snmpd: jifang, jifang with a profile into samples, snmpbulkwalk, prometheus-snmp-exporter. */
export async function run(report: Report): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'jifang-bench-snmp-'))
  const children: ChildProcess[] = []
  const sockets = createSnmpSockets({ counters: new Counters(), perFamily: 1 })
  try {
    const port = await freePort()
    children.push(await startSnmpd(dir, port))
    const device = openSnmpDevice({
      address: '127.0.0.1',
      access: v.parse(v.strictObject(accessEntries), { community: 'public', port }),
      sockets,
    })
    await untilAnswers(device)
    const rows = (await walk(device)) / 5
    const bulkwalk = await costOfBulkwalk(port)
    const own = await costOf(() => walk(device))
    const sampled = await costOf(async () => ((await sample(device)) === rows ? rows * 5 : Number.NaN))
    const exporterPort = await freePort()
    const exporter = await startExporter(dir, exporterPort)
    children.push(exporter)
    const exported = await costOfExporter(exporter, exporterPort, port, rows)
    device.close()
    tell(report, 'walk', own, bulkwalk, 'snmpbulkwalk')
    tell(report, 'walk into samples by a profile', sampled, exported, 'prometheus-snmp-exporter')
    tell(report, 'snmpbulkwalk', bulkwalk)
    tell(report, 'prometheus-snmp-exporter', exported)
  } finally {
    sockets.close()
    for (const child of children) child.kill('SIGKILL')
    await rm(dir, { recursive: true, force: true })
  }
}

function tell(report: Report, name: string, cost: Cost, peer?: Cost, peerName?: string): void {
  const rate = (one: Cost) => one.varbinds / (one.wallMs / 1000)
  const cpu = (one: Cost) => one.cpuUs / one.varbinds
  const against = (of: (one: Cost) => number) => (peer && peerName ? { peer: peerName, ratio: of(cost) / of(peer) } : {})
  report({ bench: 'snmp', name: `${name}: varbinds per second`, value: rate(cost), unit: '1/s', ...against(rate) })
  report({ bench: 'snmp', name: `${name}: CPU per varbind`, value: cpu(cost), unit: 'us', ...against(cpu) })
}

async function costOf(work: () => Promise<number>): Promise<Cost> {
  await work()
  const before = process.cpuUsage()
  const started = performance.now()
  let varbinds = 0
  for (let i = 0; i < ROUNDS; i++) varbinds += await work()
  const used = process.cpuUsage(before)
  return { varbinds, wallMs: performance.now() - started, cpuUs: used.user + used.system }
}

async function walk(device: SnmpDevice): Promise<number> {
  const source = await device.source(AbortSignal.timeout(30_000))
  const { varbinds, failed } = await source.columns([1, 2, 3, 4, 5].map((column) => `${TABLE}.${column}`))
  if (failed.length > 0) throw new Error(`walk failed: ${failed[0]?.detail}`)
  return varbinds.length
}

const PROFILE = {
  profile: 'bench',
  title: 'bench',
  groups: [
    {
      name: 'installed',
      measurement: 'installed',
      table: TABLE,
      tags: { index: { index: 1 } },
      fields: {
        number: 1,
        name: { column: 2, type: 'text' as const },
        id: { column: 3, type: 'text' as const },
        kind: { column: 4, enum: { 1: 'unknown', 2: 'operatingSystem', 3: 'deviceDriver', 4: 'application' } },
        at_seconds: { column: 5, type: 'date' as const },
      },
    },
  ],
}
const { library } = createLibrary([PROFILE])
const sampler = createSampler(1e6)

async function sample(device: SnmpDevice): Promise<number> {
  const source = await device.source(AbortSignal.timeout(30_000))
  const groups = library.profiles.flatMap((profile) => profile.groups)
  return sampler.samples(await evaluate(groups, source), { time: Date.now(), at: performance.now(), uptime: null }).length
}

/** The tool's own start costs some ms: it is run on the same table as often as the others, and its start (a GET) is taken off. */
async function costOfBulkwalk(port: number): Promise<Cost> {
  const env = { PATH: process.env.PATH, MIBS: '' }
  const place = `127.0.0.1:${port}`
  const many = async (program: string, args: string[]): Promise<{ lines: number; wallMs: number; cpuMs: number }> => {
    const cpu = childrenCpuMs(process.pid)
    const started = performance.now()
    let lines = 0
    for (let i = 0; i < ROUNDS; i++) {
      const { stdout } = await execute(program, args, { env, maxBuffer: 64 << 20 })
      lines += stdout.split('\n').filter((line) => line.startsWith('.1.')).length
    }
    return { lines, wallMs: performance.now() - started, cpuMs: childrenCpuMs(process.pid) - cpu }
  }
  const start = await many('snmpget', ['-v2c', '-c', 'public', '-On', place, '1.3.6.1.2.1.1.3.0'])
  const all = await many('snmpbulkwalk', ['-v2c', '-c', 'public', '-On', '-Cr50', place, TABLE])
  return { varbinds: all.lines, wallMs: all.wallMs - start.wallMs, cpuUs: (all.cpuMs - start.cpuMs) * 1000 }
}

async function costOfExporter(exporter: ChildProcess, exporterPort: number, port: number, rows: number): Promise<Cost> {
  const url = `http://127.0.0.1:${exporterPort}/snmp?module=bench&target=127.0.0.1:${port}`
  const scrape = async (): Promise<void> => {
    const text = await (await fetch(url)).text()
    const found = text.split('\n').filter((line) => line.startsWith('installed_name{')).length
    if (found !== rows) throw new Error(`the exporter gave ${found} rows of ${rows}: ${text.slice(0, 300)}`)
  }
  await scrape()
  const cpu = cpuMs(exporter.pid ?? 0)
  const started = performance.now()
  for (let i = 0; i < ROUNDS; i++) await scrape()
  return { varbinds: rows * 5 * ROUNDS, wallMs: performance.now() - started, cpuUs: (cpuMs(exporter.pid ?? 0) - cpu) * 1000 }
}

async function startSnmpd(dir: string, port: number): Promise<ChildProcess> {
  await mkdir(join(dir, 'state'))
  await writeFile(join(dir, 'snmpd.conf'), `agentaddress udp:127.0.0.1:${port}\nrocommunity public 127.0.0.1\n`)
  const args = ['-f', '-Lf', '/dev/null', '-C', '-c', join(dir, 'snmpd.conf'), '-I', '-smux', '-p', join(dir, 'pid')]
  const env = { PATH: `${process.env.PATH}:/usr/sbin`, MIBS: '', SNMP_PERSISTENT_DIR: join(dir, 'state') }
  return spawn('snmpd', args, { stdio: 'ignore', env })
}

async function untilAnswers(device: SnmpDevice): Promise<void> {
  const deadline = AbortSignal.timeout(15_000)
  while (!deadline.aborted) {
    const alive = await device.identify(deadline, false).then(
      () => true,
      () => false,
    )
    if (alive) return
  }
  throw new Error('snmpd does not answer: is it installed?')
}

async function startExporter(dir: string, port: number): Promise<ChildProcess> {
  const metric = (name: string, column: number, type: string) =>
    `  - { name: installed_${name}, oid: ${TABLE}.${column}, type: ${type}, help: x, indexes: [{ labelname: index, type: gauge }] }`
  const metrics = [
    metric('number', 1, 'gauge'),
    metric('name', 2, 'DisplayString'),
    metric('id', 3, 'OctetString'),
    metric('kind', 4, 'gauge'),
    metric('at', 5, 'DateAndTime'),
  ]
  const config = `bench:\n  walk: [${TABLE}]\n  version: 2\n  max_repetitions: 50\n  timeout: 5s\n  auth: { community: public }\n  metrics:\n${metrics.join('\n')}\n`
  await writeFile(join(dir, 'snmp.yml'), config)
  const child = spawn('prometheus-snmp-exporter', [`--config.file=${join(dir, 'snmp.yml')}`, `--web.listen-address=127.0.0.1:${port}`], {
    stdio: 'ignore',
  })
  for (let i = 0; i < 100; i++) {
    if (child.exitCode !== null) throw new Error('prometheus-snmp-exporter did not start')
    const up = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    )
    if (up) return child
    await delay(50)
  }
  throw new Error('prometheus-snmp-exporter does not answer')
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (typeof address !== 'object' || !address) throw new Error('no free port')
  return address.port
}
