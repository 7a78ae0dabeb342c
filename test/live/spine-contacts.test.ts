import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { events, jifang, killAll, type Program, room, writeConfig } from '../support/jifang.ts'
import { type Snmpd, startSnmpd } from '../support/snmpd.ts'
import { makeTempDir } from '../support/temp-dir.ts'
import { missing, which } from '../support/tools.ts'
import { until } from '../support/until.ts'

const BASE = '1.3.6.1.4.1.99999.1'
const STATION = `
rwcommunity hand 127.0.0.1
createUser siren SHA-256 "authpass256" AES "privpass256"
rwuser siren priv
override -rw ${BASE}.1.0 integer 0
override -rw ${BASE}.9.0 integer 0
`
const devices = (port: number): string => `site: test
defaults: { poller: box }
devices:
  - { name: box, class: host, checks: [ { kind: host, interval: 5s } ] }
  - name: station
    title: 环境监控主机
    class: env
    address: 127.0.0.1
    checks:
      - kind: contacts
        via: { snmp: { port: ${port}, user: siren, auth: { protocol: sha256, password: "\${env:AUTH}" }, privacy: { protocol: aes, password: "\${env:PRIVACY}" } } }
        points:
          - { name: SMK-01, title: 烟感 1, type: smoke, oid: ${BASE}.1.0, normal: 0, alarm: 1, on_delay: 1s, latch: true }
          - { name: SIREN-01, title: 警号, type: siren, oid: ${BASE}.9.0, normal: [0, 1], output: { oid: ${BASE}.9.0, on: 1, off: 0, max: 3s } }
`
const env = { AUTH: 'authpass256', PRIVACY: 'privpass256' }
const run = promisify(execFile)

describe.skipIf(missing('snmpd', 'snmpset', 'snmpget'))(
  'a contact of a station, from its SNMP object to the alarm and back to the siren',
  () => {
    let dir: string
    let station: Snmpd
    let port: number
    let up: Program
    let tail: Program

    const common = ['-v2c', '-chand', '-Oqv', '-m', '']
    const press = (value: number) =>
      run(which('snmpset') ?? 'snmpset', [...common, `127.0.0.1:${station.port}`, `${BASE}.1.0`, 'i', String(value)])
    const siren = async (): Promise<string> =>
      (await run(which('snmpget') ?? 'snmpget', [...common, `127.0.0.1:${station.port}`, `${BASE}.9.0`])).stdout.trim()
    const smoke = (kind: string) => events(tail).filter((event) => event.kind === kind && event.alarm.instance === 'point=SMK-01')
    const command = async (...args: string[]) => {
      const program = jifang([...args, '--url', `http://127.0.0.1:${port}`, '--data', join(dir, 'data')])
      return { code: await program.exited, stdout: program.stdout(), stderr: program.stderr() }
    }

    beforeAll(async () => {
      dir = await makeTempDir()
      station = await startSnmpd(STATION)
      port = await freePort()
      const config = await writeConfig(join(dir, 'config'), {
        'jifang.yaml': `mqtt: { listen: "127.0.0.1:${await freePort()}" }\nagent: { name: box }\nweb: { listen: "127.0.0.1:${port}" }\n`,
        'devices.yaml': devices(station.port),
      })
      up = jifang(['up', '--config', config, '--data', join(dir, 'data')], env)
      await until(() => up.stdout().includes('/api/v1/devices'), { timeoutMs: 20_000, what: `panel: ${up.stderr()}` })
      await room(port).ready()
      tail = jifang(['tail', '-f', '--json', '--url', `http://127.0.0.1:${port}`, '--data', join(dir, 'data')])
      const point = async () =>
        (await room(port).device('station')).values?.find(({ tags, field }) => tags.point === 'SMK-01' && field === 'state')
      await until(async () => (await point())?.value === 'normal', { timeoutMs: 20_000, what: 'the contact is read' })
    }, 60_000)

    afterAll(async () => {
      await tail?.stop()
      await up?.stop()
      killAll()
      await station?.close()
      if (dir) await rm(dir, { recursive: true, force: true })
    })

    it('smoke is an emergency in `tail -f`', async () => {
      await press(1)
      const [raised] = await until(() => smoke('raised').length > 0 && smoke('raised'), { timeoutMs: 10_000, what: 'the alarm' })
      expect(raised?.alarm).toMatchObject({ device: 'station', severity: 'emergency', state: 'firing', value: 'alarm' })
    }, 20_000)

    it('a person sounds the siren: on at once, off after its `max`, whatever was asked for', async () => {
      expect(await command('output', 'station', 'SIREN-01', 'on', '--for', '1h')).toMatchObject({ code: 0, stderr: '' })
      expect(await siren()).toBe('1')
      await until(async () => (await siren()) === '0', { timeoutMs: 8000, what: 'off after 3 s' })
      expect(await command('output', 'station', 'SIREN-01', 'on', '--for', '2s', '--lang', 'zh')).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('已接通'),
      })
      expect(await command('output', 'station', 'SIREN-01', 'off')).toMatchObject({ code: 0 })
      expect(await siren()).toBe('0')
    }, 30_000)

    it.each([
      [['station', 'SMK-01', 'on', '--for', '2s'], 1, 'station has no point SMK-01 with an output'],
      [['nobody', 'SIREN-01', 'on', '--for', '2s'], 1, 'no device is named nobody'],
      [['station', 'SIREN-01', 'on'], 2, 'say how long'],
      [['station', 'SIREN-01', 'up'], 2, 'must be on or off'],
    ])('refuses %j in one line', async (args, code, words) => {
      const answer = await command('output', ...args)
      expect(answer).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(words) })
      expect(answer.stderr.trim().split('\n')).toHaveLength(1)
    })

    it('without a token nobody switches anything', async () => {
      const url = `http://127.0.0.1:${port}/api/v1/devices/station/output`
      const answer = await fetch(url, { method: 'POST', body: JSON.stringify({ point: 'SIREN-01', on: true, seconds: 2 }) })
      expect(answer.status).toBe(401)
      expect(await siren()).toBe('0')
    })

    it('the alarm of a latched point outlives the smoke until a person resets it', async () => {
      await press(0)
      const state = async () => (await room(port).alarms()).find(({ instance }) => instance === 'point=SMK-01')
      await until(async () => (await state())?.condition === 'normal', { timeoutMs: 10_000, what: 'the smoke is gone' })
      expect(await state()).toMatchObject({ latched: true, state: 'firing' })
      expect(smoke('resolved')).toEqual([])
    }, 20_000)
  },
)
