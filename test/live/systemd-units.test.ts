import { execFile, spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createSdNotify } from '../../core/lifecycle/sd-notify.ts'
import { silentLog } from '../../core/log/log.ts'
import { CSV_ARGUMENTS } from '../../probes/ipmi/ipmi-sensors-csv.ts'
import { tempDir } from '../support/temp-dir.ts'
import { missing } from '../support/tools.ts'
import { until } from '../support/until.ts'

const run = promisify(execFile)
const units = ['jifang-agent', 'jifang-collector'] as const

describe.skipIf(missing('systemd-analyze', 'systemd-notify'))('systemd units', () => {
  it.each(units)('%s has no unknown or wrong line', async (unit) => {
    const dir = await tempDir()
    const text = await readFile(`systemd/${unit}.service`, 'utf8')
    // The program itself is not installed where tests run.
    await writeFile(join(dir, `${unit}.service`), text.replace('/usr/bin/jifang', process.execPath))
    const { stderr } = await run('systemd-analyze', ['verify', '--man=no', join(dir, `${unit}.service`)])
    expect(stderr).toBe('')
  })

  it.each(units)('%s is hardened', async (unit) => {
    const { stdout } = await run('systemd-analyze', ['security', '--offline=true', '--threshold=25', `systemd/${unit}.service`])
    expect(stdout).toMatch(/Overall exposure level for .*: [0-2]\.\d/)
  })

  it('the root timer for the management controller has no unknown or wrong line, is hardened, and calls the tool as the agent would', async () => {
    const dir = await tempDir()
    const text = await readFile('systemd/jifang-ipmi.service', 'utf8')
    // FreeIPMI need not be installed where tests run.
    await writeFile(join(dir, 'jifang-ipmi.service'), text.replace('/usr/sbin/ipmi-sensors', '/bin/true'))
    await writeFile(join(dir, 'jifang-ipmi.timer'), await readFile('systemd/jifang-ipmi.timer', 'utf8'))
    const { stderr } = await run('systemd-analyze', [
      'verify',
      '--man=no',
      join(dir, 'jifang-ipmi.service'),
      join(dir, 'jifang-ipmi.timer'),
    ])
    expect(stderr).toBe('')
    await run('systemd-analyze', ['security', '--offline=true', '--threshold=35', 'systemd/jifang-ipmi.service'])
    expect(text).toContain(CSV_ARGUMENTS.join(' '))
  })

  it.each(units)('%s tells systemd of its start and its progress', async (unit) => {
    const text = await readFile(`systemd/${unit}.service`, 'utf8')
    for (const line of [
      'Type=notify',
      'NotifyAccess=all',
      'WatchdogSec=120',
      'SystemCallFilter=@system-service @pkey',
      'DynamicUser=yes',
    ]) {
      expect(text.split('\n')).toContain(line)
    }
  })

  it.skipIf(missing('python3'))('the notifier reaches a real datagram socket', async () => {
    const dir = await tempDir()
    const path = join(dir, 'notify')
    const script =
      'import socket,sys\ns=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM)\ns.bind(sys.argv[1])\nprint("bound",flush=True)\nwhile True: print(repr(s.recv(4096)),flush=True)'
    const listener = spawn('python3', ['-c', script, path], { stdio: ['ignore', 'pipe', 'inherit'] })
    onTestFinished(() => void listener.kill())
    let heard = ''
    listener.stdout.on('data', (chunk: Buffer) => {
      heard += chunk.toString()
    })
    await until(() => heard.includes('bound'))
    const before = process.env.NOTIFY_SOCKET
    process.env.NOTIFY_SOCKET = path
    onTestFinished(() => {
      if (before === undefined) delete process.env.NOTIFY_SOCKET
      else process.env.NOTIFY_SOCKET = before
    })
    const notify = createSdNotify({ log: silentLog })
    await notify.ready(() => 1, '12 项检查')
    await notify.stopping()
    await until(() => heard.includes('STOPPING=1'))
    expect(heard).toContain('READY=1')
    expect(heard.indexOf('READY=1')).toBeLessThan(heard.indexOf('STOPPING=1'))
  })
})
