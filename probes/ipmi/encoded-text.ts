/** Names in SDR and FRU records: a type/length byte, then 8-bit, 6-bit packed or BCD-plus text (IPMI 2.0 §43.15, FRU §13). */

const BCD_PLUS = '0123456789 -.:,_'

/** `kind` is the two top bits of the type/length byte: 0 unicode or binary, 1 BCD plus, 2 6-bit ASCII, 3 8-bit ASCII + Latin 1. */
export function decodeText(kind: number, bytes: Buffer): string {
  switch (kind) {
    case 1:
      return clean([...bytes].map((byte) => (BCD_PLUS[byte & 0x0f] ?? '') + (BCD_PLUS[byte >> 4] ?? '')).join(''))
    case 2:
      return clean(unpackSixBits(bytes))
    case 3:
      return clean(bytes.toString('latin1'))
    default:
      return clean(bytes.toString('utf16le'))
  }
}

/** Six-bit characters, low bits first, 00h = space (§43.15 note). */
function unpackSixBits(bytes: Buffer): string {
  let text = ''
  let bits = 0
  let held = 0
  for (const byte of bytes) {
    bits |= byte << held
    held += 8
    while (held >= 6) {
      text += String.fromCharCode(0x20 + (bits & 0x3f))
      bits >>= 6
      held -= 6
    }
  }
  return text
}

/** Vendors pad with NULs and blanks, and put control characters into names. */
const clean = (text: string): string =>
  text
    .replace(/\0[\s\S]*$/, '')
    .replace(/[\x00-\x1f\x7f]/g, ' ')
    .trim()

/** The text behind an SDR id string's type/length byte at `offset`; what a short record lacks is left out. */
export function readIdString(record: Buffer, offset: number): string {
  const typeLength = record[offset] ?? 0xc0
  const length = typeLength & 0x1f
  return decodeText(typeLength >> 6, record.subarray(offset + 1, offset + 1 + length))
}
