/**
 * Frames of YD/T 1363 (电总协议): `~` VER ADR CID1 CID2 LENGTH INFO CHKSUM CR, every byte between as two hex digits.
 * Pure: bytes in, bytes out.
 */
export interface YdnFrame {
  readonly version: number
  readonly address: number
  readonly cid1: number
  /** The command in a request, the return code RTN in an answer. */
  readonly cid2: number
  readonly info: Uint8Array
}

/** LENID has 12 bits and counts hex digits. */
export const MAX_INFO = 0xfff >> 1

const START = 0x7e
const END = 0x0d

export function encodeFrame(frame: YdnFrame): Buffer {
  if (frame.info.length > MAX_INFO) throw new RangeError(`INFO is longer than ${MAX_INFO} bytes`)
  const body = [frame.version, frame.address, frame.cid1, frame.cid2].map((byte) => hex(byte, 2)).join('')
  const text = body + hex(lengthField(frame.info.length * 2), 4) + Buffer.from(frame.info).toString('hex').toUpperCase()
  return Buffer.from(`~${text}${hex(checksum(text), 4)}\r`, 'latin1')
}

export type Decoded =
  | { readonly kind: 'frame'; readonly frame: YdnFrame }
  /** The end has not come yet. */
  | { readonly kind: 'more' }
  | { readonly kind: 'bad'; readonly why: string }

/** The first whole frame among the bytes; what stands before its `~` (an echo's rest, noise) is passed over. */
export function decodeFrame(bytes: Uint8Array): Decoded {
  const end = bytes.indexOf(END)
  if (end < 0) return { kind: 'more' }
  const start = bytes.lastIndexOf(START, end)
  if (start < 0) return decodeFrame(bytes.subarray(end + 1))
  return decodeText(Buffer.from(bytes.subarray(start + 1, end)).toString('latin1'))
}

function decodeText(text: string): Decoded {
  if (text.length < 16) return bad('too short')
  if (!/^[0-9A-Fa-f]+$/.test(text)) return bad('something that is no hex digit')
  const length = Number.parseInt(text.slice(8, 12), 16)
  const digits = length & 0xfff
  if (lengthField(digits) !== length) return bad('wrong length checksum (LCHKSUM)')
  if (digits % 2 !== 0 || text.length !== 16 + digits) return bad(`${text.length - 16} digits of INFO where ${digits} were announced`)
  const told = Number.parseInt(text.slice(-4), 16)
  // Devices that write lower-case digits sum up what they write.
  if (checksum(text.slice(0, -4)) !== told) return bad('wrong checksum (CHKSUM)')
  const [version = 0, address = 0, cid1 = 0, cid2 = 0] = Buffer.from(text.slice(0, 8), 'hex')
  return { kind: 'frame', frame: { version, address, cid1, cid2, info: Buffer.from(text.slice(12, -4), 'hex') } }
}

/** LCHKSUM above LENID: the three digits summed, modulo 16, inverted, plus one. */
function lengthField(digits: number): number {
  const sum = (digits & 0xf) + ((digits >> 4) & 0xf) + ((digits >> 8) & 0xf)
  return (((~sum + 1) & 0xf) << 12) | digits
}

/** The characters summed, modulo 65536, inverted, plus one. */
function checksum(text: string): number {
  let sum = 0
  for (let i = 0; i < text.length; i++) sum += text.charCodeAt(i)
  return (~sum + 1) & 0xffff
}

const hex = (value: number, digits: number): string => value.toString(16).toUpperCase().padStart(digits, '0')
const bad = (why: string): Decoded => ({ kind: 'bad', why })
