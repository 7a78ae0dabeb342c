import { fitsGsm7, fromSeptets, packSeptets, septetsOf, toSeptets, unpackSeptets } from './gsm7.ts'
import { PduError } from './pdu-fields.ts'

export type Alphabet = 'gsm7' | 'ucs2'

/** TP-DCS values that are written; reading also knows the general groups. */
const DCS: Readonly<Record<Alphabet, number>> = { gsm7: 0x00, ucs2: 0x08 }

/** Units (septets, or UTF-16 code units) in a message alone and in a part behind the 6-octet concatenation header. */
const LIMIT: Readonly<Record<Alphabet, { readonly one: number; readonly part: number }>> = {
  gsm7: { one: 160, part: 153 },
  ucs2: { one: 70, part: 67 },
}

/** One part of a long message (TS 23.040 §9.2.3.24.1). `seq` counts from 1. */
export interface Concat {
  readonly reference: number
  readonly total: number
  readonly seq: number
}

export interface UserData {
  readonly text: string
  readonly concat: Concat | null
}

/** The cheapest alphabet that carries the text. */
export const alphabetOf = (text: string): Alphabet => (fitsGsm7(text) ? 'gsm7' : 'ucs2')

/** Cuts a text into parts; neither a surrogate pair nor an escape pair is ever torn apart. At most 255 parts, else a PduError. */
export function splitText(text: string, alphabet: Alphabet): string[] {
  const units = [...text].map((char) => ({ char, size: sizeOf(char, alphabet) }))
  const total = units.reduce((sum, unit) => sum + unit.size, 0)
  if (total <= LIMIT[alphabet].one) return [text]
  const parts: string[] = []
  let part = ''
  let size = 0
  for (const unit of units) {
    if (size + unit.size > LIMIT[alphabet].part) {
      parts.push(part)
      part = ''
      size = 0
    }
    part += unit.char
    size += unit.size
  }
  parts.push(part)
  if (parts.length > 255) throw new PduError(`a text of ${total} units needs ${parts.length} parts; 255 is the limit`)
  return parts
}

function sizeOf(char: string, alphabet: Alphabet): number {
  return alphabet === 'ucs2' ? char.length : (septetsOf(char)?.length ?? 1)
}

/** TP-DCS, TP-UDL and TP-UD of one part. UDL counts septets for the GSM alphabet, octets for UCS-2. */
export function encodeUserData(text: string, alphabet: Alphabet, concat: Concat | null): { dcs: number; udl: number; ud: Buffer } {
  const header = concat ? Buffer.from([5, 0, 3, concat.reference & 0xff, concat.total, concat.seq]) : Buffer.alloc(0)
  if (alphabet === 'ucs2') {
    const ud = Buffer.concat([header, Buffer.from(text, 'utf16le').swap16()])
    return { dcs: DCS.ucs2, udl: ud.length, ud }
  }
  const septets = toSeptets(text)
  const headerSeptets = Math.ceil((header.length * 8) / 7)
  const ud = Buffer.concat([header, packSeptets(septets, headerSeptets * 7 - header.length * 8)])
  return { dcs: DCS.gsm7, udl: headerSeptets + septets.length, ud }
}

/** Reads what `encodeUserData` writes, also 16-bit references, and 8-bit data as Latin-1. `ud` may be longer than `udl` says. */
export function decodeUserData(dcs: number, hasHeader: boolean, udl: number, ud: Buffer): UserData {
  const headerBytes = hasHeader ? 1 + (ud[0] ?? 0) : 0
  if (headerBytes > ud.length) throw new PduError(`user data header of ${headerBytes} octets in ${ud.length}`)
  const concat = hasHeader ? concatOf(ud.subarray(1, headerBytes)) : null
  const coding = codingOf(dcs)
  if (coding === 'gsm7') {
    const skip = Math.ceil((headerBytes * 8) / 7)
    const septets = unpackSeptets(ud.subarray(headerBytes), udl - skip, skip * 7 - headerBytes * 8)
    return { text: fromSeptets(septets), concat }
  }
  const body = ud.subarray(headerBytes, udl)
  if (coding === 'data') return { text: body.toString('latin1'), concat }
  const even = body.subarray(0, body.length & ~1)
  return { text: Buffer.from(even).swap16().toString('utf16le'), concat }
}

/** Octets of TP-UD that belong to a TP-UDL. */
export const userDataLength = (dcs: number, udl: number): number => (codingOf(dcs) === 'gsm7' ? Math.ceil((udl * 7) / 8) : udl)

/** TS 23.038 §4. */
function codingOf(dcs: number): 'gsm7' | 'ucs2' | 'data' {
  const group = dcs >> 4
  if (group === 0xe) return 'ucs2'
  if (group === 0xf) return dcs & 0x04 ? 'data' : 'gsm7'
  if (group >= 0x8) return 'gsm7'
  const bits = (dcs >> 2) & 0x03
  return bits === 2 ? 'ucs2' : bits === 1 ? 'data' : 'gsm7'
}

function concatOf(header: Buffer): Concat | null {
  for (let at = 0; at + 2 <= header.length; ) {
    const id = header[at]
    const length = header[at + 1] ?? 0
    const value = header.subarray(at + 2, at + 2 + length)
    if (id === 0x00 && value.length === 3) return { reference: value[0] ?? 0, total: value[1] ?? 0, seq: value[2] ?? 0 }
    if (id === 0x08 && value.length === 4) return { reference: value.readUInt16BE(0), total: value[2] ?? 0, seq: value[3] ?? 0 }
    at += 2 + length
  }
  return null
}
