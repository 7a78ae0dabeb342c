import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeFrame, encodeFrame } from '../../../protocols/ydn23/codec.ts'
import { ydnItem, ydnValue } from '../../../protocols/ydn23/value.ts'

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1')
const frame = fc.record({
  version: fc.integer({ min: 0, max: 255 }),
  address: fc.integer({ min: 0, max: 255 }),
  cid1: fc.integer({ min: 0, max: 255 }),
  cid2: fc.integer({ min: 0, max: 255 }),
  info: fc.uint8Array({ maxLength: 300 }),
})

describe('frames of YD/T 1363', () => {
  it('writes the known request for the address', () => {
    const request = { version: 0x21, address: 1, cid1: 0x2a, cid2: 0x50, info: new Uint8Array() }
    expect(encodeFrame(request).toString('latin1')).toBe('~21012A500000FDA4\r')
    expect(decodeFrame(bytes('~21012A500000FDA4\r'))).toEqual({ kind: 'frame', frame: { ...request, info: Buffer.alloc(0) } })
  })

  it('puts LCHKSUM above LENID', () => {
    // 18 digits: 0x012, 1 + 2 = 3, inverted plus one: 0xD.
    const text = encodeFrame({ version: 0x20, address: 1, cid1: 0x41, cid2: 0, info: new Uint8Array(9) }).toString('latin1')
    expect(text.slice(9, 13)).toBe('D012')
  })

  it('gives back every frame, whatever stands before it', () => {
    fc.assert(
      fc.property(frame, fc.constantFrom('', '\0', '~2', 'noise\r', '\r'), (given, noise) => {
        const decoded = decodeFrame(Buffer.concat([bytes(noise), encodeFrame(given)]))
        expect(decoded).toEqual({ kind: 'frame', frame: { ...given, info: Buffer.from(given.info) } })
      }),
    )
  })

  it('waits for the end, byte by byte', () => {
    const whole = encodeFrame({ version: 0x21, address: 1, cid1: 0x60, cid2: 0, info: Uint8Array.of(1, 2, 3) })
    for (let end = 0; end < whole.length; end++) expect(decodeFrame(whole.subarray(0, end)).kind).toBe('more')
  })

  it.each([
    ['CHKSUM', '~21012A500000FDA5\r', 'wrong checksum (CHKSUM)'],
    ['LCHKSUM', '~21012A501000FDA4\r', 'wrong length checksum (LCHKSUM)'],
    ['an announced length that is not there', '~21012A00E00200FD7E\r', /checksum|digits of INFO/],
    ['other characters', '~2101zz500000FDA4\r', 'something that is no hex digit'],
    ['a stump', '~2101\r', 'too short'],
  ])('refuses a wrong %s', (_, text, why) => {
    const decoded = decodeFrame(bytes(text))
    expect(decoded.kind).toBe('bad')
    expect(decoded.kind === 'bad' ? decoded.why : '').toMatch(why)
  })

  it('never takes a frame with one changed digit for another', () => {
    fc.assert(
      fc.property(frame, fc.nat(), fc.constantFrom(...'0123456789ABCDEF'), (given, at, digit) => {
        const wire = encodeFrame(given)
        const place = 1 + (at % (wire.length - 2))
        if (wire[place] === digit.charCodeAt(0)) return
        wire[place] = digit.charCodeAt(0)
        expect(decodeFrame(wire).kind).toBe('bad')
      }),
    )
  })

  it('survives any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (given) => ['frame', 'more', 'bad'].includes(decodeFrame(given).kind)))
  })
})

describe('values in INFO', () => {
  const info = Buffer.from('00cdcc ac41 00fa ff38 03 81'.replaceAll(' ', ''), 'hex')
  it.each([
    ['float, low byte first, as the standard says', { cid1: '60', cid2: '41', offset: 1 }, 21.6],
    ['integer, high byte first', { cid1: '60', cid2: '42', offset: 5 }, 250],
    ['negative integer', { cid1: '60', cid2: '42', offset: '7' }, -200],
    ['unsigned', { cid1: '60', cid2: '42', offset: 7, type: 'u16' as const }, 65_336],
    ['little', { cid1: '60', cid2: '42', offset: 5, byte_order: 'little' as const }, -1536],
    ['alarm byte', { cid1: '60', cid2: '44', offset: 9 }, 3],
    ['bit', { cid1: '60', cid2: '43', offset: 10, bit: '7' }, 1],
    ['another bit', { cid1: '60', cid2: '43', offset: 10, bit: 1 }, 0],
    ['beyond the end', { cid1: '60', cid2: '44', offset: 11 }, null],
    ['half beyond the end', { cid1: '60', cid2: '41', offset: 9 }, null],
  ])('%s', (_, source, value) => {
    expect(ydnValue(ydnItem(source), info)).toBe(value)
  })

  it('takes texts as hex and numbers as they are', () => {
    expect(ydnItem({ cid1: '60', cid2: 0x41, offset: 0 })).toMatchObject({ cid1: 0x60, cid2: 0x41, type: 'float', little: true })
  })
})
