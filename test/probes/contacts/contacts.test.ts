import { createServer, type Server, type Socket } from 'node:net'
import modbusSerial from 'modbus-serial'
import * as v from 'valibot'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { runCheck } from '../../../agent/check-run.ts'
import { systemClock } from '../../../core/lifecycle/clock.ts'
import { Counters } from '../../../core/lifecycle/counters.ts'
import type { Sample } from '../../../core/model/sample.ts'
import { contacts } from '../../../probes/contacts/contacts.ts'
import { type ContactsOptions, contactsKind } from '../../../probes/contacts/options.ts'
import type { Probe, Reading } from '../../../probes/probe.ts'
import { decodeFrame, encodeFrame } from '../../../protocols/ydn23/codec.ts'
import { freePort } from '../../support/free-port.ts'
import { conformance } from '../conformance.ts'
import { probeDeps, target } from '../deps.ts'

/** Time as the test says. */
const time = { at: 0 }
const clock = { now: () => systemClock.now(), monotonic: () => time.at }

function open(options: object, over: { counters?: Counters } = {}): Probe {
  const parsed = v.parse(contactsKind.options, options) as ContactsOptions
  const probe = contacts.create(target({ intervalMs: 2000 }), parsed, probeDeps({ clock, ...over }))
  onTestFinished(() => probe.close?.())
  return probe
}

/** One run, `seconds` after the last. */
async function run(probe: Probe, seconds = 1): Promise<Reading> {
  time.at += seconds * 1000
  return await probe.run(AbortSignal.timeout(10_000))
}

const state = (reading: Reading, point: string): unknown => env(reading, point)?.fields.state
const env = (reading: Reading, point: string): Sample | undefined => reading.samples.find((sample) => sample.tags.point === point)

/** The server that comes with modbus-serial. Addresses above 500 don't exist. */
class Station {
  readonly registers = new Map<number, number>()
  readonly bits = new Map<number, boolean>()
  readonly requests: string[] = []
  port = 0
  running = 0
  most = 0
  #server: InstanceType<typeof modbusSerial.ServerTCP> | null = null

