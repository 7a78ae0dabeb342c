import fc from 'fast-check'
import snmp from 'net-snmp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeSample } from '../../../core/line/encode.ts'
import { parseLine } from '../../../core/line/parse.ts'
import { createTrapTable } from '../../../core/profile/traps.ts'
import { bounded } from '../../../probes/listeners/event-desk.ts'
import { BerError } from '../../../protocols/snmp/ber.ts'
import { decodeTrap, type TrapMessage } from '../../../protocols/snmp/trap-message.ts'
import { createV3Receiver, type V3Receiver } from '../../../protocols/snmp/trap-v3.ts'
import { parseSyslog } from '../../../protocols/syslog/message.ts'
import { decodeSyslog } from '../../../protocols/syslog/text.ts'
import { RECORDED } from './trap-bytes.ts'

/** A recorded packet with bytes changed, cut off, or put behind. */
const mutated = (...real: Buffer[]): fc.Arbitrary<Buffer> =>
  fc
    .tuple(
      fc.constantFrom(...real),
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 6 }),
      fc.option(fc.nat(), { nil: undefined }),
      fc.uint8Array({ maxLength: 6 }),
    )
    .map(([packet, changes, cut, extra]) => {
      const bytes = Buffer.concat([packet, extra])
      for (const [at, value] of changes) bytes[at % bytes.length] = value
      return cut === undefined ? bytes : bytes.subarray(0, cut % bytes.length)
    })
const garbage = fc.uint8Array({ maxLength: 150 }).map((bytes) => Buffer.from(bytes))

const table = createTrapTable([])

/** The sample that the listener makes of it has to be one line of line protocol whose only numbers are ours. */
function expectHarmless(message: TrapMessage): void {
  const { event, name, severity, text } = table.explain(message.oid, message.varbinds, message.cut)
  const tags = { type: 'trap', severity, event, device: 'd' }
  const line = encodeSample({ measurement: 'event', tags, fields: { text, name, source: 's', count: 1 }, time: 1.7e12 })
  const parsed = parseLine(line ?? '')
  if (typeof parsed === 'string') throw new Error(parsed)
  expect(Object.entries(parsed.fields).filter(([, value]) => typeof value !== 'string')).toEqual([['count', 1]])
  expect(parsed.tags).toEqual(tags)
}

describe('notifications of version 1 and 2c', () => {
  it('as recorded', () => {
    expect(decodeTrap(RECORDED.v1)).toMatchObject({
      version: '1',
      oid: '1.3.6.1.6.3.1.1.5.3',
      agent: '10.9.8.7',
      uptime: 4711,
      principal: 'room',
    })
    expect(decodeTrap(RECORDED.v2c)).toMatchObject({
      version: '2c',
      oid: '1.3.6.1.6.3.1.1.5.1',
      varbinds: [
        { oid: '1.3.6.1.4.1.99999.1', type: 'counter32', value: 3_000_000_000 },
        { oid: '1.3.6.1.4.1.99999.2', type: 'ip', value: '10.0.0.1' },
      ],
    })
  })

  it('malformed ones are read or refused, and reach the store as text alone', () => {
    let read = 0
    fc.assert(
      fc.property(fc.oneof(mutated(RECORDED.v1, RECORDED.v2c), garbage), (datagram) => {
        let message: TrapMessage
        try {
          message = decodeTrap(datagram)
        } catch (error) {
          expect(error).toBeInstanceOf(BerError)
          return
        }
        read++
        expectHarmless(message)
      }),
      { numRuns: 3000 },
    )
    expect(read).toBeGreaterThan(10)
  })
})

describe('notifications of version 3', () => {
  const clock = { at: 0 }
  let receiver: V3Receiver
  beforeAll(() => {
    const keys = {
      auth: { protocol: 'sha256', password: 'auth-secret-2' },
      privacy: { protocol: 'aes', password: 'priv-secret-2' },
    } as const
    receiver = createV3Receiver([{ version: '3', user: 'two', ...keys }], '80001f88046a6966616e67', () => clock.at)
  })
  afterAll(() => receiver.close())

  it('as recorded', () => {
    expect(receiver.take(RECORDED.v3, () => {})).toMatchObject({ version: '3', principal: 'two', oid: '1.3.6.1.6.3.1.1.5.2' })
    const answers: Uint8Array[] = []
    expect(receiver.take(RECORDED.discovery, (answer) => void answers.push(Uint8Array.from(answer)))).toBe('reported')
    expect(Buffer.from(answers[0] ?? []).toString('hex')).toContain('80001f88046a6966616e67')
  })

  it('invented engines cost a bounded number of keys, keep none of them, and never shut out those that are known', () => {
    const keys = (): number => Object.keys(snmp.Authentication.authToKeyCache).length
    const invented = (n: number): Buffer => {
      const packet = Buffer.from(RECORDED.v3)
      packet.writeUInt32BE(n, packet.indexOf(Buffer.from('0102030402', 'hex')))
      return packet
    }
    expect(typeof receiver.take(RECORDED.v3, () => {})).toBe('object')
    const before = keys()
    const outcomes = Array.from({ length: 500 }, (_, n) => receiver.take(invented(n), () => {}))
    expect(new Set(outcomes)).toEqual(new Set(['authentication', 'engines']))
    expect(outcomes.filter((outcome) => outcome === 'authentication').length).toBeLessThanOrEqual(65)
    expect(keys()).toBe(before)
    expect(typeof receiver.take(RECORDED.v3, () => {})).toBe('object')
    clock.at += 10_000
    expect(receiver.take(invented(9999), () => {})).toBe('authentication')
    clock.at += 60_000
  })

  it('of those that were changed on the way none is taken for genuine, and none throws', () => {
    fc.assert(
      fc.property(fc.oneof(mutated(RECORDED.v3, RECORDED.discovery), garbage), (datagram) => {
        const taken = receiver.take(datagram, () => {})
        // What stands behind the message is not part of it.
        if (typeof taken !== 'string') expect(datagram.subarray(0, RECORDED.v3.length)).toEqual(RECORDED.v3)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('log lines', () => {
  const real = [
    Buffer.from('<34>1 2003-10-11T22:14:15.003Z mymachine su 77 ID47 [a@1 b="c\\]d"] \ufeff电源 "故障", x=1i 17'),
    Buffer.from('<187>Nov 22 2026 09:15:01 SW-CORE %%01IFNET/4/LINK_STATE(l)[0]: GE0/0/1 is DOWN\\'),
    Buffer.from([...Buffer.from('<11>ups[7]: '), 0xb5, 0xe7, 0xd4, 0xb4, 0xb9, 0xca, 0xd5, 0xcf]),
  ]

  it('any bytes become one line of text whose only numbers are ours', () => {
    fc.assert(
      fc.property(fc.oneof(mutated(...real), garbage), fc.constantFrom('auto', 'utf-8', 'gbk'), (bytes, encoding) => {
        const { program, text } = parseSyslog(decodeSyslog(bytes, encoding))
        const tags = { type: 'syslog', severity: 'info', event: 'other', device: 'd' }
        const fields = { text: bounded(text), name: program ?? 'syslog', source: 's', severity_code: 0, count: 1 }
        const line = encodeSample({ measurement: 'event', tags, fields, time: 1.7e12 }) ?? ''
        expect(line).not.toMatch(/[\r\n]/)
        const parsed = parseLine(line)
        if (typeof parsed === 'string') throw new Error(parsed)
        expect(parsed.tags).toEqual(tags)
        expect(parsed.fields).toEqual(fields)
      }),
      { numRuns: 2000 },
    )
  })
})
