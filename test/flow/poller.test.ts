import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { connectAsync, type MqttClient } from 'mqtt'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { jifang, type Program, writeConfig } from '../support/jifang.ts'
import { OPERATOR, type RunningRoom, runningRoom } from '../support/running-room.ts'
import { until } from '../support/until.ts'

describe('a room with a poller of its own', () => {
  let room: RunningRoom
  let poller: Program
  let target: Server
  let start: () => Program
  const clients: MqttClient[] = []

  beforeAll(async () => {
    const port = await freePort()
    target = createServer((socket) => socket.end())
    await new Promise<void>((resolve) => target.listen(port, '127.0.0.1', resolve))
    room = await runningRoom({
      'devices.yaml': `site: test
devices:
  - { name: box, title: 值班室主机, class: host, checks: [ { kind: host, interval: 1s, timeout: 900ms } ] }
  - { name: rack, title: 机柜 A03, class: env }
  - { name: far, title: 远处, class: server, poller: [p1, box], checks: [ { kind: tcp, address: 127.0.0.1, port: ${port}, interval: 1s, timeout: 500ms } ] }
`,
    })
    const file = join(room.config, 'jifang.yaml')
    const text = await readFile(file, 'utf8')
    await room.write(
      'jifang.yaml',
      `${text.replace('" }', '", agents: [ { name: p1, password: p1-secret } ] }')}ingest: { extra_topics: [ "telegraf/#" ] }\n`,
    )
    await until(() => room.program.stderr().includes('configuration taken over'), { what: 'p1 may log in' })
    const config = await writeConfig(join(room.dir, 'p1'), {
      'jifang.yaml': `site: test\nmqtt: { url: "mqtt://127.0.0.1:${room.mqttPort}", username: p1, password: p1-secret }\nagent: { name: p1 }\n`,
    })
    start = () => jifang(['agent', '--config', config, '--data', join(room.dir, 'p1-data')])
    poller = start()
    await runs('p1', 15_000)
  }, 60_000)
  afterAll(async () => {
    for (const client of clients) await client.endAsync(true)
    await poller?.stop()
    target?.close()
    await room?.close()
  })

  const runs = (agent: string, timeoutMs: number) =>
    until(
      async () => {
        const { agent: by, last_seen } = await room.api.device('far')
        return by === agent && Date.now() - (last_seen ?? 0) < 3000
      },
      { timeoutMs, everyMs: 100, what: `${agent} runs it` },
    )

  async function login(username: string, password: string): Promise<MqttClient> {
    const client = await connectAsync(`mqtt://127.0.0.1:${room.mqttPort}`, {
      username,
      password,
      protocolVersion: 4,
      reconnectPeriod: 0,
      clientId: `test-${clients.length}`,
    })
    clients.push(client)
    return client
  }
  const asCollector = async (): Promise<MqttClient> =>
    login('collector-main', JSON.parse(await readFile(join(room.data, 'broker/own-passwords.json'), 'utf8')).collector)

  it('puts alarms on MQTT, retained while they are open', async () => {
    const client = await asCollector()
    const seen = new Map<string, string>()
    client.on('message', (topic, payload) => seen.set(topic, payload.toString()))
    await room.heat(60, 'raised')
    await client.subscribeAsync(['jifang/test/alarms/+', 'jifang/test/events', 'jifang/test/collector/+/status'], { qos: 1 })
    const [alarm] = await room.api.alarms()
    const topic = `jifang/test/alarms/${alarm?.id}`
    await until(() => seen.has(topic) && seen.has('jifang/test/collector/main/status'), { what: 'retained' })
    expect(JSON.parse(seen.get(topic) ?? '{}')).toMatchObject({ id: alarm?.id, state: 'firing', value: 60 })
    expect(JSON.parse(seen.get('jifang/test/collector/main/status') ?? '{}')).toMatchObject({ state: 'online' })
    await room.heat(20, 'resolved')
    await until(() => seen.get(topic) === '', { what: 'cleared' })
    await until(() => JSON.parse(seen.get('jifang/test/events') ?? '{}').kind === 'resolved', { what: 'the event' })
    expect(JSON.parse(seen.get('jifang/test/events') ?? '{}')).toMatchObject({ alarm: { id: alarm?.id } })
  })

  it('asks the poller to measure now, and says so when it can not', async () => {
    const probe = (device: string) =>
      fetch(`${room.url}/api/v1/devices/${device}/probe`, { method: 'POST', headers: { authorization: `Bearer ${OPERATOR}` } })
    const answer = await probe('far')
    expect(await answer.json()).toMatchObject({ ok: true, checks: [{ check: 'tcp', reason: 'ok' }] })
    expect((await probe('rack')).status).toBe(404)
    const client = await asCollector()
    const replies: unknown[] = []
    client.on('message', (_, payload) => replies.push(JSON.parse(payload.toString())))
    await client.subscribeAsync('jifang/test/agent/p1/reply')
    await client.publishAsync(
      'jifang/test/agent/p1/request',
      JSON.stringify({ id: 'old', kind: 'probe', expires: Date.now() - 1, device: 'far' }),
      { qos: 1 },
    )
    await until(() => replies.length > 0, { what: 'a reply' })
    expect(replies).toEqual([{ id: 'old', ok: false, error: 'the request had expired when it came' }])
    await client.endAsync()
  })

  it('takes Telegraf lines on its extra topic', async () => {
    const client = await login('p1', 'p1-secret')
    await client.publishAsync('telegraf/rack', `env,host=rack,point=TG value=77 ${Date.now()}000000\n`, { qos: 1 })
    await until(async () => (await room.api.alarms()).some(({ instance }) => instance === 'point=TG'), { what: 'judged' })
  })

  it('takes nonsense on every topic without harm, and counts it', async () => {
    const agent = await login('p1', 'p1-secret')
    const collector = await asCollector()
    const now = Date.now()
    const odd: (string | Buffer)[] = [
      '',
      'null',
      '[]',
      '{}',
      '{"state":"online"}',
      '{"state":"online","session":"x","version":{},"backlog":"many","rejected":[1]}',
      '{"id":1,"kind":"probe"}',
      '{"collector":"main","session":"none","seq":1e99}',
      '{"version":1e308,"devices":[{}]}',
      '{"version":99,"hash":"x","collectors":"main","profiles":0,"devices":[{"name":"far","checks":[{"kind":"nothing"}]}]}',
      `# jifang/1 session=a seq=1 base=1 sent=${now}000000 config=1\nbroken line here\n`,
      `# jifang/1 session=a seq=-5 base=zz sent=0 config=1\n`,
      Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3]),
      randomBytes(300_000),
      ...Array.from({ length: 40 }, (_, at) => randomBytes(1 + at * 7)),
    ]
    const wentTo: [MqttClient, string][] = [
      [agent, 'jifang/test/agent/p1/data'],
      [agent, 'jifang/test/agent/p1/status'],
      [agent, 'jifang/test/agent/p1/reply'],
      [agent, 'telegraf/x'],
      [collector, 'jifang/test/agent/box/ack'],
      [collector, 'jifang/test/agent/box/config'],
      [collector, 'jifang/test/agent/box/request'],
      [collector, 'jifang/test/collector/main/status'],
      [collector, 'jifang/test/collector/other/status'],
    ]
    for (const [client, topic] of wentTo) for (const payload of odd) await client.publishAsync(topic, payload, { qos: 1 })
    const metrics = await until(
      async () => {
        const text = await (await fetch(`${room.url}/metrics`)).text()
        return Number(/^jifang_ingest_unreadable_total (\d+)$/m.exec(text)?.[1] ?? 0) > 40 && text
      },
      { what: 'counted' },
    )
    expect(metrics).toMatch(/^jifang_ingest_replies_dropped_total \d+$/m)
    const [far, box] = [(await room.api.device('far')).last_seen ?? 0, (await room.api.device('box')).last_seen ?? 0]
    await until(
      async () => ((await room.api.device('box')).last_seen ?? 0) > box && ((await room.api.device('far')).last_seen ?? 0) > far,
      {
        timeoutMs: 15_000,
        what: 'data flows as before',
      },
    )
    expect((await room.run(['status', '--agents'])).code).toBe(0)
    const errors = room.program
      .stderr()
      .split('\n')
      .filter((line) => line.includes('"level":"error"'))
    expect(errors.map((line) => JSON.parse(line).msg as string).filter((text) => /defect|could not be handled/.test(text))).toEqual([])
    expect(metrics).not.toMatch(/^jifang_mqtt_unhandled_total [1-9]/m)
    await room.api.ready()
  }, 40_000)

  it('the next poller takes over when the first is lost, and gives back when it has returned', async () => {
    await runs('p1', 10_000)
    await poller.kill()
    const lost = Date.now()
    await runs('box', 40_000)
    expect(Date.now() - lost).toBeLessThan(40_000)
    poller = start()
    await runs('p1', 45_000)
  }, 100_000)
})
