import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { InfluxDB } from '@influxdata/influxdb-client'
import { startInflux } from '../collector/influx/start.ts'
import { systemClock } from '../core/lifecycle/clock.ts'
import { Counters } from '../core/lifecycle/counters.ts'
import { silentLog } from '../core/log/log.ts'
import type { Report } from './figure.ts'
import { cpuOf, deviceLines, FIELDS, fillJournal, LINES } from './room.ts'

const DEVICES = 40
const TICKS = 500
const VALUES = DEVICES * TICKS * LINES * FIELDS
/** Takes everything, in a process of its own. */
const NULL_SERVER = `require('node:http').createServer((q,s)=>{q.resume();q.on('end',()=>s.writeHead(204).end())}).listen(0,'127.0.0.1',function(){console.log(this.address().port)})`

/** The writer against bare node:http with the same packed bodies (floor) and the client's own write buffer (peer). */
export async function run(report: Report): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'jifang-bench-influx-'))
  const server = spawn(process.execPath, ['-e', NULL_SERVER], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const [port] = (await once(server.stdout, 'data')) as [Buffer]
    const url = `http://127.0.0.1:${Number(port.toString())}`
    const start = Date.now() - 3_600_000
    const floor = await barePosts(url, start)
    const peer = await clientBuffer(url, start)
    const packed = await writer(url, join(dir, 'packed'), start, true)
    const plain = await writer(url, join(dir, 'plain'), start, false)
    report({ bench: 'influx', name: 'bare node:http, packed bodies: CPU per value', value: floor, unit: 'us' })
    report({ bench: 'influx', name: 'client writeRecord, its buffer: CPU per value', value: peer, unit: 'us' })
    report({
      bench: 'influx',
      name: 'writer, packed payloads: CPU per value',
      value: packed.cpuUs,
      unit: 'us',
      peer: 'client writeRecord',
      ratio: packed.cpuUs / peer,
    })
    report({
      bench: 'influx',
      name: 'writer, plain payloads: CPU per value',
      value: plain.cpuUs,
      unit: 'us',
      peer: 'client writeRecord',
      ratio: plain.cpuUs / peer,
    })
    report({ bench: 'influx', name: 'writer, packed payloads: values per second', value: packed.perSecond, unit: '1/s' })
  } finally {
    server.kill('SIGKILL')
    await rm(dir, { recursive: true, force: true })
  }
}

async function barePosts(url: string, start: number): Promise<number> {
  const bodies: Buffer[] = []
  for (let tick = 0; tick < TICKS; tick++) {
    const members = Array.from({ length: DEVICES }, (_, device) =>
      gzipSync(`${deviceLines(device, tick, start).join('\n')}\n`, { level: 1 }),
    )
    bodies.push(Buffer.concat(members))
  }
  const agent = new Agent({ keepAlive: true })
  const { cpuUs } = await cpuOf(async () => {
    for (const body of bodies) {
      await new Promise<void>((resolve, reject) => {
        const post = request(
          `${url}/api/v2/write`,
          { method: 'POST', agent, headers: { 'content-encoding': 'gzip', 'content-length': body.length } },
          (response) => {
            response.resume()
            response.on('end', resolve)
          },
        )
        post.on('error', reject)
        post.end(body)
      })
    }
  })
  agent.destroy()
  return cpuUs / VALUES
}

async function clientBuffer(url: string, start: number): Promise<number> {
  const lines: string[] = []
  for (let tick = 0; tick < TICKS; tick++) for (let device = 0; device < DEVICES; device++) lines.push(...deviceLines(device, tick, start))
  const api = new InfluxDB({ url, token: 't' }).getWriteApi('o', 'b', 'ns', { batchSize: 5000, gzipThreshold: 1, maxRetries: 0 })
  const { cpuUs } = await cpuOf(async () => {
    for (const line of lines) api.writeRecord(line)
    await api.close()
  })
  return cpuUs / VALUES
}

async function writer(url: string, dir: string, start: number, gzip: boolean): Promise<{ cpuUs: number; perSecond: number }> {
  const journal = await fillJournal(join(dir, 'journal'), { devices: DEVICES, ticks: TICKS, start, gzip })
  const began = performance.now()
  const { result, cpuUs } = await cpuOf(async () => {
    const running = await startInflux({
      source: journal,
      cursorPath: join(dir, 'cursor'),
      deadLetterDir: join(dir, 'dead'),
      settings: { version: 2, url, org: 'o', bucket: 'b', token: 't', timeout: 10_000 },
      log: silentLog,
      counters: new Counters(),
      clock: systemClock,
      onProblem: (kind, text) => console.error(kind, text),
      onRecovered: () => {},
    })
    while (running.state().position < journal.synced) await delay(10)
    return running
  })
  const seconds = (performance.now() - began) / 1000
  await result.stop()
  await journal.close()
  return { cpuUs: cpuUs / VALUES, perSecond: VALUES / seconds }
}
