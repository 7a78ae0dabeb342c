import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AtParser, UnsolicitedFilter } from '../../../protocols/gsm/at-parser.ts'

describe('AtParser', () => {
  const stream = '\r\n+CMGS: 12\r\n\r\nOK\r\n\r\n> \r\n+CDS: 26\r\n0791AB\r\n>\r\nERROR\r\n'
  const items = [
    { type: 'line', text: '+CMGS: 12' },
    { type: 'line', text: 'OK' },
    { type: 'prompt' },
    { type: 'line', text: '+CDS: 26' },
    { type: 'line', text: '0791AB' },
    { type: 'prompt' },
    { type: 'line', text: 'ERROR' },
  ]

  test('gives the same items however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 60, maxLength: 60 }), (cuts) => {
        const parser = new AtParser()
        const seen: unknown[] = []
        let at = 0
        for (const cut of cuts) {
          seen.push(...parser.push(Buffer.from(stream.slice(at, at + cut), 'latin1')))
          at += cut
        }
        expect(seen).toEqual(items)
      }),
    )
  })

  test('drops a line without end and says how much, then goes on', () => {
    const parser = new AtParser()
    expect(parser.push(Buffer.alloc(10_000, 'x'))).toEqual([])
    expect(parser.dropped).toBeGreaterThan(8000)
    expect(parser.push(Buffer.from('\r\nOK\r\n'))).toContainEqual({ type: 'line', text: 'OK' })
  })

  test('noise of a wrong speed is harmless', () => {
    const parser = new AtParser()
    parser.push(Buffer.from([0x00, 0xff, 0x07, 0x0d]))
    expect(parser.push(Buffer.from('\x00\r\nOK\r\n'))).toEqual([{ type: 'line', text: 'OK' }])
  })
})

describe('UnsolicitedFilter', () => {
  test('joins the two lines of a report, in the middle of an answer too', () => {
    const filter = new UnsolicitedFilter()
    expect(filter.take('+CDS: 26', '+CMGS:')).toBeNull()
    expect(filter.take('0791AB', '+CMGS:')).toEqual({ type: 'report', pdu: '0791AB' })
    expect(filter.take('+CMGS: 3', '+CMGS:')).toBeUndefined()
  })

  test('the same words are an answer when they were asked for', () => {
    const filter = new UnsolicitedFilter()
    expect(filter.take('+CREG: 0,1', '+CREG:')).toBeUndefined()
    expect(filter.take('+CREG: 2', null)).toEqual({ type: 'other', text: '+CREG: 2' })
    expect(filter.take('+CMTI: "SM",4', null)).toEqual({ type: 'stored', index: 4 })
    expect(filter.take('OK', null)).toBeUndefined()
  })
})
