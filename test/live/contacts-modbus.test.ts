import { execFile, spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import * as v from 'valibot'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../core/lifecycle/clock.ts'
import { Counters } from '../../core/lifecycle/counters.ts'
import { silentLog } from '../../core/log/log.ts'
import { contacts } from '../../probes/contacts/contacts.ts'
import { type ContactsOptions, contactsKind } from '../../probes/contacts/options.ts'
import { openContactOutputs } from '../../probes/contacts/outputs.ts'
import type { Probe, Reading } from '../../probes/probe.ts'
import { probeDeps, target } from '../probes/deps.ts'
import { freePort } from '../support/free-port.ts'
import { type SerialLine, startSerialLine } from '../support/serial-pair.ts'
import { tempDir } from '../support/temp-dir.ts'
import { missing, which } from '../support/tools.ts'
import { until } from '../support/until.ts'

const POINTS = [
  { name: 'SMK-01', type: 'smoke', source: { fc: 2, address: 0 } },
  { name: 'SMK-02', type: 'smoke', source: { fc: 2, address: '2' } },
  { name: 'WTR-01', type: 'water', source: { fc: 3, address: 21, bit: 3 }, invert: true },
  { name: 'TMP-01', type: 'temperature', source: { fc: 3, address: 10, type: 'float' } },
  { name: 'TMP-02', type: 'temperature', source: { fc: 3, address: 12, type: 'float', word_order: 'little' } },
  { name: 'TMP-03', type: 'temperature', source: { fc: 3, address: 20, type: 's16' }, scale: 0.1 },
  { name: 'NUM', type: 'level', source: { fc: 3, address: 31, type: 'u32', one_based: true } },
  { name: 'INPUT', type: 'level', source: { fc: 4, address: 42 } },
]
const VALUES = { 'SMK-01': 0, 'SMK-02': 0, 'WTR-01': 1, 'TMP-01': 21.6, 'TMP-02': 21.6, 'TMP-03': -10, NUM: 65_538, INPUT: 42 }

interface Peer {
  stop(): Promise<void>
}

/** pymodbus: a device that shares no code with the library under test. */
async function startPeer(mode: 'tcp' | 'rtu', where: string, ready: () => Promise<boolean>): Promise<Peer> {
  const script = fileURLToPath(new URL('../support/modbus-station.py', import.meta.url))
  const child = spawn('/usr/bin/python3', [script, mode, where], { stdio: ['ignore', 'ignore', 'ignore'] })
  await until(
    async () => {
      if (child.exitCode !== null) throw new Error(`pymodbus ended with ${child.exitCode}`)
      return await ready()
    },
    { timeoutMs: 20_000, everyMs: 100, what: 'pymodbus answers' },
  )
  return {
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** What mbpoll (libmodbus) reads at one address. */
async function mbpoll(args: readonly string[], device: string): Promise<string> {
  const { stdout } = await promisify(execFile)(which('mbpoll') ?? 'mbpoll', ['-0', '-1', '-q', '-a', '7', ...args, device], {
    timeout: 5000,
  })
  return /^\[\d+\]:\s+(.*)$/m.exec(stdout)?.[1]?.trim() ?? ''
}

function open(modbus: object, points: readonly object[] = POINTS): Probe {
  const probe = contacts.create(
    target(),
    v.parse(contactsKind.options, { via: { modbus: { unit: 7, ...modbus } }, points }) as ContactsOptions,
    probeDeps(),
  )
  onTestFinished(() => probe.close?.())
  return probe
}
const run = (probe: Probe): Promise<Reading> => probe.run(AbortSignal.timeout(10_000))
const valuesOf = (reading: Reading) => Object.fromEntries(reading.samples.map(({ tags, fields }) => [tags.point, fields.value]))

const lacksPymodbus = (): boolean => {
  if (missing('pymodbus.server', 'pyserial-miniterm')) return true
  const { status } = spawnSync('/usr/bin/python3', ['-c', 'import pymodbus.server'])
  if (status !== 0 && process.env.CI === 'true') throw new Error('pymodbus can not be imported')
  return status !== 0
}

describe.skipIf(missing('mbpoll') || lacksPymodbus())('contacts over Modbus TCP from pymodbus, beside mbpoll', () => {
  let port: number
  let peer: Peer
  const ask = (...args: string[]) => mbpoll(['-m', 'tcp', '-p', String(port), ...args], '127.0.0.1')
  const start = () =>
    startPeer('tcp', String(port), () =>
      ask('-r', '0').then(
        () => true,
        () => false,
      ),
    )
  beforeAll(async () => {
    port = await freePort()
    peer = await start()
  }, 30_000)
  afterAll(() => peer.stop())

  it('reads the same values as mbpoll', async () => {
    const reading = await run(open({ tcp: `127.0.0.1:${port}`, request_timeout: '5s' }))
    expect(reading).toMatchObject({ reason: 'ok' })
    expect(valuesOf(reading)).toEqual(VALUES)
    expect(await ask('-r', '10', '-t', '4:float', '-B')).toBe('21.6')
    expect(await ask('-r', '12', '-t', '4:float')).toBe('21.6')
    expect(await ask('-r', '20')).toMatch(/^(-100|65436 \(-100\))$/)
    expect(await ask('-r', '30', '-t', '4:int', '-B')).toBe('65538')
    expect(await ask('-r', '42', '-t', '3')).toBe('42')
    expect(await ask('-r', '2', '-t', '1')).toBe('0')
  })

  it('an address that the device does not have is told in words', async () => {
    const reading = await run(open({ tcp: port, request_timeout: '5s' }, [{ name: 'A', source: { fc: 3, address: 400 } }]))
    expect(reading).toMatchObject({ reason: 'no_such', detail: expect.stringContaining('exception 2') })
  })

  it('a unit that nobody has is told in time', async () => {
    const started = Date.now()
    const reading = await run(open({ tcp: port, unit: 9, request_timeout: '300ms' }, POINTS.slice(0, 2)))
    expect(['timeout', 'unreachable', 'protocol']).toContain(reading.reason)
    expect(reading.samples.map(({ fields }) => fields.state)).toEqual(['unknown', 'unknown'])
    expect(Date.now() - started).toBeLessThan(1900)
  })

  it('comes back by itself after the gateway was killed', async () => {
    const probe = open({ tcp: port, request_timeout: '5s' }, POINTS.slice(0, 1))
    expect((await run(probe)).reason).toBe('ok')
    await peer.stop()
    const lost = await run(probe)
    expect(lost.reason).toBe('refused')
    expect(lost.samples[0]?.fields.state).toBe('unknown')
    peer = await start()
    expect((await run(probe)).samples[0]?.fields.state).toBe('normal')
  }, 30_000)

  it('switches a coil and a register only where writing is allowed', async () => {
    const output = async (given: object) => {
      const options = { via: { modbus: { unit: 7, tcp: port } }, points: [{ name: 'SIREN', type: 'siren', output: given }] }
      const check = { name: 'contacts', kind: 'contacts', interval_ms: 2000, timeout_ms: 1800, options }
      const opened = await openContactOutputs({
        devices: () => [{ name: 'env', title: 'env', class: 'env', checks: [check], address: '127.0.0.1' }],
        secrets: { resolve: (text) => text },
        counters: new Counters(),
        clock: systemClock,
        log: silentLog,
        file: `${await tempDir()}/outputs.json`,
      })
      onTestFinished(() => opened.close())
      return opened
    }
    const on = { device: 'env', point: 'SIREN', on: true, seconds: 60 }
    const signal = AbortSignal.timeout(5000)
    await expect((await output({ coil: 5 })).set(on, signal)).rejects.toThrow('needs `write: true`')
    expect(await ask('-r', '5', '-t', '0')).toBe('0')
    const coil = await output({ coil: 5, write: true })
    await coil.set(on, signal)
    expect(await ask('-r', '5', '-t', '0')).toBe('1')
    await coil.close()
    expect(await ask('-r', '5', '-t', '0')).toBe('0')
    const register = await output({ register: 50, write: true, on: 3, off: 4 })
    await register.set(on, signal)
    expect(await ask('-r', '50')).toBe('3')
    await register.set({ ...on, on: false }, signal)
    expect(await ask('-r', '50')).toBe('4')
  })
})

describe.skipIf(missing('mbpoll', 'socat') || lacksPymodbus())('contacts over Modbus RTU on a serial line', () => {
  let line: SerialLine
  let peer: Peer
  const ask = (...args: string[]) => mbpoll(['-m', 'rtu', '-b', '9600', '-P', 'none', ...args], line.near)
  beforeAll(async () => {
    line = await startSerialLine()
    peer = await startPeer('rtu', line.far, () =>
      ask('-r', '0').then(
        () => true,
        () => false,
      ),
    )
  }, 30_000)
  afterAll(async () => {
    await peer.stop()
    await line.close()
  })

  it('reads the same values as over TCP, and again after a silence', async () => {
    const probe = open({ serial: line.near, baud: 9600, request_timeout: '2s', retries: 0 })
    expect(valuesOf(await run(probe))).toEqual(VALUES)
    await peer.stop()
    expect(await run(probe)).toMatchObject({ reason: 'timeout' })
    peer = await startPeer('rtu', line.far, async () => (await run(probe)).reason === 'ok')
    expect((await run(probe)).reason).toBe('ok')
  }, 30_000)

  it('says why a port can not be opened', async () => {
    const probe = open({ serial: '/dev/no-such-port' }, POINTS.slice(0, 1))
    expect(await run(probe)).toMatchObject({ reason: 'unreachable', detail: expect.stringContaining('does not exist') })
  })
})
