import fc from 'fast-check'
import * as nodePdu from 'node-pdu'
import { describe, expect, test } from 'vitest'
import {
  decodeDeliver,
  decodeStatusReport,
  decodeSubmit,
  encodeDeliver,
  encodeStatusReport,
  encodeSubmit,
} from '../../../protocols/gsm/pdu.ts'
import { decodeValidity, encodeValidity, PduError } from '../../../protocols/gsm/pdu-fields.ts'
import { alphabetOf } from '../../../protocols/gsm/user-data.ts'

const DAYS_4 = 4 * 86_400_000
const TO = '+8613800138000'

describe('SMS-SUBMIT', () => {
  test('writes the vector that gammu decoded', () => {
    const [part, ...more] = encodeSubmit({
      to: TO,
      text: '【紧急】机房1区烟雾报警 07-21 14:05',
      statusReport: true,
      validityMs: DAYS_4,
    })
    expect(more).toEqual([])
    expect(part?.length).toBe(63)
    expect(part?.pdu).toBe(
      '0031000D91683108108300F00008AA3030107D2760253011673A623F0031533A70DF96FE62A58B66002000300037002D00320031002000310034003A00300035',
    )
  })

  test('70 characters stay one message, the 71st makes two', () => {
    const options = { to: TO, statusReport: true, validityMs: DAYS_4, reference: 0x2a }
    expect(encodeSubmit({ ...options, text: '测'.repeat(70) }).map((part) => part.length)).toEqual([155])
    const [first, second] = encodeSubmit({ ...options, text: '测'.repeat(71) })
    expect(first?.length).toBe(155)
    expect(first?.pdu.startsWith('0071000D91683108108300F00008AA8C0500032A0201')).toBe(true)
    expect(second?.length).toBe(29)
    expect(second?.pdu).toBe('0071000D91683108108300F00008AA0E0500032A02026D4B6D4B6D4B6D4B')
  })

  test('a surrogate pair at the border of a part moves to the next one whole', () => {
    const parts = encodeSubmit({ to: TO, text: `${'测'.repeat(66)}😀${'测'.repeat(10)}` })
    expect(parts.map((part) => part.text.length)).toEqual([66, 12])
    expect(parts[1]?.text.startsWith('😀')).toBe(true)
  })

  test('plain text takes GSM-7: 160 in one, 153 in a part, an escape pair is never cut', () => {
    expect(encodeSubmit({ to: TO, text: 'a'.repeat(160) })).toHaveLength(1)
    const parts = encodeSubmit({ to: TO, text: `${'a'.repeat(152)}{${'b'.repeat(20)}` })
    expect(parts.map((part) => part.text)).toEqual(['a'.repeat(152), `{${'b'.repeat(20)}`])
    expect(parts.map((part) => decodeSubmit(part.pdu).text)).toEqual(parts.map((part) => part.text))
  })

  test.each([
    ['00', 'PDU ends inside of first octet'],
    ['0xzz', 'not a hexadecimal PDU'],
    ['000400', 'is not an SMS-SUBMIT'],
    ['0031000D91683108108300F00008AA3030', 'PDU ends inside of user data'],
    ['0031000D91683108108300F00008AA02303011', '1 octets behind the user data'],
  ])('refuses %s', (pdu, message) => {
    expect(() => decodeSubmit(pdu)).toThrow(PduError)
    expect(() => decodeSubmit(pdu)).toThrow(message)
  })
})

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 500 }),
  fc.string({ unit: fc.constantFrom(...'【紧急】机房烟雾报警😀a1 {}€'), minLength: 1, maxLength: 300 }),
  fc.string({ unit: fc.constantFrom(...'abcXYZ 0189@£$_{}[]~\\|^€ΔΩ\n'), maxLength: 500 }),
)
const anyNumber = fc.tuple(fc.boolean(), fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 3, maxLength: 20 }))

