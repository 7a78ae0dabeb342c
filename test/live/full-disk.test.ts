import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rm, statfs, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AlarmEvent } from '../../core/model/alarm.ts'
import { freePort } from '../support/free-port.ts'
import { events, jifang, type Program } from '../support/jifang.ts'
import { type RunningRoom, runningRoom } from '../support/running-room.ts'
import { until } from '../support/until.ts'

const readyz = async (room: RunningRoom): Promise<{ ready: boolean; problems: string[] }> =>
  (await fetch(`${room.url}/readyz`)).json() as Promise<{ ready: boolean; problems: string[] }>

/** Times (ms) of one field of the host, which measures itself each second, as the store has them. */
async function stored(room: RunningRoom): Promise<number[]> {
  const { series } = await room.api.get<{ series?: { points: [number, number][] }[] }>(
    `/api/v1/series?device=box&measurement=system&field=load1&from=-10m`,
  )
  return series?.[0]?.points.map(([at]) => at) ?? []
}

const longestGap = (times: readonly number[]): number => Math.max(...times.slice(1).map((at, index) => at - (times[index] ?? 0)))

describe.skipIf(process.getuid?.() !== 0)('a journal whose disk is full', () => {
  let room: RunningRoom
  let journal: string
  let tail: Program
  let server: Server
  let port: number
  const listen = (): Promise<void> =>
    new Promise((resolve, reject) => {
      server = createServer((socket) => socket.end())
      server.once('error', reject)
      server.listen(port, '127.0.0.1', resolve)
    })

  beforeAll(async () => {
    port = await freePort()
    await listen()
    room = await runningRoom(
      {
        'devices.yaml': `site: test
devices:
  - name: box
    title: 值班室主机
    class: host
    checks: [ { kind: host, interval: 1s, timeout: 900ms }, { kind: tcp, address: 127.0.0.1, port: ${port}, interval: 1s, timeout: 500ms } ]
  - { name: rack, title: 机柜 A03, class: env }
`,
        'alarms.yaml': `rules:
  - { name: door-shut, title: { zh: 端口不通, en: port shut }, on: net_response.result_code, levels: [ { severity: emergency, fire: "> 0" } ] }
`,
      },
      'journal: { keep_free: 0, max_bytes: 64MB }\n',
    )
    await room.program.stop()
    journal = join(room.data, 'journal')
    await rm(journal, { recursive: true, force: true })
    await mkdir(journal)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'jifang-test', journal])
    for (const name of ['alarms.snapshot', 'alarms.jsonl', 'ingest-state.json', 'store', 'cursors', 'outbox'])
      await rm(join(room.data, name), { recursive: true, force: true })
    await room.start()
    tail = jifang(['tail', '-f', '--json', '--data', room.data])
    await until(async () => (await stored(room)).length >= 2, { timeoutMs: 20_000, what: 'data flows' })
  }, 60_000)

  afterAll(async () => {
    server?.close()
    await tail?.stop()
    await room?.program.stop()
    if (journal) execFileSync('umount', ['-l', journal])
    await room?.close()
  })

  const shut = (): AlarmEvent[] => events(tail).filter(({ alarm }) => alarm.rule === 'door-shut')

  it('is told, agents keep their data, alarms are judged all the same', async () => {
    const { bavail, bsize } = await statfs(journal)
    await writeFile(join(journal, 'ballast'), Buffer.alloc(bavail * bsize)).catch(() => undefined)
    await until(async () => (await readyz(room)).problems.some((problem) => problem.startsWith('journal')), {
      timeoutMs: 15_000,
      what: 'readyz tells it',
    })
    server.close()
    await until(() => shut().some(({ kind }) => kind === 'raised'), { timeoutMs: 15_000, what: 'raised from memory' })
    // a few bytes may still fit into the last page
    expect(await room.send(`env,device=rack,point=T1 text="${randomBytes(100_000).toString('hex')}"`)).toBe(503)
    await until(async () => (await room.api.alarms()).some(({ rule }) => rule === 'journal-failing'), {
      timeoutMs: 15_000,
      what: 'an alarm of its own',
    })
  }, 60_000)

  it('recovers by itself when there is room again: nothing is missing, nothing is told twice', async () => {
    await listen()
    await until(() => shut().some(({ kind }) => kind === 'resolved'), { timeoutMs: 15_000, what: 'the end, from memory' })
    const full = Date.now()
    await until(() => Date.now() > full + 6000, { what: 'an outage that is no hiccup' })
    await rm(join(journal, 'ballast'))
    await until(async () => (await readyz(room)).ready, { timeoutMs: 20_000, what: 'ready again' })
    await until(async () => (await stored(room)).filter((at) => at > full + 8000).length > 2, {
      timeoutMs: 20_000,
      what: 'data flows again',
    })
    await until(async () => longestGap(await stored(room)) < 3500, { timeoutMs: 15_000, what: 'the held data has arrived' })
    const times = await stored(room)
    expect(new Set(times).size).toBe(times.length)
    expect(shut().map(({ kind }) => kind)).toEqual(['raised', 'resolved'])
    const written = (await readFile(join(room.data, 'alarms.jsonl'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as AlarmEvent)
    expect(written.filter(({ alarm }) => alarm.rule === 'door-shut').map(({ kind }) => kind)).toEqual(['raised', 'resolved'])
    await until(async () => (await room.api.alarms()).length === 0, { timeoutMs: 20_000, what: 'its own alarm ends' })
  }, 90_000)

  it('kill -9 of the store: told, started again, and the history is whole', async () => {
    const children = (await readFile(`/proc/${room.program.pid}/task/${room.program.pid}/children`, 'utf8')).trim().split(' ').map(Number)
    const store = children.find((pid) => pid > 0)
    if (!store) throw new Error('no store process')
    process.kill(store, 'SIGKILL')
    await until(async () => (await readyz(room)).problems.some((problem) => problem.startsWith('store')), {
      everyMs: 5,
      what: 'readyz tells it',
    })
    await until(async () => (await readyz(room)).ready, { timeoutMs: 20_000, what: 'ready again' })
    await until(async () => longestGap(await stored(room)) < 3500, { timeoutMs: 15_000, what: 'the history is whole' })
  }, 40_000)
})
