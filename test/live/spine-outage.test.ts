import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { parseLines } from '../../core/line/parse.ts'
import { listSegments } from '../../core/segment/files.ts'
import { openSegmentReader } from '../../core/segment/reader.ts'
import { COLLECTOR_USER as COLLECTOR, SITE as SITE_NAME } from '../support/broker.ts'
import { freePort } from '../support/free-port.ts'
import { INFLUX_DATABASE, INFLUX_WRITER, startInfluxd } from '../support/influxd.ts'
import { jifang, killAll, type Program, room, writeConfig } from '../support/jifang.ts'
import { startMosquitto } from '../support/mosquitto.ts'
import { makeTempDir } from '../support/temp-dir.ts'
import { missing } from '../support/tools.ts'
import { until } from '../support/until.ts'
import { startVictoriaMetrics } from '../support/victoria-metrics.ts'

interface Database {
  readonly yaml: string
  kill(): Promise<void>
  start(): Promise<void>
  /** Times (ms) of every stored point of one field of one device. */
  times(measurement: string, field: string): Promise<number[]>
}

async function influxDatabase(dir: string): Promise<Database> {
  const server = await startInfluxd(dir)
  return {
    ...server,
    yaml: `influx: { version: 1, url: "${server.url}", database: ${INFLUX_DATABASE}, username: ${INFLUX_WRITER.username}, password: "\${env:INFLUX_PASSWORD}" }`,
    async times(measurement, field) {
      const [series] = await server.query(`SELECT "${field}" FROM "${measurement}" WHERE device = 'box'`)
      return (series?.values ?? []).map(([ns]) => Math.round(Number(ns) / 1e6))
    },
  }
}

async function victoriaDatabase(dir: string): Promise<Database> {
  const server = await startVictoriaMetrics(dir)
  return {
    ...server,
    yaml: `influx: { version: victoriametrics, url: "${server.url}" }`,
    async times(measurement, field) {
      return (await server.export(`{__name__="${measurement}_${field}",device="box"}`)).flatMap(({ timestamps }) => timestamps)
    },
  }
}

/** Times (ms) of a field as they stand in the collector's journal, and whether every stream is whole there. */
async function journalled(dataDir: string, measurement: string, field: string) {
  const dir = join(dataDir, 'journal')
  const reader = await openSegmentReader({ dir })
  const last = (await listSegments(dir)).at(-1)
  reader.advance(last ? last.base + last.bytes : 0)
  const times: number[] = []
  const seqs = new Map<string, number[]>()
  for (let at = 0; ; ) {
    const batch = await reader.read(at)
    for (const record of batch.records) {
      if (record.kind !== 'data') continue
      if (record.agent === 'box') seqs.set(record.session, [...(seqs.get(record.session) ?? []), record.seq])
      const text = (record.payload[0] === 0x1f ? gunzipSync(record.payload) : record.payload).toString('utf8')
      parseLines(
        text,
        (line) => {
          if (line.measurement === measurement && line.tags.device === 'box' && field in line.fields) times.push(Math.round(line.time))
        },
        () => undefined,
      )
    }
    if (batch.next === at) break
    at = batch.next
  }
  await reader.close()
  const whole = [...seqs.values()].every((list) => list.every((seq, index) => seq === (list[0] ?? 0) + index) && list[0] === 1)
  return { times: times.sort((a, b) => a - b), whole, sessions: seqs.size }
}

const sorted = (times: number[]): number[] => [...times].sort((a, b) => a - b)

describe.skipIf(missing('mosquitto', 'influxd', 'victoria-metrics'))(
  'kill -9 of agent, broker, collector and database in turn, while data flows',
  () => {
    const cleanups: (() => Promise<unknown>)[] = []
    afterEach(async () => {
      for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
      killAll()
    })

    it.each([
      ['InfluxDB 1.6', influxDatabase],
      ['VictoriaMetrics', victoriaDatabase],
    ] as const)(
      'every sample the agent took is in %s in the end, exactly once',
      async (_, open) => {
        const dir = await makeTempDir()
        cleanups.push(() => rm(dir, { recursive: true, force: true }))
        const broker = await startMosquitto(join(dir, 'broker'), ['box'])
        cleanups.push(() => broker.kill())
        const database = await open(join(dir, 'db'))
        cleanups.push(() => database.kill())
        const port = await freePort()
        const { ca } = broker.withPassword('box')
        const mqtt = (user: string): string =>
          `mqtt: { url: "${broker.url}", username: ${user}, password: "\${env:MQTT_PASSWORD}", ca: ${ca} }`
        const devices =
          'site: site\ndevices:\n  - { name: box, title: 主机, class: host, checks: [ { kind: host, interval: 1s, timeout: 900ms } ] }\n'
        const agentConfig = await writeConfig(join(dir, 'agent-config'), {
          'jifang.yaml': `site: SITE\n${mqtt('box')}\nagent: { name: box }\n`.replace('SITE', SITE_NAME),
        })
        const collectorConfig = await writeConfig(join(dir, 'collector-config'), {
          'jifang.yaml': `${mqtt(COLLECTOR)}\nagent: { name: box }\n${database.yaml}\nweb: { listen: "127.0.0.1:${port}" }\n`,
          'devices.yaml': devices.replace('site: site', `site: ${SITE_NAME}`),
        })
        const startAgent = (): Program =>
          jifang(['agent', '--config', agentConfig, '--data', join(dir, 'agent')], { MQTT_PASSWORD: 'box-secret' })
        const startCollector = async (): Promise<Program> => {
          const program = jifang(['collector', '--config', collectorConfig, '--data', join(dir, 'data')], {
            MQTT_PASSWORD: `${COLLECTOR}-secret`,
            INFLUX_PASSWORD: INFLUX_WRITER.password,
          })
          await room(port)
            .ready()
            .catch((error: unknown) => {
              throw new Error(`${String(error)}: ${program.stderr()}`)
            })
          return program
        }
        let collector = await startCollector()
        let agent = startAgent()
        const stored = () => database.times('system', 'load1').catch(() => [])
        const grow = async (what: string): Promise<void> => {
          const before = (await stored()).length
          await until(async () => (await stored()).length >= before + 3, { timeoutMs: 45_000, everyMs: 200, what: `data flows ${what}` })
        }
        await grow('at first')
        await agent.kill()
        agent = startAgent()
        await grow('after the agent')
        await broker.kill()
        await broker.start()
        await grow('after the broker')
        await collector.kill()
        collector = await startCollector()
        await grow('after the collector')
        await database.kill()
        await database.start()
        await grow('after the database')
        await agent.stop()
        const journal = await journalled(join(dir, 'data'), 'system', 'load1')
        expect(journal.whole).toBe(true)
        expect(journal.sessions).toBeGreaterThanOrEqual(2)
        expect(new Set(journal.times).size).toBe(journal.times.length)
        await until(async () => (await stored()).length >= journal.times.length, { timeoutMs: 20_000, what: 'the database has caught up' })
        expect(sorted(await stored())).toEqual(journal.times)
        await collector.stop()
      },
      180_000,
    )
  },
)
