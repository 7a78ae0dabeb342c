import { createSocket } from 'node:dgram'
import * as v from 'valibot'
import { describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../../core/lifecycle/clock.ts'
import { Counters } from '../../../core/lifecycle/counters.ts'
import type { Varbind } from '../../../core/profile/varbind.ts'
import { accessEntries, accessWarning, credentialsOf } from '../../../protocols/snmp/access.ts'
import { openSnmpDevice } from '../../../protocols/snmp/device.ts'
import { createResponder, type Responder } from '../../../protocols/snmp/responder.ts'
import { startSimulator } from '../../../protocols/snmp/simulator.ts'
import { parseRecording } from '../../../protocols/snmp/snmprec.ts'
import { createSnmpSockets } from '../../../protocols/snmp/sockets.ts'

const access = (over: Record<string, unknown> = {}) =>
  v.parse(v.strictObject(accessEntries), { community: 'public', request_timeout: '150ms', ...over })
const system = '1.3.6.1.2.1.1.1.0|4|box\n1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.99\n1.3.6.1.2.1.1.3.0|67|100\n'
const rows = (column: number, count: number) => Array.from({ length: count }, (_, i) => `1.3.6.1.9.1.${column}.${i + 1}|2|${i}`).join('\n')
const table = parseRecording(`${system}${rows(1, 300)}\n${rows(2, 300)}\n${rows(3, 7)}`).varbinds

function open(port: number, over: Record<string, unknown> = {}) {
  const counters = new Counters()
  const sockets = createSnmpSockets({ counters, perFamily: 1 })
  const device = openSnmpDevice({ address: '127.0.0.1', access: access({ port, ...over }), sockets })
  onTestFinished(() => {
    device.close()
    sockets.close()
  })
  return { device, counters }
}

async function simulated(varbinds: readonly Varbind[], over: Partial<Parameters<typeof startSimulator>[0]> = {}) {
  const simulator = await startSimulator({ varbinds, clock: systemClock, ...over })
  onTestFinished(() => simulator.close())
  return simulator.port
}

/** A device whose answers go through `twist`: dropped when null. */
async function twisted(respond: Responder, twist: (answer: Uint8Array, request: Uint8Array) => Uint8Array | null): Promise<number> {
  const socket = createSocket('udp4')
  socket.on('message', (datagram, from) => {
    const answer = respond(datagram)
    const sent = answer && twist(answer, datagram)
    if (sent) socket.send(sent, from.port, from.address)
  })
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    socket.close()
  })
  return socket.address().port
}

const COLUMNS = ['1.3.6.1.9.1.1', '1.3.6.1.9.1.2', '1.3.6.1.9.1.3']
const deadline = () => AbortSignal.timeout(10_000)
/** PDU type of a short v2c request with community `public`. */
const typeOf = (datagram: Uint8Array): number => datagram[Buffer.from(datagram).indexOf('public') + 6] ?? 0

