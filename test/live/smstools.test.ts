import { spawn } from 'node:child_process'
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startPtyModem } from '../support/pty-modem.ts'
import { tempDir } from '../support/temp-dir.ts'
import { missing, which } from '../support/tools.ts'
import { until } from '../support/until.ts'

const FOLDERS = ['outgoing', 'checked', 'incoming', 'sent', 'failed'] as const

function configuration(dir: string, device: string): string {
  const folders = FOLDERS.map((name) => `${name} = ${join(dir, name)}`)
  return [
    'devices = GSM1',
    ...folders,
    `logfile = ${join(dir, 'smsd.log')}`,
    `infofile = ${join(dir, 'smsd.working')}`,
    `pidfile = ${join(dir, 'smsd.pid')}`,
    `stats = ${dir}`,
    'loglevel = 7',
    'delaytime = 1',
    'errorsleeptime = 1',
    'autosplit = 3',
    '[GSM1]',
    `device = ${device}`,
    'init = AT+CNMI=2,1,0,0,0',
    'incoming = yes',
    'baudrate = 115200',
    'rtscts = no',
    'memory_start = 1',
    'decode_unicode_text = no',
    '',
  ].join('\n')
}

/** smsd drives the simulator, as any program on the market would drive a modem. */
async function startSmsd() {
  const pty = await startPtyModem()
  onTestFinished(() => pty.close())
  const dir = await tempDir()
  for (const folder of FOLDERS) await mkdir(join(dir, folder))
  await writeFile(join(dir, 'smsd.conf'), configuration(dir, pty.device))
  const child = spawn(which('smsd') ?? 'smsd', ['-t', '-c', join(dir, 'smsd.conf')], { stdio: 'ignore', detached: true })
  onTestFinished(async () => {
    if (child.exitCode !== null || child.pid === undefined) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    process.kill(-child.pid, 'SIGKILL')
    await ended
  })
  const log = () => readFile(join(dir, 'smsd.log'), 'utf8').catch(() => '')
  return { pty, dir, log }
}

/** Written beside and moved in, as smsd wants it. */
async function post(dir: string, name: string, head: string, body: Buffer): Promise<void> {
  await writeFile(join(dir, name), Buffer.concat([Buffer.from(`${head}\n\n`), body]))
  await rename(join(dir, name), join(dir, 'outgoing', name))
}

const ucs2 = (text: string) => Buffer.from(text, 'utf16le').swap16()

describe.skipIf(missing('smsd', 'socat'))('the modem simulator, driven by smstools', () => {
  test('takes Chinese, long and plain messages and hands one over', { timeout: 40_000 }, async () => {
    const { pty, dir, log } = await startSmsd()
    const long = '机房环境监控系统短信通道测试。'.repeat(8)
    await post(dir, 'one', 'To: 8613800138000\nAlphabet: UCS', ucs2('【紧急】烟感1 报警'))
    await post(dir, 'two', 'To: 8613900139000\nAlphabet: UCS', ucs2(long))
    await post(dir, 'three', 'To: 8613800138000', Buffer.from('UPS on battery {95%} @ 14:05'))
    try {
      await until(async () => (await readdir(join(dir, 'sent'))).length === 3, { timeoutMs: 25_000, what: 'three messages in sent/' })
    } catch (error) {
      throw new Error(`${String(error)}\n${await log()}`)
    }
    const got = pty.simulator.messages().sort((a, b) => a.text.length - b.text.length)
    expect(got).toEqual([
      { to: '+8613800138000', text: '【紧急】烟感1 报警' },
      { to: '+8613800138000', text: 'UPS on battery {95%} @ 14:05' },
      { to: '+8613900139000', text: long },
    ])
    expect(pty.simulator.received.map((received) => received.submit.concat?.total ?? 1)).toContain(2)

    pty.simulator.receive('+8613700137000', '1 确认')
    await until(async () => (await readdir(join(dir, 'incoming'))).length === 1, { timeoutMs: 20_000, what: 'a message in incoming/' })
    const [name = ''] = await readdir(join(dir, 'incoming'))
    const file = await readFile(join(dir, 'incoming', name))
    expect(file.toString('latin1')).toContain('From: 8613700137000')
    expect(file.includes(ucs2('1 确认'))).toBe(true)
    await until(() => pty.simulator.stored === 0, { what: 'deleted from the SIM' })
  })

  test('a refusal of the network is what smsd says it is', { timeout: 40_000 }, async () => {
    const { pty, dir, log } = await startSmsd()
    pty.simulator.answers.push({ kind: 'cms', code: 30 }, { kind: 'cms', code: 30 }, { kind: 'cms', code: 30 })
    await post(dir, 'bad', 'To: 8613800138000\nAlphabet: UCS', ucs2('测试'))
    await until(async () => /CMS ERROR: 30/.test(await log()), { timeoutMs: 25_000, what: 'the error in the log of smsd' })
    expect(await log()).toMatch(/Unknown Subscriber/i)
  })
})