describe('properties', () => {
  test('what was encoded is read back, part by part, within the limits', () => {
    fc.assert(
      fc.property(anyText, anyNumber, fc.boolean(), fc.integer({ min: 0, max: 255 }), (text, [plus, digits], report, reference) => {
        const to = (plus ? '+' : '') + digits
        const parts = encodeSubmit({ to, text, statusReport: report, reference })
        const read = parts.map((part) => decodeSubmit(part.pdu))
        expect(read.map((part) => part.text).join('')).toBe(text)
        for (const [index, part] of read.entries()) {
          expect(part).toMatchObject({ to, statusReport: report, length: parts[index]?.length })
          expect(part.length).toBeLessThanOrEqual(164)
          expect(part.concat).toEqual(parts.length > 1 ? { reference, total: parts.length, seq: index + 1 } : null)
          expect(/^[\udc00-\udfff]/.test(part.text) && index > 0 && /[\ud800-\udbff]$/.test(read[index - 1]?.text ?? '')).toBe(false)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('node-pdu reads the same recipient and text', () => {
    const text = fc.string({ unit: fc.constantFrom(...'【紧急】机房烟雾报警应用 95%>:-07'), minLength: 1, maxLength: 300 })
    fc.assert(
      fc.property(text, fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 5, maxLength: 15 }), (text, digits) => {
        for (const part of encodeSubmit({ to: `+${digits}`, text, reference: 7 })) {
          const peer = nodePdu.parse(part.pdu)
          expect(peer).toBeInstanceOf(nodePdu.Submit)
          if (!(peer instanceof nodePdu.Submit)) return
          expect(peer.address.phone?.replace('+', '')).toBe(digits)
          if (alphabetOf(text) === 'ucs2') expect(peer.data.getText()).toBe(part.text)
        }
      }),
      { numRuns: 150 },
    )
  })

  test('what node-pdu writes is read here', () => {
    const text = fc.string({ unit: fc.constantFrom(...'【紧急】机房烟雾报警😀abc 123'), minLength: 1, maxLength: 200 })
    fc.assert(
      fc.property(text, (text) => {
        const peer = new nodePdu.Submit('+8613800138000', text)
        const read = peer.getPartStrings().map((pdu) => decodeSubmit(pdu))
        expect(read.map((part) => part.text).join('')).toBe(text)
        expect(new Set(read.map((part) => part.to))).toEqual(new Set(['+8613800138000']))
      }),
      { numRuns: 150 },
    )
  })

  test('a validity is never shorter than asked, up to its limit, and stable', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 63 * 7 * 86_400_000 }), (ms) => {
        const code = encodeValidity(ms)
        expect(decodeValidity(code)).toBeGreaterThanOrEqual(ms)
        expect(encodeValidity(decodeValidity(code))).toBe(code)
      }),
    )
    expect([3_600_000, 86_400_000, DAYS_4].map(encodeValidity)).toEqual([0x0b, 0xa7, 0xaa])
  })

  test('broken PDUs are refused, never crash', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const hex = Buffer.from(bytes).toString('hex')
        for (const decode of [decodeSubmit, decodeDeliver, decodeStatusReport]) {
          try {
            decode(hex)
          } catch (error) {
            expect(error).toBeInstanceOf(PduError)
          }
        }
      }),
    )
  })
})

describe('SMS-STATUS-REPORT and SMS-DELIVER', () => {
  const captured = '0891683108100005F0062B0D91683108108300F0527012415030235270124150902300'

  test('reads the captured report', () => {
    expect(decodeStatusReport(captured)).toEqual({
      reference: 0x2b,
      to: TO,
      status: 0,
      state: 'delivered',
      sentAt: Date.parse('2025-07-21T14:05:03+08:00'),
      doneAt: Date.parse('2025-07-21T14:05:09+08:00'),
    })
    expect(encodeStatusReport({ ...decodeStatusReport(captured), smsc: '+8613800100500' })).toBe(captured)
  })

  test.each([
    [0x02, 'delivered'],
    [0x20, 'trying'],
    [0x46, 'failed'],
    [0x65, 'failed'],
  ])('TP-ST %i is %s', (status, state) => {
    expect(decodeStatusReport(encodeStatusReport({ reference: 1, to: TO, status, sentAt: 0, doneAt: 0 })).state).toBe(state)
  })

  test('reads a message, from a number or a name', () => {
    const time = Date.parse('2026-11-22T21:00:00+08:00')
    expect(decodeDeliver(encodeDeliver({ from: '10086', text: '余额 12.5 元', time }))).toMatchObject({
      from: '10086',
      text: '余额 12.5 元',
      time,
    })
    expect(decodeDeliver(encodeDeliver({ from: 'CMCC', text: 'hello', time, zoneMinutes: -210 }))).toMatchObject({
      from: 'CMCC',
      text: 'hello',
      time,
    })
    const sample = '07919730071111F1000B919746121611F10000811170021222230DC8329BFD6681EE6F399B1C02'
    expect(decodeDeliver(sample)).toMatchObject({ text: 'Hello, world!', from: '+79642161111' })
  })
})
