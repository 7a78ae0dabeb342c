import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeTempDir } from '../support/temp-dir.ts'
import { missing } from '../support/tools.ts'
import { until } from '../support/until.ts'

const run = promisify(execFile)
const built = existsSync('dist/cli/main.js') && process.platform === 'linux' && process.getuid?.() === 0

// A real systemd as PID 1 of a container over this very file system (an overlay: nothing is written to it).
describe.skipIf(!built || missing('systemd-nspawn', 'nsenter'))('jifang-agent.service under a real systemd', () => {
  let dir: string
  let root: string
  let container: ChildProcess
  let init: string

  const inside = async (...command: string[]): Promise<string> => {
    const { stdout } = await run('nsenter', ['-t', init, '-m', '-u', '-i', '-n', '-p', ...command]).catch(
      (error: { stdout: string }) => error,
    )
    return stdout.trim()
  }
  /** Values of one moment, in the order asked for. */
  const show = async (...properties: string[]): Promise<string[]> => {
    const lines = (await inside('systemctl', 'show', '-p', properties.join(','), 'jifang-agent')).split('\n')
    return properties.map((property) => lines.find((line) => line.startsWith(`${property}=`))?.slice(property.length + 1) ?? '')
  }

  beforeAll(async () => {
    dir = await makeTempDir()
    await run('mount', ['-t', 'tmpfs', 'tmpfs', dir])
    for (const name of ['upper', 'work', 'root']) await mkdir(join(dir, name))
    root = join(dir, 'root')
    await run('mount', ['-t', 'overlay', 'overlay', '-o', `lowerdir=/,upperdir=${dir}/upper,workdir=${dir}/work`, root])
    await install(root)
    const args = ['--register=no', '--keep-unit', '-D', root, '--private-network', '--console=pipe', '-b', 'systemd.unit=basic.target']
    container = spawn('systemd-nspawn', args, { stdio: 'ignore' })
    init = await until(() => firstProcessOf(container.pid), { what: 'the container has a first process' })
    await until(async () => /running|degraded/.test(await inside('systemctl', 'is-system-running')), {
      timeoutMs: 30_000,
      what: 'it has booted',
    })
  })

  afterAll(async () => {
    if (container && container.exitCode === null) {
      const ended = new Promise((done) => container.once('exit', done))
      // Halts a systemd that is PID 1 (systemd(1), SIGRTMIN+4).
      if (init) await inside('kill', '-s', 'RTMIN+4', '1')
      const force = setTimeout(() => container.kill('SIGKILL'), 10_000)
      await ended
      clearTimeout(force)
    }
    await run('umount', [join(root, 'opt/jifang/node_modules')]).catch(() => undefined)
    await run('umount', [root]).catch(() => undefined)
    await run('umount', [dir]).catch(() => undefined)
    // Fails on a mount that would not go, rather than deleting through it.
    await rmdir(dir)
  })

  it('is ready when it says so, as a user of its own, and may ping', async () => {
    await inside('systemctl', 'start', 'jifang-agent')
    const [state, pid] = await show('ActiveState', 'MainPID')
    expect(state, await inside('journalctl', '-u', 'jifang-agent', '--no-pager')).toBe('active')
    expect(await inside('stat', '-c', '%U', `/proc/${pid}`)).toBe('jifang-agent')
    const log = () => inside('journalctl', '-u', 'jifang-agent', '--no-pager', '-o', 'cat')
    const said = await until(async () => ((await log()).match(/"check":"ping".*/) ?? [])[0], {
      timeoutMs: 20_000,
      what: 'a ping',
    })
    expect(said).toContain('check answers')
    expect(await inside('stat', '-c', '%a', '/var/lib/private/jifang-agent')).toBe('750')
  })

  it('comes back after kill -9', async () => {
    const [before = ''] = await show('MainPID')
    const restarts = Number((await show('NRestarts'))[0])
    // 0 would be the process group of the test itself.
    expect(Number(before)).toBeGreaterThan(1)
    await inside('kill', '-9', before)
    const restarted = async () => {
      const [state, pid] = await show('ActiveState', 'MainPID')
      return state === 'active' && pid !== '0' && pid !== before
    }
    await until(restarted, { timeoutMs: 20_000, what: 'restarted' })
    expect(await show('NRestarts')).toEqual([`${restarts + 1}`])
  })

  it('stops cleanly', async () => {
    await inside('systemctl', 'stop', 'jifang-agent')
    expect(await show('Result', 'ActiveState')).toEqual(['success', 'inactive'])
  })
})

/** The built program, a small configuration and the unit as shipped. */
async function install(root: string): Promise<void> {
  const home = join(root, 'opt/jifang')
  await mkdir(home, { recursive: true })
  for (const name of ['dist', 'config', 'package.json']) await cp(name, join(home, name), { recursive: true })
  // Bound, not linked: the service may not see the home folder that a clone can stand in.
  await mkdir(join(home, 'node_modules'))
  await run('mount', ['--bind', resolve('node_modules'), join(home, 'node_modules')])
  const start = `#!/bin/sh\nexec ${process.execPath} /opt/jifang/dist/cli/main.js "$@"\n`
  await writeFile(join(root, 'usr/bin/jifang'), start, { mode: 0o755 })
  await rm(join(root, 'etc/jifang'), { recursive: true, force: true })
  await mkdir(join(root, 'etc/jifang'), { recursive: true })
  await writeFile(join(root, 'etc/jifang/jifang.yaml'), 'agent: { name: box }\nmqtt: { url: "mqtt://127.0.0.1:1883" }\n')
  const checks = 'checks: [ { kind: host }, { kind: ping, interval: 15s } ]'
  const device = `{ name: box, title: 本机, class: host, address: 127.0.0.1, ${checks} }`
  await writeFile(join(root, 'etc/jifang/devices.yaml'), `site: lab\ndevices:\n  - ${device}\n`)
  await cp('systemd/jifang-agent.service', join(root, 'etc/systemd/system/jifang-agent.service'))
}

/** systemd-nspawn's child that is systemd, seen from outside of the container. */
async function firstProcessOf(parent: number | undefined): Promise<string | null> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const [, name, ppid] = /^\d+ \((.*)\) \S (\d+)/s.exec(await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')) ?? []
    if (name === 'systemd' && Number(ppid) === parent) return pid
  }
  return null
}
