import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'
import { connectAsync } from 'mqtt'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openJournal } from '../../collector/journal/journal.ts'
import { Counters } from '../../core/lifecycle/counters.ts'
import { silentLog } from '../../core/log/log.ts'
import type { LinkSettings } from '../../core/wire/link.ts'
import { COLLECTOR_USER, SITE } from '../support/broker.ts'
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts'
import { type ServerProcess, serverProcess } from '../support/server-process.ts'
import { makeTempDir } from '../support/temp-dir.ts'
import { missing } from '../support/tools.ts'
import { until } from '../support/until.ts'
import { linesOf, readAll } from '../support/wire-ends.ts'

const ROOT = join(import.meta.dirname, '../..')
const AGENT = 'poller-1'

describe.skipIf(missing('mosquitto', 'mosquitto_passwd', 'openssl'))('the wire through mosquitto', () => {
  let dir = ''
  let program = ''
  let broker: Mosquitto

  beforeAll(async () => {
    dir = await makeTempDir()
    await mkdir(join(ROOT, '.tmp'), { recursive: true })
    program = join(await mkdtemp(join(ROOT, '.tmp', 'wire-')), 'child.mjs')
    await build({
      entryPoints: [join(ROOT, 'test/support/wire-child.ts')],
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      packages: 'external',
      logLevel: 'error',
    })
    broker = await startMosquitto(join(dir, 'broker'), [AGENT, 'poller-2'])
  })
  afterAll(async () => {
    await broker?.kill()
    await rm(dir, { recursive: true, force: true })
    await rm(join(program, '..'), { recursive: true, force: true })
  })

  const child = (log: string, ready: string, ...args: string[]): ServerProcess => {
    const logFile = join(dir, log)
    return serverProcess({
      program: process.execPath,
      args: [program, ...args],
      url: '',
      logFile,
      ready: async () => (await readFile(logFile, 'utf8')).includes(ready),
    })
  }
  const agent = (run: number, everyMs: number): ServerProcess =>
    child(
      `agent-${run}.log`,
      'backlog=',
      'agent',
      join(dir, 'a'),
      AGENT,
      JSON.stringify(broker.withCertificate(AGENT)),
      String(run),
      String(everyMs),
    )
  const lastOf = async (log: string, what: string): Promise<number> => {
    const found = (await readFile(join(dir, log), 'utf8')).matchAll(new RegExp(`^${what}=(\\d+)$`, 'gm'))
    return Number([...found].at(-1)?.[1] ?? -1)
  }

  test('kill -9 of broker, agent and collector in turn: every sample that reached the spool is in the journal exactly once', async () => {
    const collector = child('collector.log', 'ready', 'collector', join(dir, 'c'), JSON.stringify(broker.withPassword(COLLECTOR_USER)))
    await collector.start()
    /** What each run had measured well before it was killed. */
    const sure: number[] = []
    for (let run = 0; run < 3; run++) {
      const measuring = agent(run, 5)
      await measuring.start()
      const log = `agent-${run}.log`
      const grow = async (by: number): Promise<number> => {
        const from = await lastOf(log, 'n')
        await until(async () => (await lastOf(log, 'n')) >= from + by, { what: 'the agent measures on' })
        return from
      }
      await grow(60)
      await broker.kill()
      await grow(60)
      await broker.start()
      await grow(60)
      await collector.kill()
      await grow(60)
      await collector.start()
      sure.push(await grow(400)) // 2 s on: long past the outlet's wait
      await measuring.kill()
    }
    const draining = agent(9, 0)
    await draining.start()
    await until(async () => (await lastOf('agent-9.log', 'backlog')) === 0, { what: 'the spool is empty', timeoutMs: 30_000 })
    await draining.kill()
    await collector.kill()

    const journal = await openJournal({
      dir: join(dir, 'c', 'journal'),
      maxBytes: 1e9,
      keepFreeBytes: 0,
      log: silentLog,
      counters: new Counters(),
    })
    const records = await readAll(journal)
    await journal.close()
    const numbers: number[][] = [[], [], []]
    for (const line of records.filter(({ kind, agent: from }) => kind === 'data' && from === AGENT).flatMap(linesOf)) {
      const match = /^count,device=poller-1,run=(\d),site=test n=(\d+) /.exec(line)
      if (match) numbers[Number(match[1])]?.push(Number(match[2]))
    }
    for (const [run, found] of numbers.entries()) {
      const sorted = found.toSorted((a, b) => a - b)
      expect(sorted).toEqual(Array.from(sorted, (_, index) => index + 1))
      expect(sorted.length).toBeGreaterThanOrEqual(sure[run] ?? 0)
    }
  }, 90_000)

  test('the topic rules keep an agent to its own topics', async () => {
    const own = (name: string): string => `jifang/${SITE}/agent/${name}`
    const watcher = await connectTo(broker.withPassword(COLLECTOR_USER))
    const seen: string[] = []
    watcher.on('message', (topic, _payload, { retain }) => retain || seen.push(topic))
    await watcher.subscribeAsync(`jifang/${SITE}/#`, { qos: 1 })
    const intruder = await connectTo(broker.withCertificate('poller-2'))
    const overheard: string[] = []
    intruder.on('message', (topic) => overheard.push(topic))
    await intruder.subscribeAsync([`jifang/${SITE}/#`, `${own(AGENT)}/config`, `${own('poller-2')}/config`], { qos: 1 })
    for (const channel of ['data', 'status', 'reply']) await intruder.publishAsync(`${own(AGENT)}/${channel}`, 'x', { qos: 1 })
    await intruder.publishAsync(`${own('poller-2')}/config`, 'x', { qos: 1 })
    await intruder.publishAsync(`jifang/${SITE}/collector/main/status`, 'x', { qos: 1 })
    await watcher.publishAsync(`${own(AGENT)}/config`, '{}', { qos: 1 })
    await watcher.publishAsync(`${own('poller-2')}/config`, '{}', { qos: 1 })
    await intruder.publishAsync(`${own('poller-2')}/data`, 'x', { qos: 1 })
    await until(() => seen.includes(`${own('poller-2')}/data`) && overheard.includes(`${own('poller-2')}/config`), {
      what: 'the allowed ones',
    })
    expect(seen).toEqual([`${own(AGENT)}/config`, `${own('poller-2')}/config`, `${own('poller-2')}/data`])
    // One message, once for each of its subscriptions that matches; beside it only what every agent may read.
    expect(new Set(overheard.filter((topic) => !topic.includes('/collector/')))).toEqual(new Set([`${own('poller-2')}/config`]))
    await Promise.all([watcher.endAsync(), intruder.endAsync()])
  })

  test('no certificate, no password, wrong password: no way in', async () => {
    const { url, ca } = broker.withPassword(AGENT)
    await expect(connectTo({ url, ...(ca && { ca }) })).rejects.toThrow(/not authorized/i)
    await expect(connectTo({ url, ...(ca && { ca }), username: AGENT, password: 'wrong' })).rejects.toThrow(/not authorized/i)
    await expect(connectTo({ url: broker.withCertificate(AGENT).url, ...(ca && { ca }) })).rejects.toThrow()
  })
})

async function connectTo({ url, ca, cert, key, username, password }: LinkSettings) {
  return await connectAsync(url, {
    protocolVersion: 4,
    reconnectPeriod: 0,
    connectTimeout: 3_000,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(ca !== undefined && { ca: await readFile(ca) }),
    ...(cert !== undefined && { cert: await readFile(cert) }),
    ...(key !== undefined && { key: await readFile(key) }),
  })
}
