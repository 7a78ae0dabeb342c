import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  elements,
  encode,
  encodeAbsent,
  encodeVarbind,
  integerBytes,
  join,
  oidBytes,
  readInteger,
  readOid,
  TAG,
} from '../../../protocols/snmp/ber.ts'
import { createResponder } from '../../../protocols/snmp/responder.ts'
import { parseRecording } from '../../../protocols/snmp/snmprec.ts'

const { varbinds } = parseRecording(
  '1.3.6.1.2.1.1.1.0|4|box\n1.3.6.1.2.1.1.3.0|67|100\n1.3.6.1.2.1.1.10.0|70|18446744073709551615\n1.3.6.1.2.1.2.1.0|2|-5',
)

function request(version: number, pdu: number, oids: readonly string[], second = 0, third = 0): Uint8Array {
  const list = encode(TAG.sequence, join(oids.map((oid) => encodeAbsent(oid, TAG.null))))
  const body = join([...[7, second, third].map((value) => encode(TAG.integer, integerBytes(value))), list])
  const head = [encode(TAG.integer, integerBytes(version)), encode(TAG.octets, Buffer.from('public'))]
  return encode(TAG.sequence, join([...head, encode(pdu, body)]))
}

function answer(datagram: Uint8Array | null): { status: number; at: number; found: [oid: string, tag: number][] } | null {
  if (!datagram) return null
  const [message] = elements(datagram)
  const pdu = [...elements(message?.content ?? new Uint8Array())][2]
  const [, status, at, list] = elements(pdu?.content ?? new Uint8Array())
  const found = [...elements(list?.content ?? new Uint8Array())].map((item): [string, number] => {
    const [oid, value] = elements(item.content)
    return [readOid(oid?.content ?? new Uint8Array()), value?.tag ?? 0]
  })
  return { status: readInteger(status?.content ?? new Uint8Array()), at: readInteger(at?.content ?? new Uint8Array()), found }
}

describe('BER', () => {
  it('integers and OIDs come back as they went', () => {
    fc.assert(
      fc.property(fc.integer(), (value) => {
        expect(readInteger(integerBytes(value))).toBe(value)
      }),
    )
    const arc = fc.oneof(fc.nat({ max: 300 }), fc.integer({ min: 0, max: 2 ** 31 - 1 }))
    fc.assert(
      fc.property(fc.constantFrom(0, 1), fc.nat({ max: 39 }), fc.array(arc, { maxLength: 20 }), (first, second, rest) => {
        const oid = [first, second, ...rest].join('.')
        expect(readOid(oidBytes(oid))).toBe(oid)
      }),
    )
  })

  it('a counter64 at its top takes nine octets', () => {
    const top = varbinds[2]
    if (!top) throw new Error('no varbind')
    expect(Buffer.from(encodeVarbind(top)).toString('hex')).toContain('460900ffffffffffffffff')
  })
})

describe('a simulated device', () => {
  const respond = createResponder({ varbinds, community: 'public' })
  const ask = (...args: Parameters<typeof request>) => answer(respond(request(...args)))

  it('answers GET, with noSuchInstance in 2c and noSuchName in 1', () => {
    expect(ask(1, 0xa0, ['1.3.6.1.2.1.1.1.0', '1.3.9.0'])?.found).toEqual([
      ['1.3.6.1.2.1.1.1.0', TAG.octets],
      ['1.3.9.0', TAG.noSuchInstance],
    ])
    expect(ask(0, 0xa0, ['1.3.6.1.2.1.1.1.0', '1.3.9.0'])).toMatchObject({ status: 2, at: 2 })
    expect(ask(0, 0xa0, ['1.3.6.1.2.1.1.10.0'])).toMatchObject({ status: 2, at: 1 })
  })

  it('answers GETNEXT to the end', () => {
    expect(ask(1, 0xa1, ['1.3'])?.found).toEqual([['1.3.6.1.2.1.1.1.0', TAG.octets]])
    expect(ask(1, 0xa1, ['1.3.6.1.2.1.2.1.0'])?.found).toEqual([['1.3.6.1.2.1.2.1.0', TAG.endOfMibView]])
  })

  it('answers GETBULK with non-repeaters, and does not repeat the end for ever', () => {
    const found = ask(1, 0xa5, ['1.3.6.1.2.1.1.1', '1.3.6.1.2.1.1.3'], 1, 50)?.found.map(([oid]) => oid)
    expect(found?.slice(0, 4)).toEqual(['1.3.6.1.2.1.1.1.0', '1.3.6.1.2.1.1.3.0', '1.3.6.1.2.1.1.10.0', '1.3.6.1.2.1.2.1.0'])
    expect(found?.length).toBeLessThan(7)
  })

  it('is silent for another community, SET, version 3 and any garbage', () => {
    const strict = createResponder({ varbinds, community: 'secret' })
    expect(strict(request(1, 0xa0, ['1.3.6.1.2.1.1.1.0']))).toBeNull()
    expect(ask(1, 0xa3, ['1.3.6.1.2.1.1.1.0'])).toBeNull()
    expect(ask(3, 0xa0, ['1.3.6.1.2.1.1.1.0'])).toBeNull()
    const good = request(1, 0xa5, ['1.3.6.1.2.1.1.1', '1.3.6.1.2.1.1.3'], 0, 10)
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), (at, byte, length) => {
        const broken = Uint8Array.from(good)
        broken[at] = byte
        respond(broken)
        respond(good.subarray(0, length))
      }),
      { numRuns: 2000 },
    )
  })
})
