import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodePacket15, encodePacket15, password16 } from '../../../protocols/ipmi/ipmi15.ts'
import { createMac, isCodeAt, writeCode } from '../../../protocols/ipmi/mac.ts'
import { decodeMessage, encodeMessage, type LanMessage } from '../../../protocols/ipmi/message.ts'
import { decodePacket, encodePacket, peekPacket } from '../../../protocols/ipmi/packet.ts'
import * as rakp from '../../../protocols/ipmi/rakp.ts'
import { decodePing, decodePong, encodePing, encodePong } from '../../../protocols/ipmi/rmcp.ts'
import { RequestNumbers, SequenceWindow, sequenceFrom } from '../../../protocols/ipmi/sequence.ts'
import { CIPHER_SUITES, type CipherSuite, deriveKeys } from '../../../protocols/ipmi/suite.ts'

const hexBytes = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ''), 'hex')
const bytes = (most: number) => fc.uint8Array({ maxLength: most }).map((array) => Buffer.from(array))
const u32 = fc.integer({ min: 0, max: 0xffffffff })
const suite = (id: number): CipherSuite => {
  const known = CIPHER_SUITES.get(id)
  if (!known) throw new Error(`no suite ${id}`)
  return known
}

/** Sent by ipmitool 1.8.19 and answered by ipmi_sim 2.0.33. */
const CAPTURED = {
  capabilitiesRequest: hexBytes('0600ff07 00 00000000 00000000 09 2018c88100388e02b7'),
  challengeRequest: hexBytes('0600ff07 00 00000000 00000000 18 2018c88108390261646d696e000000000000000000000033'),
  openRequest: hexBytes('0600ff07 06 10 00000000 00000000 2000 7a02000078ddd1e0000000080300000001000008040000000200000801000000'),
  rakp1: hexBytes('0600ff07 06 12 00000000 00000000 2100 8900000002000000f5e2e9e72968e298f49630616e035dd31200000561646d696e'),
  /** Get Device ID in an IPMI 1.5 session, password s3cret-pw. */
  signed15: hexBytes('0600ff07 02 96eb8383 82000000 59f06d9903ca2869d8ff64238394672b 07 2018c88100017e'),
}

describe('captured packets', () => {
  test('Get Channel Authentication Capabilities', () => {
    const packet = decodePacket15(CAPTURED.capabilitiesRequest)
    if (!packet.ok) throw new Error(packet.why)
    expect(decodeMessage(packet.value.payload)).toMatchObject({
      netFn: 6,
      command: 0x38,
      source: 0x81,
      target: 0x20,
      data: Buffer.from([0x8e, 2]),
    })
    expect(encodePacket15(packet.value)).toEqual(CAPTURED.capabilitiesRequest)
  })

  test('Get Session Challenge names the user', () => {
    const packet = decodePacket15(CAPTURED.challengeRequest)
    if (!packet.ok) throw new Error(packet.why)
    expect(decodeMessage(packet.value.payload)?.data.subarray(1, 6).toString()).toBe('admin')
  })

  test('a signed IPMI 1.5 message verifies with the right password only, and encodes to the same bytes', () => {
    const packet = decodePacket15(CAPTURED.signed15, password16('s3cret-pw'))
    if (!packet.ok) throw new Error(packet.why)
    expect(packet.value).toMatchObject({ authType: 2, sequence: 0x8383eb96, sessionId: 0x82 })
    expect(encodePacket15(packet.value, password16('s3cret-pw'))).toEqual(CAPTURED.signed15)
    expect(decodePacket15(CAPTURED.signed15, password16('other'))).toEqual({ ok: false, why: 'bad integrity check' })
  })

  test('Open Session proposes suite 17, RAKP 1 carries name-only look-up at USER', () => {
    const open = decodePacket(CAPTURED.openRequest)
    if (!open.ok) throw new Error(open.why)
    expect(open.value.payload).toEqual(rakp.encodeOpenRequest({ tag: 0x7a, privilege: 2, consoleId: 0xe0d1dd78, suite: suite(17) }))
    const first = decodePacket(CAPTURED.rakp1)
    if (!first.ok) throw new Error(first.why)
    const random = first.value.payload.subarray(8, 24)
    expect(first.value.payload).toEqual(rakp.encodeRakp1(0x89, 2, random, 0x12, Buffer.from('admin')))
  })
})