  async start(port?: number): Promise<void> {
    this.port = port ?? (await freePort())
    const many = (from: number, length: number, unit: number, answer: (error: Error | null, values: number[]) => void): void => {
      this.requests.push(`${unit}:${from}+${length}`)
      this.most = Math.max(this.most, ++this.running)
      setTimeout(() => {
        this.running--
        const values = Array.from({ length }, (_, at) => this.registers.get(from + at) ?? 0)
        answer(from + length > 501 ? Object.assign(new Error('none'), { modbusErrorCode: 2 }) : null, values)
      }, 5)
    }
    const vector = {
      getMultipleHoldingRegisters: many,
      // The server asks for a single one here.
      getHoldingRegister: (address: number, unit: number, answer: (error: Error | null, value: number) => void) =>
        many(address, 1, unit, (error, [value = 0]) => answer(error, value)),
      getCoil: (address: number) => this.bits.get(address) ?? false,
      getDiscreteInput: (address: number) => this.bits.get(address) ?? false,
    }
    this.#server = new modbusSerial.ServerTCP(vector, { host: '127.0.0.1', port: this.port, unitID: 255 })
    await new Promise((resolve) => this.#server?.on('initialized', () => resolve(null)))
  }

  stop(): Promise<void> {
    const server = this.#server
    for (const socket of server?.socks.keys() ?? []) socket.destroy()
    return new Promise((resolve) => (server ? server.close(() => resolve()) : resolve()))
  }
}

const SMOKE = { name: 'SMK-01', type: 'smoke', zone: 'room-a', source: { fc: 2, address: 3 } }
const HEAT = { name: 'TMP-01', type: 'temperature', source: { fc: 3, address: 10, type: 'float' }, min: -20, max: 80 }

describe('contacts over Modbus TCP', () => {
  let station: Station
  beforeEach(async () => {
    station = new Station()
    await station.start()
    time.at = 0
  })
  afterEach(() => station.stop())
  const via = (over: object = {}) => ({ modbus: { tcp: station.port, request_timeout: '3s', ...over } })

  conformance('contacts', {
    kind: contacts,
    spec: contactsKind,
    good: async () => ({ options: { via: via(), points: [SMOKE, HEAT] } }),
    silent: async () => ({ options: { via: { modbus: { tcp: await silentPort(), request_timeout: '5s' } }, points: [SMOKE] } }),
  })

  it('confirms smoke after a second and tells it with zone, state and code', async () => {
    const probe = open({ via: via(), points: [SMOKE] })
    expect(state(await run(probe), 'SMK-01')).toBe('normal')
    station.bits.set(3, true)
    const seen = await run(probe, 20)
    expect(state(seen, 'SMK-01')).toBeUndefined()
    expect(seen.againMs).toBe(1000)
    const confirmed = await run(probe)
    expect(env(confirmed, 'SMK-01')).toMatchObject({
      measurement: 'env',
      tags: { point: 'SMK-01', type: 'smoke', zone: 'room-a' },
      fields: { state: 'alarm', state_code: 1, value: 1, raw: 1 },
    })
    expect(confirmed.againMs).toBeUndefined()
  })

  it('reads neighbours in one request', async () => {
    const points = Array.from({ length: 20 }, (_, at) => ({ name: `P-${at}`, source: { fc: 3, address: 100 + at * 2 } }))
    const probe = open({ via: via(), points })
    expect((await run(probe)).samples).toHaveLength(20)
    expect(station.requests).toEqual(['1:100+39'])
  })

  it('reads one point that the device does not have apart from its neighbours', async () => {
    const points = [499, 500, 501].map((address) => ({ name: `R-${address}`, source: { fc: 3, address } }))
    const probe = open({ via: via(), points })
    const reading = await run(probe)
    expect([499, 500, 501].map((address) => state(reading, `R-${address}`))).toEqual(['normal', 'normal', 'unknown'])
    expect(reading).toMatchObject({ reason: 'partial', detail: expect.stringContaining('no such address') })
    expect(reading.groups).toEqual([{ name: 'R-501', reason: 'no_such', detail: expect.any(String) }])
  })

  it('never lets an impossible value become a number', async () => {
    const probe = open({ via: via(), points: [HEAT] })
    station.registers.set(10, 0x41ac).set(11, 0xcccd)
    expect(env(await run(probe), 'TMP-01')?.fields).toMatchObject({ state: 'normal', temperature_celsius: 21.6, value: 21.6 })
    station.registers.set(10, 0x447a)
    await run(probe, 10)
    expect(env(await run(probe), 'TMP-01')?.fields).toEqual({ state: 'fault', state_code: 2, raw: expect.any(Number) })
    station.registers.set(10, 0x7fc0)
    const reading = await run(probe)
    expect(env(reading, 'TMP-01')?.fields).toEqual({ state: 'unknown', state_code: 3 })
    expect(reading.reason).toBe('bad_value')
  })

  it('two checks on one gateway share a connection and never ask at once', async () => {
    const counters = new Counters()
    const registers = (unit: number) =>
      Array.from({ length: 3 }, (_, at) => ({ name: `U${unit}-${at}`, source: { fc: 3, address: at * 100 } }))
    const probes = [1, 2, 3].map((unit) => open({ via: via({ unit }), points: registers(unit) }, { counters }))
    const readings = await Promise.all(probes.map((probe) => run(probe)))
    for (const reading of readings) expect(reading.reason).toBe('ok')
    expect(station.requests).toHaveLength(9)
    expect(station.most).toBe(1)
  })

  it('a gateway that goes away: unknown at once, and back when it is back', async () => {
    const probe = open({ via: via(), points: [SMOKE] })
    station.bits.set(3, true)
    await run(probe)
    expect(state(await run(probe), 'SMK-01')).toBe('alarm')
    await station.stop()
    const lost = await run(probe)
    expect(state(lost, 'SMK-01')).toBe('unknown')
    expect(lost.reason).toBe('refused')
    await station.start(station.port)
    const back = await run(probe)
    expect(state(back, 'SMK-01')).toBe('alarm')
    expect(back.reason).toBe('ok')
  })

  it('a gateway that falls silent: unknown within the deadline, whatever the state was', async () => {
    const port = await silentPort()
    const probe = open({ via: { modbus: { tcp: port, request_timeout: '300ms' } }, points: [SMOKE, HEAT] })
    const started = performance.now()
    const check = await runCheck(
      { site: 's', device: 'env', check: 'contacts', kind: 'contacts' },
      () => probe,
      { timeoutMs: 1800 },
      systemClock,
    )
    expect(performance.now() - started).toBeLessThan(1800)
    expect(check.reason).toBe('timeout')
    const states = check.samples.filter((sample) => sample.measurement === 'env').map((sample) => sample.fields.state)
    expect(states).toEqual(['unknown', 'unknown'])
  })

  it('holds a state for `stale` and then gives it up', async () => {
    const probe = open({ via: via(), points: [{ ...SMOKE, stale: '5s' }] })
    await run(probe)
    await station.stop()
    const held = await run(probe, 3)
    expect(state(held, 'SMK-01') ?? 'normal').toBe('normal')
    expect(held.reason).toBe('refused')
    expect(state(await run(probe, 3), 'SMK-01')).toBe('unknown')
  })
})

describe('contacts over YD/T 1363', () => {
  const points = [
    { name: 'WTR-01', type: 'water', source: { cid1: '60', cid2: '44', offset: 1 }, normal: 0, alarm: [1, 2], fault: 3, on_delay: '2s' },
    { name: 'WTR-02', type: 'water', source: { cid1: '60', cid2: '44', offset: 2 } },
    { name: 'TMP-01', type: 'temperature', source: { cid1: '60', cid2: '41', offset: 1 } },
    { name: 'DOOR', type: 'door', source: { cid1: '60', cid2: '43', offset: 1, bit: 2 } },
  ]

  it('asks each command once and reads all points from the answers', async () => {
    const station = await startYdnStation()
    time.at = 0
    const probe = open({ via: { ydn23: { tcp: station.port, address: 3, version: '20', request_timeout: '3s' } }, points })
    const reading = await run(probe)
    expect(reading.reason).toBe('ok')
    expect(station.asked).toEqual(['~2003604400', '~2003604100', '~2003604300'].map((head) => expect.stringContaining(head)))
    expect(['WTR-01', 'WTR-02', 'DOOR'].map((point) => state(reading, point))).toEqual(['normal', 'normal', 'normal'])
    expect(env(reading, 'TMP-01')?.fields.temperature_celsius).toBe(21.6)
    station.info['44'] = '000100'
    const seen = []
    for (let second = 0; second < 4; second++) seen.push(state(await run(probe, 1), 'WTR-01'))
    expect(seen.at(-1)).toBe('alarm')
    expect(seen.slice(0, 2)).not.toContain('alarm')
  })

  it.each([
    ['RTN 04', { rtn: 4 }, 'no_such', 'does not know this command'],
    ['RTN 02', { rtn: 2 }, 'protocol', 'found the checksum wrong'],
    ['a broken checksum', { spoil: true }, 'protocol', 'wrong checksum'],
    ['another address', { address: 9 }, 'protocol', 'address 9 answered'],
    ['silence', { silent: true }, 'timeout', 'no answer'],
  ])('%s is told in words and no point is normal', async (_, faults, reason, words) => {
    const station = await startYdnStation(faults)
    const probe = open({ via: { ydn23: { tcp: station.port, address: 3, request_timeout: '700ms' } }, points: points.slice(0, 2) })
    const reading = await run(probe)
    expect(reading).toMatchObject({ reason, detail: expect.stringContaining(words) })
    expect(reading.samples.map((sample) => sample.fields.state)).toEqual(['unknown', 'unknown'])
  })

  it('hears its own echo on a two-wire line', async () => {
    const station = await startYdnStation({ echo: true })
    const probe = open({ via: { ydn23: { tcp: station.port, address: 3, request_timeout: '3s' } }, points: points.slice(0, 1) })
    expect((await run(probe)).reason).toBe('ok')
  })
})

interface YdnFaults {
  readonly rtn?: number
  readonly spoil?: boolean
  readonly address?: number
  readonly silent?: boolean
  readonly echo?: boolean
}

/** A station on a TCP port. Its INFO by CID2, in hex, DATAFLAG first. */
async function startYdnStation(faults: YdnFaults = {}) {
  const asked: string[] = []
  const info: Record<string, string> = { 41: '00cdccac41', 43: '0003', 44: '000000' }
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.on('data', (bytes) => {
      const decoded = decodeFrame(bytes)
      if (decoded.kind !== 'frame' || faults.silent) return
      asked.push(bytes.toString('latin1'))
      const { version, address, cid1, cid2 } = decoded.frame
      const answer = encodeFrame({
        version,
        address: faults.address ?? address,
        cid1,
        cid2: faults.rtn ?? 0,
        info: faults.rtn ? new Uint8Array() : Buffer.from(info[cid2.toString(16)] ?? '', 'hex'),
      })
      if (faults.spoil) answer[5] = (answer[5] ?? 0) ^ 1
      if (faults.echo) socket.write(bytes)
      // In two pieces, as serial servers deliver it.
      socket.write(answer.subarray(0, 7))
      setTimeout(() => socket.write(answer.subarray(7)), 5)
    })
  })
  return { asked, info, port: await listening(server) }
}

/** Accepts and never answers. */
const silentPort = (): Promise<number> => listening(createServer((socket) => socket.on('error', () => socket.destroy()).resume()))

async function listening(server: Server): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}
