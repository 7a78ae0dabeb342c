import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { silentLog } from '../../core/log/log.ts'
import { createModem } from '../../protocols/gsm/modem.ts'
import { encodeSubmit } from '../../protocols/gsm/pdu.ts'
import { openSerial } from '../../protocols/gsm/serial-transport.ts'
import { alarmEvent, appendEvents } from '../support/alarm-events.ts'
import { type PtyModem, startPtyModem } from '../support/pty-modem.ts'
import { tempDir } from '../support/temp-dir.ts'
import { missing } from '../support/tools.ts'
import { until } from '../support/until.ts'

const PHONE = '+8613800138000'
const RAISED = { to: PHONE, text: '【紧急】应用1 CPU 95% >90 07-21 14:05' }
const ENDED = { to: PHONE, text: '【恢复】应用1 CPU 60% 07-21 14:17 持续12分' }
/** Inside the project, so that the bundles find its packages. */
const BUNDLES = join('.tmp', `sms-${process.pid}`)

async function plugged(): Promise<PtyModem> {
  const pty = await startPtyModem()
  onTestFinished(() => pty.close())
  return pty
}

async function run(...args: readonly string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [join(BUNDLES, 'sms-command.mjs'), ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString()
  })
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, out, err }
}

describe.skipIf(missing('socat'))('a modem on a serial line', () => {
  beforeAll(async () => {
    await mkdir(BUNDLES, { recursive: true })
    const common = {
      bundle: true,
      platform: 'node',
      format: 'esm',
      packages: 'external',
      outdir: BUNDLES,
      outExtension: { '.js': '.mjs' },
    } as const
    await build({
      ...common,
      entryPoints: { 'notify-child': 'test/support/notify-child.ts', 'sms-command': 'test/support/sms-command.ts' },
    })
  })
  afterAll(() => rm(BUNDLES, { recursive: true, force: true }))

  test('takes a message through the real serial driver, and another after the plug was pulled', async () => {
    const pty = await plugged()
    const modem = createModem({ device: pty.device, bauds: [115_200], open: openSerial, log: silentLog, timing: { quietMs: 30 } })
    onTestFinished(() => modem.close())
    const [part] = encodeSubmit({ to: PHONE, text: '【紧急】烟感1 报警', statusReport: true })
    if (!part) throw new Error('no part')
    expect(await modem.sendPart(part)).toBe(1)
    await pty.unplug()
    await expect(modem.sendPart(part)).rejects.toThrow(/gone|No such file|no such file|cannot open/i)
    await pty.plug()
    expect(await modem.sendPart(part)).toBe(2)
    expect(pty.simulator.messages()).toHaveLength(2)
  })

  describe('kill -9 between beginning and end', () => {
    let child: ChildProcess | undefined
    const start = async (events: string, dir: string, device: string) => {
      const started = spawn(process.execPath, [join(BUNDLES, 'notify-child.mjs'), events, dir, device], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      child = started
      await new Promise((resolve) => started.stdout.once('data', resolve))
    }
    const kill = async () => {
      const running = child
      if (!running || running.exitCode !== null || running.signalCode !== null) return
      const ended = new Promise((resolve) => running.once('exit', resolve))
      running.kill('SIGKILL')
      await ended
    }

    test('changes nothing once the message was recorded', async () => {
      onTestFinished(kill)
      const pty = await plugged()
      const dir = await tempDir()
      const events = join(dir, 'alarms.jsonl')
      await start(events, join(dir, 'notify'), pty.device)
      await appendEvents(events, alarmEvent('raised'))
      await until(async () => (await readFile(join(dir, 'notify/outbox.jsonl'), 'utf8')).includes('"state":"sent"'), { what: 'recorded' })
      await kill()
      await appendEvents(events, alarmEvent('resolved', { value: 60 }))
      await start(events, join(dir, 'notify'), pty.device)
      await until(() => pty.simulator.messages().length === 2)
      expect(pty.simulator.messages()).toEqual([RAISED, ENDED])
    })

    test('between acceptance and record costs one duplicate at most, never the end', async () => {
      onTestFinished(kill)
      const pty = await plugged()
      const dir = await tempDir()
      const events = join(dir, 'alarms.jsonl')
      pty.simulator.answers.push({ kind: 'silent' })
      await start(events, join(dir, 'notify'), pty.device)
      await appendEvents(events, alarmEvent('raised'))
      await until(() => pty.simulator.messages().length === 1)
      await kill()
      await start(events, join(dir, 'notify'), pty.device)
      await until(() => pty.simulator.messages().length === 2, { what: 'the message in doubt again' })
      await until(async () => (await readFile(join(dir, 'notify/outbox.jsonl'), 'utf8')).includes('"state":"sent"'), { what: 'recorded' })
      await kill()
      await appendEvents(events, alarmEvent('resolved', { value: 60 }))
      await start(events, join(dir, 'notify'), pty.device)
      await until(() => pty.simulator.messages().length === 3)
      expect(pty.simulator.messages()).toEqual([RAISED, RAISED, ENDED])
    })
  })

  test('kill -9 again and again while alarms come and go: every beginning and every end arrives, with at most one message in doubt for each kill', {
    timeout: 40_000,
  }, async () => {
    const pty = await plugged()
    const dir = await tempDir()
    const events = join(dir, 'alarms.jsonl')
    const kills = 8
    let child: ChildProcess | undefined
    const kill = async () => {
      const running = child
      if (!running || running.exitCode !== null || running.signalCode !== null) return
      const ended = new Promise((resolve) => running.once('exit', resolve))
      running.kill('SIGKILL')
      await ended
    }
    onTestFinished(kill)
    const start = async () => {
      const started = spawn(process.execPath, [join(BUNDLES, 'notify-child.mjs'), events, join(dir, 'notify'), pty.device], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      child = started
      await new Promise((resolve) => started.stdout.once('data', resolve))
    }
    const count = (...texts: string[]) =>
      pty.simulator.messages().filter((message) => texts.some((text) => message.text.includes(text))).length
    const begun = (round: number) => count(`烟感${round} 95`)
    const ended = (round: number) => count(`烟感${round} 60`, `烟感${round}恢复`)
    const rounds = Array.from({ length: kills }, (_, round) => round)
    for (const round of rounds) {
      const over = { id: `alarm-${round}`, title: { zh: `烟感${round}`, en: 'smoke' } }
      // The modem answers late, so that kills also fall between its acceptance and the record.
      pty.simulator.answers.splice(0, Number.POSITIVE_INFINITY, { kind: 'accept', delayMs: 40 }, { kind: 'accept', delayMs: 40 })
      await start()
      await appendEvents(events, alarmEvent('raised', over))
      await until(() => begun(round) > 0, { what: `beginning of ${round}` })
      // 0 to 70 ms behind the acceptance: before, at and after the record of it.
      await new Promise((resolve) => setTimeout(resolve, round * 10))
      await kill()
      await appendEvents(events, alarmEvent('resolved', { ...over, value: 60 }))
    }
    await start()
    await until(() => rounds.every((round) => ended(round) > 0), { what: 'every end' })
    // An alarm that has ended is not begun again, and each kill leaves at most one message to be repeated.
    expect(rounds.map(begun)).toEqual(rounds.map(() => 1))
    expect(pty.simulator.messages().length).toBeLessThanOrEqual(3 * kills)
  })

  describe('jifang sms', () => {
    test('send tells parts and references', async () => {
      const pty = await plugged()
      const text = '测'.repeat(71)
      expect(await run('send', '--device', pty.device, '--lang', 'en', '+86 138-0013-8000', text)).toEqual({
        code: 0,
        out: 'part 1/2 (67 characters): accepted by the network, reference 1\npart 2/2 (4 characters): accepted by the network, reference 2\n',
        err: '',
      })
      expect(pty.simulator.messages()).toEqual([{ to: PHONE, text }])
    })

    test('send tells a refusal in words and exits 1', async () => {
      const pty = await plugged()
      pty.simulator.answers.push({ kind: 'cms', code: 8 })
      expect(await run('send', '--device', pty.device, PHONE, '你好')).toEqual({
        code: 1,
        out: '',
        err: expect.stringMatching(
          /^jifang sms: AT\+CMGS=\d+: \+CMS ERROR 8: barred by the operator \(arrears\?\) \/ 运营商禁止\(可能欠费\)\n$/,
        ),
      })
    })

    test('doctor looks and sends nothing', async () => {
      const pty = await plugged()
      const found = await run('doctor', '--device', pty.device, '--lang', 'zh')
      expect(found).toEqual({ code: 0, out: `短信猫 ${pty.device}: 已注册 (home network), 信号 -77 dBm: 可以发送短信\n`, err: '' })
      expect(pty.simulator.received).toEqual([])
    })

    test.each([
      [['send', '--device', '/dev/null', 'not-a-number', 'x'], '"not-a-number" is not a telephone number'],
      [['send', '--config', '/nonexistent', PHONE, 'x'], "can't be read: give --device PATH, or --config DIR"],
      [['send', '--device', '/dev/ttyX', '--baud', 'fast', PHONE, 'x'], '"fast" is not a speed'],
    ])('%o is bad usage', async (args, message) => {
      const { code, err } = await run(...args)
      expect(err).toContain(message)
      expect(code).toBe(2)
    })

    test('a device that is not there exits 1 and says which', async () => {
      const { code, err } = await run('send', '--device', '/dev/no-such-modem', PHONE, 'x')
      expect(err).toMatch(/\/dev\/no-such-modem.*No such file/)
      expect(code).toBe(1)
    })
  })
})
