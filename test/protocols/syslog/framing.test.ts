import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SyslogFramer } from '../../../protocols/syslog/framing.ts'

function frames(chunks: readonly Uint8Array[], maxBytes = 1000): string[] {
  const found: string[] = []
  const framer = new SyslogFramer({ maxBytes, onFrame: (frame) => void found.push(Buffer.from(frame).toString('utf8')) })
  for (const chunk of chunks) framer.push(chunk)
  framer.end()
  return found
}

/** The same bytes in pieces of any size. */
function inPieces(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % Math.max(1, sizes.length)] ?? 1
    pieces.push(bytes.subarray(at, at + size))
    at += size
  }
  return pieces
}

const message = fc.string({ unit: fc.constantFrom('a', '1', ' ', '电', '>'), minLength: 1, maxLength: 40 }).map((text) => `<13>${text}x`)
const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 8 })

describe('SyslogFramer', () => {
  it('gives every message of either framing, however the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(message, fc.boolean()), { maxLength: 12 }), sizes, (sent, cut) => {
        const stream = Buffer.concat(
          sent.map(([text, counted]) => Buffer.from(counted ? `${Buffer.byteLength(text)} ${text}` : `${text}\n`)),
        )
        expect(frames(inPieces(stream, cut))).toEqual(sent.map(([text]) => text))
      }),
    )
  })

  it.each([
    ['line ends of Windows and NUL', '<1>a\r\n<1>b\0<1>c', ['<1>a', '<1>b', '<1>c']],
    ['a line that begins with a number', '12 monkeys\n<1>a\n', ['12 monkeys', '<1>a']],
    ['a counted frame with a line feed in it', '8 <1>a\nb c<1>d\n', ['<1>a\nb c', '<1>d']],
    ['a line too long: cut, the rest passed over', `<1>${'x'.repeat(30)}\n<1>b\n`, [`<1>${'x'.repeat(17)}`, '<1>b']],
    ['a counted frame too long', `33 <1>${'x'.repeat(30)}5 <1>bc`, [`<1>${'x'.repeat(17)}`, '<1>bc']],
    ['a count that can not be', '99999999 <1>a\n<1>b\n', ['99999999 <1>a', '<1>b']],
    ['nothing', '', []],
  ] as [string, string, string[]][])('%s', (_, stream, expected) => {
    expect(frames([Buffer.from(stream)], 20)).toEqual(expected)
    expect(frames(inPieces(Buffer.from(stream), [1]), 20)).toEqual(expected)
  })

  it('holds no more than the bound of a message without an end', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 500 }), { maxLength: 50 }), (chunks) => {
        for (const frame of frames(chunks, 100)) expect(Buffer.byteLength(frame)).toBeLessThanOrEqual(300) // 100 bytes, each at worst U+FFFD
      }),
    )
  })
})
