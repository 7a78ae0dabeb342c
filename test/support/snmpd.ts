import { type ChildProcess, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freeUdpPort } from './free-port.ts'
import { makeTempDir } from './temp-dir.ts'
import { which } from './tools.ts'
import { until } from './until.ts'

export interface Snmpd {
  readonly port: number
  /** kill -9; the device falls silent. */
  kill(): Promise<void>
  /** Again on the same port: engine boots goes up and sysUpTime starts over. */
  start(): Promise<void>
  /** Ends it and removes its files. */
  close(): Promise<void>
}

export const SNMPD_USERS = {
  sha256: { user: 'u256', auth: 'authpass256', privacy: 'privpass256' },
  sha512: { user: 'u512', auth: 'authpass512', privacy: 'privpass512' },
} as const

const CONF = `
rocommunity public 127.0.0.1
createUser u256 SHA-256 "authpass256" AES "privpass256"
createUser u512 SHA-512 "authpass512" AES "privpass512"
createUser uauth SHA "authpass001"
rouser u256 priv
rouser u512 priv
rouser uauth auth
sysName test-host
sysLocation lab
extend answer /bin/echo 42
`

/** Debian's snmpd on a free UDP port of 127.0.0.1, with a community and SNMPv3 users; `more` are further lines of its configuration. */
export async function startSnmpd(more = ''): Promise<Snmpd> {
  const dir = await makeTempDir()
  const port = await freeUdpPort()
  await mkdir(join(dir, 'state'))
  await writeFile(join(dir, 'snmpd.conf'), `agentaddress udp:127.0.0.1:${port}\n${CONF}${more}`)
  const program = which('snmpd') ?? 'snmpd'
  let child: ChildProcess | null = null

  async function start(): Promise<void> {
    const log = openSync(join(dir, 'log'), 'a')
    const args = ['-f', '-Lo', '-C', '-c', join(dir, 'snmpd.conf'), '-I', '-smux', '-p', join(dir, 'pid')]
    const started = spawn(program, args, {
      stdio: ['ignore', log, log],
      env: { PATH: process.env.PATH, MIBS: '', SNMP_PERSISTENT_DIR: join(dir, 'state') },
    })
    closeSync(log)
    child = started
    const ready = async (): Promise<boolean> => {
      if (started.exitCode !== null) throw new Error(`snmpd ended: ${readFileSync(join(dir, 'log'), 'utf8').slice(-1000)}`)
      return answers(port)
    }
    await until(ready, { timeoutMs: 15_000, what: 'snmpd answers' })
  }

  async function kill(): Promise<void> {
    const running = child
    child = null
    if (!running || running.exitCode !== null || running.signalCode !== null) return
    const gone = new Promise((resolve) => running.once('exit', resolve))
    running.kill('SIGKILL')
    await gone
  }

  await start()
  return {
    port,
    start,
    kill,
    async close() {
      await kill()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** A hand-made v2c GET of sysUpTime: independent of the code under test. */
const GET_UPTIME = Buffer.from('302602010104067075626c6963a019020101020100020100300e300c06082b060102010103000500', 'hex')

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4')
    const end = (value: boolean) => {
      clearTimeout(timer)
      socket.close()
      resolve(value)
    }
    const timer = setTimeout(() => end(false), 300)
    socket.once('message', () => end(true))
    socket.send(GET_UPTIME, port, '127.0.0.1')
  })
}
