import { existsSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { jifang, killAll, type Program, writeConfig } from '../support/jifang.ts'
import { type RunningRoom, runningRoom } from '../support/running-room.ts'
import { makeTempDir } from '../support/temp-dir.ts'
import { until } from '../support/until.ts'

const lines = (text: string): string[] => text.trim().split('\n').filter(Boolean)

function occupy(port: number): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer()
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}

const DEVICES =
  'site: test\ndevices: [ { name: box, title: 主机, class: host, checks: [ { kind: host, interval: 1s, timeout: 900ms } ] } ]\n'

describe('a start that can not be', () => {
  let dir: string
  let servers: Server[] = []
  beforeAll(async () => {
    dir = await makeTempDir()
  })
  afterEach(() => {
    killAll()
    for (const server of servers) server.close()
    servers = []
  })
  afterAll(() => rm(dir, { recursive: true, force: true }))

  async function attempt(command: string, { web, mqtt, more = '' }: { web?: number; mqtt?: number; more?: string } = {}) {
    const config = await writeConfig(join(dir, 'config'), {
      'jifang.yaml': `mqtt: { listen: "127.0.0.1:${mqtt ?? (await freePort())}" }\nagent: { name: box }\nweb: { listen: "127.0.0.1:${web ?? (await freePort())}" }\nlog: { level: warn }\n${more}`,
      'devices.yaml': DEVICES,
    })
    const data = join(dir, 'data')
    const program = jifang([command, '--config', config, '--data', data])
    const code = await program.exited
    return { code, err: lines(program.stderr()).filter((line) => line.startsWith('jifang:')), all: lines(program.stderr()), data }
  }

  it.each(['up', 'collector'])('%s: a taken web port is one line, and the next start finds nothing in its way', async (command) => {
    const port = await freePort()
    servers.push(await occupy(port))
    const { code, err, data } = await attempt(command, { web: port })
    expect([code, err]).toEqual([
      1,
      [
        `jifang: web.listen 127.0.0.1:${port} is taken by another program (a second jifang?); stop that one or change web.listen in jifang.yaml`,
      ],
    ])
    await expect(readFile(join(data, 'lock'))).rejects.toThrow('ENOENT')
  })

  it('up: a taken MQTT port is one line', async () => {
    const port = await freePort()
    servers.push(await occupy(port))
    const { code, err } = await attempt('up', { mqtt: port })
    expect([code, err.length]).toEqual([1, 1])
    expect(err[0]).toMatch(/^jifang: the embedded broker can't listen on 127\.0\.0\.1:\d+, the port is taken/)
  })

  it('a configuration with errors is not started: every error, and code 2', async () => {
    const { code, all } = await attempt('up', { more: 'colour: red\njournal: { max_bytes: lots }\n' })
    expect(code).toBe(2)
    expect(all.some((line) => /jifang\.yaml:5:1 colour: unknown key/.test(line))).toBe(true)
    expect(all.some((line) => /jifang\.yaml:6:\d+ journal\.max_bytes/.test(line))).toBe(true)
    expect(all.at(-1)).toMatch(/^jifang: the configuration in .* has errors; nothing was started/)
  })

  it('a secret that is not there is one line', async () => {
    const { code, err } = await attempt('collector', {
      more: 'influx: { version: 2, url: "http://127.0.0.1:9", org: o, bucket: b, token: "${env:NOBODY_SET_THIS}" }\n',
    })
    expect([code, err.length]).toEqual([1, 1])
    expect(err[0]).toContain('NOBODY_SET_THIS')
  })
})

describe('an end', () => {
  let dir: string
  beforeAll(async () => {
    dir = await makeTempDir()
  })
  afterAll(async () => {
    killAll()
    await rm(dir, { recursive: true, force: true })
  })

  it.each([
    ['agent', 'its broker is away', 'agent runs'],
    ['collector', 'broker and InfluxDB are away', 'collector runs'],
  ])(
    'of the %s comes within five seconds of Ctrl-C while %s',
    async (command, _, runs) => {
      const nobody = await freePort()
      const config = await writeConfig(join(dir, command), {
        'jifang.yaml': `mqtt: { url: "mqtt://127.0.0.1:${nobody}" }\nagent: { name: box }\nweb: { listen: "127.0.0.1:${await freePort()}" }\ninflux: { version: 1, url: "http://127.0.0.1:${nobody}", database: x }\n`,
        'devices.yaml': DEVICES,
      })
      const program: Program = jifang([command, '--config', config, '--data', join(dir, `${command}-data`)])
      await until(() => program.stderr().includes(runs), { timeoutMs: 20_000, what: `start: ${program.stderr()}` })
      await until(() => program.stderr().includes('no connection to the broker'), { timeoutMs: 10_000, what: 'the broker is missed' })
      const from = Date.now()
      program.interrupt()
      expect(await program.exited).toBe(0)
      expect(Date.now() - from).toBeLessThan(5000)
    },
    40_000,
  )
})

describe('a signal during the start', () => {
  it.each(['SIGHUP', 'SIGTERM'] as const)(
    '%s does not kill it: what was wished for comes when the start is done',
    async (signal) => {
      const dir = await makeTempDir()
      const config = await writeConfig(join(dir, 'config'), {
        'jifang.yaml': `mqtt: { url: "mqtt://127.0.0.1:${await freePort()}" }\nagent: { name: box }\nweb: { listen: "127.0.0.1:${await freePort()}" }\n`,
        'devices.yaml': DEVICES,
      })
      const program = jifang(['collector', '--config', config, '--data', join(dir, 'data')])
      await until(() => existsSync(join(dir, 'data', 'journal')), { everyMs: 1, timeoutMs: 20_000, what: 'the start has begun' })
      if (signal === 'SIGHUP') {
        program.hangUp()
        await until(() => program.stderr().includes('collector runs'), { timeoutMs: 20_000, what: 'it runs all the same' })
      }
      expect(await program.stop()).toBe(0)
      await rm(dir, { recursive: true, force: true })
    },
    40_000,
  )
})

describe('a changed configuration', () => {
  let room: RunningRoom
  beforeAll(async () => {
    room = await runningRoom()
  })
  afterAll(() => room?.close())

  const said = (text: string) => () => room.program.stderr().includes(text)
  const count = (text: string): number => room.program.stderr().split(text).length - 1

  it('with errors is told, and the old one stays', async () => {
    await room.write('devices.yaml', 'site: test\ndevices: [ { name: box, titel: x } ]\n')
    await until(said('the old one stays in force'), { what: 'refused' })
    expect(room.program.stderr()).toContain('did you mean')
    room.program.hangUp()
    await until(() => count('the old one stays in force') === 2, { what: 'refused again on SIGHUP' })
    expect((await room.api.device('box')).title).toBe('值班室主机')
  })

  it('restarts only the check that differs', async () => {
    const two = (interval: string, title: string): string =>
      `site: test\ndevices:\n  - { name: box, title: ${title}, class: host, checks: [ { kind: host, interval: 1s, timeout: 900ms }, { kind: tcp, address: 127.0.0.1, port: ${room.port}, interval: ${interval}, timeout: 500ms } ] }\n  - { name: rack, title: 机柜 A03, class: env }\n`
    await room.write('devices.yaml', two('1s', '主机一'))
    await until(async () => (await room.api.device('box')).checks.find(({ name }) => name === 'tcp')?.up === true, {
      what: 'the new check runs',
    })
    const before = count('check answers')
    await room.write('devices.yaml', two('2s', '主机二'))
    await until(async () => (await room.api.device('box')).title === '主机二', { what: 'the new title' })
    await until(() => count('check answers') > before, { what: 'the changed check starts anew' })
    const anew = room.program
      .stderr()
      .split('\n')
      .filter((line) => line.includes('check answers'))
      .slice(before)
    expect(anew.map((line) => JSON.parse(line).check)).toEqual(['tcp'])
  })

  it('of the rules takes effect by itself', async () => {
    await room.heat(60, 'raised')
    await room.write(
      'alarms.yaml',
      (await readFile(join(room.config, 'alarms.yaml'), 'utf8')).replace('"> 50"', '"> 65"').replace('"< 40"', '"< 62"'),
    )
    const ended = async (): Promise<boolean> => {
      await room.send('env,device=rack,point=T1 value=60')
      return (await room.api.alarms()).length === 0
    }
    await until(ended, { everyMs: 200, what: 'the alarm ends by the new rule' })
  })

  it('of jifang.yaml restarts what it touches: the console moves, the agent goes on', async () => {
    const file = join(room.config, 'jifang.yaml')
    const text = await readFile(file, 'utf8')
    const other = await freePort()
    const connects = count('configuration in force')
    await room.write('jifang.yaml', text.replace(`127.0.0.1:${room.port}`, `127.0.0.1:${other}`))
    await until(
      () =>
        fetch(`http://127.0.0.1:${other}/healthz`).then(
          (r) => r.ok,
          () => false,
        ),
      { what: 'the new port' },
    )
    await until(said('"part":"collector","msg":"restarted with its new settings"'), { what: 'told' })
    expect(room.program.stderr()).not.toContain('"part":"agent"')
    expect(count('configuration in force')).toBe(connects)
    expect((await room.run(['status'])).code).toBe(0) // the commands have found the new address
    await room.write('jifang.yaml', text)
    await room.api.ready()
  })

  it('that can not be taken over leaves everything as it was, and is tried again when it can', async () => {
    const file = join(room.config, 'jifang.yaml')
    const text = await readFile(file, 'utf8')
    const [taken, broker] = [await freePort(), await freePort()]
    const other = await occupy(taken)
    const failures = count('could not be taken over')
    await room.write(
      'jifang.yaml',
      text.replace(`127.0.0.1:${room.port}`, `127.0.0.1:${taken}`).replace(`127.0.0.1:${room.mqttPort}`, `127.0.0.1:${broker}`),
    )
    await until(() => count('could not be taken over') > failures, { what: 'told' })
    await room.api.ready()
    const seen = (await room.api.device('box')).last_seen ?? 0
    await until(async () => ((await room.api.device('box')).last_seen ?? 0) > seen, { what: 'data flows as before' })
    other.close()
    room.program.hangUp()
    await until(
      () =>
        fetch(`http://127.0.0.1:${taken}/readyz`).then(
          (r) => r.ok,
          () => false,
        ),
      { timeoutMs: 15_000, what: 'taken over' },
    )
    await room.write('jifang.yaml', text)
    await room.api.ready()
  }, 60_000)

  it('of a removed device withdraws its alarms', async () => {
    await room.heat(90, 'raised', 'T9')
    await room.write('devices.yaml', DEVICES)
    await until(async () => (await room.api.alarms('all')).find(({ instance }) => instance === 'point=T9')?.state === 'withdrawn', {
      what: 'withdrawn',
    })
  })
})