describe('round trips', () => {
  const message: fc.Arbitrary<LanMessage> = fc.record({
    target: fc.integer({ min: 0, max: 255 }),
    targetLun: fc.integer({ min: 0, max: 3 }),
    netFn: fc.integer({ min: 0, max: 63 }),
    source: fc.integer({ min: 0, max: 255 }),
    sourceLun: fc.integer({ min: 0, max: 3 }),
    sequence: fc.integer({ min: 0, max: 63 }),
    command: fc.integer({ min: 0, max: 255 }),
    data: bytes(80),
  })

  test('messages', () => {
    fc.assert(
      fc.property(message, (given) => {
        expect(decodeMessage(encodeMessage(given))).toEqual(given)
      }),
    )
  })

  test('a message with one byte changed is refused', () => {
    fc.assert(
      fc.property(message, fc.nat(), fc.integer({ min: 1, max: 255 }), (given, at, by) => {
        const encoded = encodeMessage(given)
        const index = at % encoded.length
        encoded[index] = (encoded[index] ?? 0) ^ by
        expect(decodeMessage(encoded)).toBeNull()
      }),
    )
  })

  test.each(['sha1', 'sha256'] as const)('AuthCodes are the HMAC-%s of the signed range, whatever came before', (hash) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.array(bytes(700), { maxLength: 5 }), fc.nat(40), (key, messages, skip) => {
        const mac = createMac(hash, Buffer.from(key), 12)
        for (const message of messages) {
          const from = Math.min(skip, message.length)
          const code = mac(message, from, message.length)
          const expected = createHmac(hash, key).update(message.subarray(from)).digest().subarray(0, 12)
          const target = Buffer.alloc(20)
          writeCode(code, target, 3)
          expect(target).toEqual(Buffer.concat([Buffer.alloc(3), expected, Buffer.alloc(5)]))
          expect(isCodeAt(code, target, 3)).toBe(true)
          expect(isCodeAt(code, target, 12)).toBe(false)
        }
      }),
    )
  })

  test.each([...CIPHER_SUITES.keys()])('RMCP+ packets, suite %i: any byte changed is noticed when the suite signs', (id) => {
    const keys = deriveKeys(suite(id), Buffer.alloc(20, id))
    fc.assert(
      fc.property(u32, u32, bytes(100), fc.nat(), fc.integer({ min: 1, max: 255 }), (sessionId, sequence, payload, at, by) => {
        const packet = { payloadType: 0, sessionId, sequence, payload }
        const encoded = encodePacket(packet, keys)
        expect(decodePacket(encoded, keys)).toEqual({ ok: true, value: packet })
        expect(peekPacket(encoded)).toEqual({ payloadType: 0, sessionId })
        if (keys.suite.integrity === 0) return
        const index = 4 + (at % (encoded.length - 4))
        encoded[index] = (encoded[index] ?? 0) ^ by
        expect(decodePacket(encoded, keys).ok).toBe(false)
      }),
      { numRuns: 60 },
    )
  })

  test('no bytes make a decoder throw', () => {
    const keys = deriveKeys(suite(3), Buffer.alloc(20))
    fc.assert(
      fc.property(bytes(120), fc.boolean(), (noise, headed) => {
        const datagram = headed ? Buffer.concat([Buffer.from([6, 0, 255, 7]), noise]) : noise
        for (const decode of [
          decodePacket,
          peekPacket,
          decodePong,
          decodePing,
          decodeMessage,
          rakp.decodeOpenResponse,
          rakp.decodeRakp2,
          rakp.decodeRakp4,
        ]) {
          decode(datagram)
        }
        expect(decodePacket(datagram, keys).ok).toBe(false)
        decodePacket15(datagram, password16('x'))
      }),
    )
  })

  test('presence ping and pong', () => {
    expect(decodePing(encodePing(7))).toEqual({ tag: 7 })
    expect(decodePong(encodePong({ tag: 7, ipmi: true, oem: 4542 }))).toEqual({ tag: 7, ipmi: true, oem: 4542 })
    expect(decodePong(encodePing(7))).toBeNull()
  })
})

describe('RAKP proofs', () => {
  const facts = (id: number, password: string): rakp.RakpFacts => ({
    suite: suite(id),
    consoleId: 1,
    bmcId: 2,
    consoleRandom: Buffer.alloc(16, 3),
    bmcRandom: Buffer.alloc(16, 4),
    guid: Buffer.alloc(16, 5),
    role: 0x12,
    username: Buffer.from('admin'),
    userKey: rakp.rakpKey(password),
    bmcKey: rakp.rakpKey(password),
  })

  test.each([
    [3, 20, 12],
    [17, 32, 16],
  ])('suite %i: lengths of the codes, and another password gives others', (id, full, truncated) => {
    const [one, other] = [facts(id, 'a'), facts(id, 'b')]
    expect(rakp.rakp2Code(one)).toHaveLength(full)
    expect(rakp.rakp3Code(one)).toHaveLength(full)
    expect(rakp.rakp4Code(one, rakp.sessionIntegrityKey(one))).toHaveLength(truncated)
    expect(rakp.sameCode(rakp.rakp2Code(one), rakp.rakp2Code(other))).toBe(false)
    expect(rakp.rakpKey('x'.repeat(40))).toHaveLength(20)
  })
})

describe('sequence numbers', () => {
  test('the window takes each number once, in any order within it', () => {
    const window = new SequenceWindow(16)
    expect([100, 102, 101, 102, 101, 86, 85, 117, 118, 134].map((n) => window.accept(n))).toEqual([
      true,
      true,
      true,
      false,
      false,
      true,
      false,
      true,
      true,
      false,
    ])
    expect(window.accept(0)).toBe(false)
  })

  test('never twice, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.integer({ min: 0xfffffff0, max: 0x100000020 }).map((n) => n >>> 0),
          { maxLength: 200 },
        ),
        (numbers) => {
          const window = new SequenceWindow(8)
          const taken = numbers.filter((number) => window.accept(number))
          expect(new Set(taken).size).toBe(taken.length)
        },
      ),
    )
  })

  test('our own numbers skip 0', () => {
    const next = sequenceFrom(0xffffffff)
    expect([next(), next(), next()]).toEqual([0xffffffff, 1, 2])
  })

  test('a number that rests is not given out before its time', () => {
    const numbers = new RequestNumbers(1000)
    const first = numbers.take(0) ?? -1
    numbers.rest(first, 0)
    for (let i = 0; i < 63; i++) expect(numbers.take(500)).not.toBe(first)
    expect(numbers.take(999)).toBeNull()
    expect(numbers.nextFree).toBe(1000)
    expect(numbers.take(1000)).toBe(first)
  })
})
