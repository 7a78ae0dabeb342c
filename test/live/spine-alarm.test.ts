import { execFileSync } from 'node:child_process'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { events, jifang, killAll, type Program, room, writeConfig } from '../support/jifang.ts'
import { type PtyModem, startPtyModem } from '../support/pty-modem.ts'
import { makeTempDir } from '../support/temp-dir.ts'
import { missing } from '../support/tools.ts'
import { until } from '../support/until.ts'

const FOR_MS = 3000
const INTERVAL_MS = 1000

describe.skipIf(missing('socat') || process.getuid?.() !== 0)('a rule that becomes true, from the disk to the telephone', () => {
  let dir: string
  let mount: string
  let modem: PtyModem
  let port: number
  let args: string[]
  let up: Program
  let tail: Program

  const start = async (): Promise<void> => {
    up = jifang(['up', ...args])
    await until(() => up.stdout().includes('/api/v1/devices'), { timeoutMs: 20_000, what: `panel: ${up.stderr()}` })
    await room(port).ready()
  }
  const of = (kind: string) => events(tail).filter((event) => event.kind === kind && event.alarm.rule === 'room-full')
  const fill = (): Promise<void> => writeFile(join(mount, 'ballast'), Buffer.alloc(950 * 1024))

  beforeAll(async () => {
    dir = await makeTempDir()
    mount = join(dir, 'small')
    await mkdir(mount)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'jifang-test', mount])
    modem = await startPtyModem()
    port = await freePort()
    const config = await writeConfig(join(dir, 'config'), {
      'jifang.yaml': `mqtt: { listen: "127.0.0.1:${await freePort()}" }\nagent: { name: box }\nweb: { listen: "127.0.0.1:${port}" }\n`,
      'devices.yaml': `site: test\ndevices:\n  - name: box\n    title: 值班室主机\n    short: 值班室\n    class: host\n    checks: [ { kind: host, interval: 1s, timeout: 900ms } ]\n`,
      'alarms.yaml': `rules:\n  - name: room-full\n    title: { zh: "{path} 满", en: "{path} full" }\n    on: disk.used_percent\n    where: { path: ${mount} }\n    levels: [ { severity: emergency, fire: "> 90", clear: "< 50", for: ${FOR_MS}ms } ]\n`,
      'notify.yaml': `people: [ { name: zhang, title: 张工, phone: "+8613800138000", language: zh } ]\nchannels: [ { name: modem, kind: sms, device: ${modem.device}, reports: false } ]\nroutes: [ { severity: [emergency], to: [zhang], channels: [modem] } ]\n`,
    })
    args = ['--config', config, '--data', join(dir, 'data')]
    await start()
    tail = jifang(['tail', '-f', '--json', '--url', `http://127.0.0.1:${port}`, '--data', join(dir, 'data')])
    await until(async () => (await room(port).device('box')).values?.some((value) => value.tags.path === mount), {
      timeoutMs: 20_000,
      what: 'the small disk is measured',
    })
  }, 90_000)

  afterAll(async () => {
    await tail?.stop()
    await up?.stop()
    killAll()
    await modem?.close()
    if (mount) execFileSync('umount', ['-l', mount])
    if (dir) await rm(dir, { recursive: true, force: true })
  })

  it('is in `tail -f` within its `for` plus two seconds', async () => {
    const filled = Date.now()
    await fill()
    const [raised] = await until(() => of('raised').length > 0 && of('raised'), {
      timeoutMs: FOR_MS + INTERVAL_MS + 5000,
      what: 'raised in tail',
    })
    expect(raised?.alarm).toMatchObject({
      device: 'box',
      severity: 'emergency',
      state: 'firing',
      threshold: '> 90',
      title: { zh: `${mount} 满` },
    })
    expect(Number(raised?.alarm.value)).toBeGreaterThan(90)
    const seen = Date.now() - filled
    expect(seen).toBeGreaterThanOrEqual(FOR_MS)
    expect(seen).toBeLessThan(FOR_MS + INTERVAL_MS + 2000)
  })

  it('is on the telephone as one Chinese message', async () => {
    const [sms] = await until(() => modem.simulator.received.length > 0 && modem.simulator.received, { timeoutMs: 20_000, what: 'SMS' })
    expect(sms?.submit.to).toBe('+8613800138000')
    expect(sms?.submit.text).toMatch(/^【紧急】值班室 .* 满 9\d/)
  })

  it('is acknowledged by a named person', async () => {
    const [alarm] = await room(port).alarms()
    const ack = jifang([
      'ack',
      `#${alarm?.short_id}`,
      '-m',
      '去看',
      '--url',
      `http://127.0.0.1:${port}`,
      '--data',
      join(dir, 'data'),
      '--json',
    ])
    expect(await ack.exited).toBe(0)
    expect(JSON.parse(ack.stdout()).ack).toMatchObject({ by: 'local', severity: 'emergency' })
    await until(() => of('acknowledged').length === 1, { what: 'acknowledged in tail' })
  })

  it('survives kill -9: no second raise, and its end is told to the same number', async () => {
    await up.kill()
    await start()
    await rm(join(mount, 'ballast'))
    await until(() => of('resolved').length === 1, { timeoutMs: 20_000, what: 'resolved in tail' })
    expect(of('raised')).toHaveLength(1)
    expect(of('reopened')).toHaveLength(0)
    const messages = modem.simulator.received
    await until(() => messages.some(({ submit }) => submit.text.startsWith('【恢复】')), { timeoutMs: 20_000, what: 'SMS of the end' })
    expect(new Set(messages.map(({ submit }) => submit.to))).toEqual(new Set(['+8613800138000']))
    // the crash may have come between the modem's answer and its record: then, and only then, the raise is told twice
    expect(messages.filter(({ submit }) => submit.text.startsWith('【紧急】')).length).toBeLessThanOrEqual(2)
    expect(messages.filter(({ submit }) => submit.text.startsWith('【恢复】'))).toHaveLength(1)
  }, 60_000)

  it('refuses a second start in one line', async () => {
    const second = jifang(['up', ...args])
    expect(await second.exited).toBe(1)
    expect(second.stderr().trim().split('\n')).toHaveLength(1)
    expect(second.stderr()).toContain('already runs here')
  })

  it('stops within five seconds, and everything is in the store at the next start', async () => {
    const from = Date.now()
    expect(await up.stop()).toBe(0)
    expect(Date.now() - from).toBeLessThan(5000)
  })
})
