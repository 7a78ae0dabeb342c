import { afterEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../../core/lifecycle/clock.ts'
import { silentLog } from '../../../core/log/log.ts'
import { reasonOf } from '../../../core/model/reason.ts'
import { createIpmiClient, type IpmiClient, type IpmiClientOptions } from '../../../protocols/ipmi/client.ts'
import { chooseSuites } from '../../../protocols/ipmi/login.ts'
import { pingBmc, pingBmcs } from '../../../protocols/ipmi/ping.ts'
import { createUdpHub } from '../../../protocols/ipmi/udp.ts'
import { type Bmc, type BmcOptions, startBmc } from '../../support/bmc.ts'
import { freeUdpPort } from '../../support/free-port.ts'
import { SIM_PASSWORD, SIM_USER } from '../../support/ipmi-sim.ts'
import { until } from '../../support/until.ts'

const ends: (() => Promise<unknown> | undefined)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

const hub = createUdpHub()
const GET_DEVICE_ID = { netFn: 6, command: 1 }
const soon = () => AbortSignal.timeout(5000)

async function bmc(options: BmcOptions = {}): Promise<Bmc> {
  const started = await startBmc(options)
  ends.push(() => started.close())
  return started
}

function client(port: number, options: Partial<IpmiClientOptions> = {}): IpmiClient {
  const all = {
    address: '127.0.0.1',
    port,
    username: SIM_USER,
    password: SIM_PASSWORD,
    privilege: 'user' as const,
    version: 'auto' as const,
    timeoutMs: 40,
    retries: 3,
  }
  const made = createIpmiClient({ ...all, suites: chooseSuites([17, 3], false), ...options }, { hub, clock: systemClock, log: silentLog })
  ends.push(() => made.close())
  return made
}

const failure = (promise: Promise<unknown>): Promise<{ reason: string; message: string }> =>
  promise.then(
    () => ({ reason: 'none', message: '' }),
    (error: Error) => ({ reason: reasonOf(error), message: error.message }),
  )

describe('opening a session', () => {
  test.each([
    ['suite 3', { suites: chooseSuites([3], false) }, 'RMCP+ suite 3'],
    ['suite 17', {}, 'RMCP+ suite 17'],
    ['IPMI 1.5', { version: '1.5' }, 'IPMI 1.5 MD5'],
    ['a weak suite when told to', { suites: chooseSuites([1], true) }, 'RMCP+ suite 1'],
    ['a higher privilege', { privilege: 'administrator' }, 'RMCP+ suite 17'],
  ] as const)('%s', async (_, options, protection) => {
    const target = await bmc({ suites: [1, 3, 17] })
    const one = client(target.port, options)
    expect(await one.call(GET_DEVICE_ID, soon())).toHaveLength(15)
    expect(one.protection).toBe(protection)
    await one.close()
    await until(() => target.sessions === 0, { what: 'the session is closed at the BMC' })
    expect(hub.links).toBe(0)
  })

  test('falls back to suite 3, and to IPMI 1.5 with or without signed messages', async () => {
    const three = client((await bmc({ suites: [3] })).port)
    await three.call(GET_DEVICE_ID, soon())
    expect(three.protection).toBe('RMCP+ suite 3')
    for (const perMessage of [true, false]) {
      const old = client((await bmc({ versions: ['1.5'], perMessage })).port)
      await old.call(GET_DEVICE_ID, soon())
      expect(old.protection).toMatch(perMessage ? /^IPMI 1.5 MD5$/ : /unsigned/)
    }
  })

  test('a BMC key (K_G) is used when given, and asked for when missing or wrong', async () => {
    const target = await bmc({ kg: 'the-bmc-key' })
    await client(target.port, { kg: 'the-bmc-key' }).call(GET_DEVICE_ID, soon())
    expect(await failure(client(target.port).call(GET_DEVICE_ID, soon()))).toMatchObject({
      reason: 'auth_failed',
      message: expect.stringContaining('kg'),
    })
    expect(await failure(client(target.port, { kg: 'wrong' }).call(GET_DEVICE_ID, soon()))).toMatchObject({ reason: 'auth_failed' })
  })

  test.each([
    ['wrong user, 2.0', { username: 'nobody' }, 'auth_failed', /wrong user/],
    ['wrong password, 2.0', { password: 'nope' }, 'auth_failed', /wrong password/],
    ['wrong user, 1.5', { username: 'nobody', version: '1.5' }, 'auth_failed', /wrong user/],
    ['wrong password, 1.5', { password: 'nope', version: '1.5' }, 'auth_failed', /wrong password/],
    ['no common cipher', { suites: chooseSuites([16], true) }, 'mismatch', /none of the cipher suites 16.*no matching cipher suite/],
  ] as const)('%s is told as such', async (_, options, reason, words) => {
    const told = await failure(client((await bmc()).port, options).call(GET_DEVICE_ID, soon()))
    expect(told).toEqual({ reason, message: expect.stringMatching(words) })
    expect(told.message).not.toContain('nope')
  })

  test('no answer, and a name that does not resolve', async () => {
    expect(await failure(client(await freeUdpPort()).call(GET_DEVICE_ID, soon()))).toEqual({
      reason: 'timeout',
      message: expect.stringMatching(/no answer from 127.0.0.1:\d+ to Get Channel Authentication Capabilities \(asked 4 times\)/),
    })
    expect(await failure(client(623, { address: 'no-such-bmc.invalid' }).call(GET_DEVICE_ID, soon()))).toMatchObject({ reason: 'dns' })
  })

  test('suites that protect nothing are refused unless configured', () => {
    for (const id of [0, 1, 2, 15, 16]) expect(() => chooseSuites([id], false)).toThrow(/allow_weak/)
    expect(() => chooseSuites([12], true)).toThrow(/not supported/)
  })
})

describe('an open session', () => {
  test('serves many requests, in order of their answers, with at most the window on the wire', async () => {
    const target = await bmc()
    const one = client(target.port, { window: 4 })
    let flying = 0
    let most = 0
    target.fault = (bytes, request) => {
      if (request?.command === 0x2d) most = Math.max(most, ++flying)
      return [{ bytes, afterMs: Math.random() * 10 }]
    }
    const read = async (number: number): Promise<number | undefined> => {
      const data = await one.call({ netFn: 4, command: 0x2d, data: Buffer.from([number]) }, soon())
      flying -= 1
      return data[0]
    }
    const raws = await Promise.all(Array.from({ length: 60 }, (_, i) => read((i % 9) + 1)))
    expect(raws).toEqual(Array.from({ length: 60 }, (_, i) => target.state.raw.get((i % 9) + 1)))
    expect(most).toBeLessThanOrEqual(4)
    expect(one.generation).toBe(1)
  })

  test('lost and duplicated answers are made up for; late ones are never taken for another', async () => {
    const target = await bmc()
    const one = client(target.port, { window: 4, timeoutMs: 15, retries: 6 })
    let n = 0
    target.fault = (bytes, request) => {
      if (request?.command !== 0x2d) return [{ bytes }]
      n += 1
      if (n % 5 === 0) return []
      if (n % 7 === 0) return [{ bytes }, { bytes }, { bytes, afterMs: 30 }]
      return [{ bytes, afterMs: n % 3 === 0 ? 25 : 0 }]
    }
    for (let round = 0; round < 20; round++) {
      const numbers = Array.from({ length: 9 }, (_, i) => i + 1)
      const raws = await Promise.all(numbers.map((number) => one.call({ netFn: 4, command: 0x2d, data: Buffer.from([number]) }, soon())))
      expect(raws.map((data) => data[0])).toEqual(numbers.map((number) => target.state.raw.get(number)))
    }
    expect(one.generation).toBe(1)
  })

  test('a BMC that forgot the session gets a new one, once', async () => {
    const target = await bmc()
    const one = client(target.port)
    await one.call(GET_DEVICE_ID, soon())
    target.reset()
    expect(await one.call(GET_DEVICE_ID, soon())).toHaveLength(15)
    expect([one.generation, target.sessions]).toEqual([2, 1])
  })

  test('node busy is waited for; busy for ever is told', async () => {
    const target = await bmc()
    const one = client(target.port)
    let busy = 3
    target.refuse = () => (busy-- > 0 ? 0xc0 : undefined)
    expect(await one.call(GET_DEVICE_ID, soon())).toHaveLength(15)
    target.refuse = () => 0xc0
    expect(await failure(one.call(GET_DEVICE_ID, AbortSignal.timeout(10_000)))).toMatchObject({
      reason: 'busy',
      message: expect.stringContaining('node busy'),
    })
  })

  test.each([
    ['replayed', (bytes: Buffer, last: Buffer | null) => last ?? bytes, /foreign session|replayed or out of sequence/],
    ['altered', (bytes: Buffer) => Buffer.from(bytes).fill(0x55, 20, 24), /bad integrity check/],
    ['truncated', (bytes: Buffer) => bytes.subarray(0, 30), /malformed|bad integrity check/],
  ])('answers that are %s are dropped, and the error says so', async (_, spoil, words) => {
    const target = await bmc()
    const one = client(target.port, { timeoutMs: 15 })
    let last: Buffer | null = null
    await one.call(GET_DEVICE_ID, soon())
    target.fault = (bytes, request) => {
      if (request?.command !== 0x2d) {
        last = bytes
        return [{ bytes }]
      }
      return [{ bytes: spoil(bytes, last) }]
    }
    await one.call(GET_DEVICE_ID, soon())
    const told = await failure(one.call({ netFn: 4, command: 0x2d, data: Buffer.from([1]) }, soon()))
    expect(told).toEqual({ reason: 'protocol', message: expect.stringMatching(words) })
  })

  test('sequence numbers outside of the window are dropped', async () => {
    const target = await bmc()
    const one = client(target.port, { timeoutMs: 15 })
    await one.call(GET_DEVICE_ID, soon())
    target.sequenceShift = 1000
    // The session is given up and a new one opened, whose first number is taken as it comes.
    expect(await one.call(GET_DEVICE_ID, soon())).toHaveLength(15)
    expect(one.generation).toBe(2)
  })

  test('is kept alive while idle', async () => {
    const target = await bmc()
    const one = client(target.port, { keepAliveMs: 20 })
    await one.call(GET_DEVICE_ID, soon())
    const before = target.requests
    await until(() => target.requests >= before + 3, { what: 'keep-alive requests' })
    expect(one.generation).toBe(1)
  })

  test('an aborted request ends at once and leaves nothing behind', async () => {
    const target = await bmc()
    const one = client(target.port, { timeoutMs: 5000 })
    await one.call(GET_DEVICE_ID, soon())
    target.fault = () => []
    const told = await failure(one.call(GET_DEVICE_ID, AbortSignal.timeout(20)))
    expect(told.reason).toBe('timeout')
    target.fault = null
    expect(await one.call(GET_DEVICE_ID, soon())).toHaveLength(15)
    await one.close()
    expect([hub.sockets, hub.links]).toEqual([0, 0])
  })
})

test('presence ping finds BMCs without logging in', async () => {
  const target = await bmc()
  expect(await pingBmc('127.0.0.1', { port: target.port })).toMatchObject({ address: '127.0.0.1', ipmi: true })
  expect(await pingBmcs(['127.0.0.1', '127.0.0.2'], { port: target.port, timeoutMs: 50 })).toHaveLength(1)
  expect(await pingBmc('127.0.0.1', { port: await freeUdpPort(), timeoutMs: 30, retries: 0 })).toBeNull()
})