describe('reading a device', () => {
  it.each([
    ['version 2c', {}],
    ['version 1', { version: '1' }],
    ['without GETBULK', { bulk: false }],
    ['two objects at a time', { max_oids: 2 }],
  ])('%s: walks and gets everything', async (_, over) => {
    const { device } = open(await simulated(table), over)
    const source = await device.source(deadline())
    const walked = await source.columns(COLUMNS)
    expect(walked.failed).toEqual([])
    expect(walked.varbinds).toHaveLength(607)
    const got = await source.get(['1.3.6.1.9.1.1.1', '1.3.6.1.9.9.9', '1.3.6.1.9.1.2.300', '1.3.6.1.9.1.3.8', '1.3.6.1.9.1.3.7'])
    expect(got.failed).toEqual([])
    expect(got.varbinds.map((varbind) => varbind.oid)).toEqual(['1.3.6.1.9.1.1.1', '1.3.6.1.9.1.2.300', '1.3.6.1.9.1.3.7'])
  })

  it('survives losses, and asks for less when nothing comes back', async () => {
    let seed = 1
    const random = () => {
      seed = (seed * 48271) % 2147483647
      return seed / 2147483647
    }
    const { device } = open(await simulated(table, { loss: 0.2, random }), { retries: 4 })
    const walked = await (await device.source(deadline())).columns(COLUMNS)
    expect(walked.failed).toEqual([])
    expect(walked.varbinds).toHaveLength(607)
    expect(device.tuning.repetitions).toBeLessThan(50)
    expect(device.tuning.bulk).toBe(true)
  })

  it('finds out that GETBULK is never answered and remembers it', async () => {
    const port = await twisted(createResponder({ varbinds: table }), (answer, request) => (typeOf(request) === 0xa5 ? null : answer))
    const { device } = open(port, { request_timeout: '40ms', retries: 0 })
    const walked = await (await device.source(deadline())).columns(['1.3.6.1.9.1.3'])
    expect(walked.varbinds).toHaveLength(7)
    expect(device.tuning.bulk).toBe(false)
  })

  it('splits a GET that is too big', async () => {
    const respond = createResponder({ varbinds: table })
    const tooBig = (answer: Uint8Array, request: Uint8Array) => {
      if (request.length < 120) return answer
      const refused = Uint8Array.from(request)
      const pdu = Buffer.from(refused).indexOf('public') + 6
      refused[pdu] = 0xa2
      const length = refused[pdu + 1] ?? 0
      const id = pdu + 2 + (length & 0x80 ? length & 0x7f : 0)
      const status = id + 2 + (refused[id + 1] ?? 0) + 2
      refused[status] = 1
      return refused
    }
    const { device } = open(await twisted(respond, tooBig))
    const oids = Array.from({ length: 24 }, (_, i) => `1.3.6.1.9.1.1.${i + 1}`)
    const got = await (await device.source(deadline())).get(oids)
    expect(got.failed).toEqual([])
    expect(got.varbinds).toHaveLength(24)
    expect(device.tuning.maxOids).toBeLessThan(24)
  })

  it('keeps what answered when the deadline comes, and says timeout for the rest', async () => {
    const { device } = open(await simulated(table, { delayMs: 30 }), { bulk: false })
    const walked = await (await device.source(AbortSignal.timeout(700))).columns(['1.3.6.1.9.1.3', '1.3.6.1.9.1.1'])
    expect(walked.varbinds.length).toBeGreaterThan(2)
    expect(walked.failed).toMatchObject([{ oid: '1.3.6.1.9.1.1', reason: 'timeout' }])
  })

  it('a table that is never answered takes no other with it, and is read last and alone from then on', async () => {
    const two = parseRecording(`${system}${rows(1, 20)}\n${rows(2, 20)}\n1.3.6.1.8.1.1.1|2|5`).varbinds
    const good = createResponder({ varbinds: two })
    let asked = 0
    const port = await twisted(
      (datagram) => {
        asked++
        return Buffer.from(datagram).includes(Buffer.from('2b0601080101', 'hex')) ? null : good(datagram)
      },
      (answer) => answer,
    )
    const { device } = open(port, { request_timeout: '40ms' })
    for (const most of [20, 12]) {
      asked = 0
      const walked = await (await device.source(deadline())).columns(['1.3.6.1.8.1.1', '1.3.6.1.9.1.1', '1.3.6.1.9.1.2'])
      expect(walked.varbinds).toHaveLength(40)
      expect(walked.failed).toMatchObject([{ oid: '1.3.6.1.8.1.1', reason: 'timeout' }])
      expect(asked).toBeLessThan(most)
    }
  })

  it('a dead device costs one request when it is known to be silent', async () => {
    let asked = 0
    const port = await twisted(
      () => {
        asked++
        return null
      },
      () => null,
    )
    const { device } = open(port, { retries: 3, request_timeout: '50ms' })
    await expect(device.identify(deadline(), false)).rejects.toMatchObject({ reason: 'timeout' })
    expect(asked).toBe(1)
    await expect(device.identify(deadline())).rejects.toMatchObject({ reason: 'timeout' })
    expect(asked).toBe(5)
  })

  it('a walk that goes round in circles ends and is told', async () => {
    // The answer ends in …, last arc, INTEGER, one octet, value: rows beyond the third claim to be the third again.
    const circle = (answer: Uint8Array, request: Uint8Array) => {
      const twistedAnswer = Uint8Array.from(answer)
      const arc = answer.length - 4
      if (typeOf(request) === 0xa1) twistedAnswer[arc] = Math.min(3, answer[arc] ?? 0)
      return twistedAnswer
    }
    const stuck = createResponder({ varbinds: table })
    const { device } = open(await twisted(stuck, circle), { bulk: false })
    const walked = await (await device.source(deadline())).columns(['1.3.6.1.9.1.1'])
    expect(walked.failed).toMatchObject([{ oid: '1.3.6.1.9.1.1', reason: 'protocol' }])
    expect(walked.failed[0]?.detail).toMatch(/do not increase/)
    expect(walked.varbinds.length).toBeLessThan(5)
  })

  it('mutilated answers never break the session, and the next good one is read', async () => {
    let round = 0
    const mutilate = (answer: Uint8Array) => {
      round++
      if (round > 60) return answer
      const bad = Uint8Array.from(answer)
      if (round % 3 === 0) return bad.subarray(0, round % bad.length)
      bad[(round * 7) % bad.length] = (round * 31) & 255
      return bad
    }
    const { device } = open(await twisted(createResponder({ varbinds: table }), mutilate), { request_timeout: '20ms', retries: 0 })
    for (let i = 0; i < 61; i++) await device.identify(deadline()).catch((error: unknown) => expect(error).toHaveProperty('reason'))
    expect(await device.identify(deadline())).toMatchObject({ sysDescr: 'box', sysObjectID: '1.3.6.1.4.1.99', uptime: 100 })
  })

  it('an answer from another address is counted and not believed', async () => {
    const liar = createSocket('udp4')
    await new Promise<void>((resolve) => liar.bind(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      liar.close()
    })
    const silent = createSocket('udp4')
    const respond = createResponder({ varbinds: table })
    silent.on('message', (datagram, from) => {
      const answer = respond(datagram)
      if (answer) liar.send(answer, from.port, from.address)
    })
    await new Promise<void>((resolve) => silent.bind(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      silent.close()
    })
    const { device, counters } = open(silent.address().port, { retries: 0 })
    await expect(device.identify(deadline())).rejects.toMatchObject({ reason: 'timeout' })
    expect(counters.get('jifang_snmp_stray_answers_total')).toBe(1)
  })

  it('many devices share few sockets without losing answers', async () => {
    const port = await simulated(table)
    const sockets = createSnmpSockets({ counters: new Counters(), perFamily: 2 })
    const devices = Array.from({ length: 400 }, () =>
      openSnmpDevice({ address: '127.0.0.1', access: access({ port, retries: 2, request_timeout: '3s' }), sockets }),
    )
    onTestFinished(() => {
      for (const device of devices) device.close()
      sockets.close()
    })
    const identities = await Promise.all(devices.map((device) => device.identify(deadline())))
    expect(identities.every((identity) => identity.sysDescr === 'box')).toBe(true)
  })
})

describe('access', () => {
  it.each([
    [{}, /needs a community/],
    [{ version: '3' }, /needs a user/],
    [{ user: 'u', privacy: { password: 'longenough' } }, /needs auth/],
    [{ user: 'u', auth: { password: 'short' } }, /less than 8/],
  ])('%j is refused in words', (options, words) => {
    expect(() => credentialsOf(v.parse(v.strictObject(accessEntries), options))).toThrow(words)
  })

  it('warns of DES and MD5', () => {
    expect(
      accessWarning(access({ user: 'u', auth: { password: 'longenough' }, privacy: { protocol: 'des', password: 'longenough' } })),
    ).toMatch(/DES/)
    expect(accessWarning(access({ user: 'u', auth: { protocol: 'md5', password: 'longenough' } }))).toMatch(/MD5/)
    expect(accessWarning(access())).toBeNull()
  })
})
