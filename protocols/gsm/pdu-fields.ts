import { fromSeptets, packSeptets, toSeptets, unpackSeptets } from './gsm7.ts'

/** What makes a PDU unreadable, with the place in it. */
export class PduError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'PduError'
  }
}

/** Reads a PDU front to back; every read past the end is a PduError. */
export class PduReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(hex: string) {
    const clean = hex.trim()
    if (clean.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(clean)) throw new PduError('not a hexadecimal PDU')
    this.#bytes = Buffer.from(clean, 'hex')
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  byte(what: string): number {
    return this.take(1, what)[0] ?? 0
  }

  take(count: number, what: string): Buffer {
    if (this.left < count) throw new PduError(`PDU ends inside of ${what} (octet ${this.#at}, ${count} wanted, ${this.left} left)`)
    const part = this.#bytes.subarray(this.#at, this.#at + count)
    this.#at += count
    return part
  }

  /** The SMSC address that AT commands put before the TPDU; its length octet counts octets, not digits. */
  smsc(): string | null {
    const length = this.byte('SMSC length')
    if (length === 0) return null
    const type = this.byte('SMSC type')
    return number(type, this.take(length - 1, 'SMSC number'), (length - 1) * 2)
  }

  /** TP-OA, TP-DA, TP-RA (TS 23.040 §9.1.2.5). */
  address(): string {
    const digits = this.byte('address length')
    const type = this.byte('address type')
    const bytes = this.take(Math.ceil(digits / 2), 'address')
    if ((type & 0x70) === 0x50) return fromSeptets(unpackSeptets(bytes, Math.floor((digits * 4) / 7)))
    return number(type, bytes, digits)
  }

  /** TP-SCTS and TP-DT (§9.2.3.11): seven swapped BCD pairs; the last is the zone in quarter hours, its sign in bit 3. */
  timestamp(): number {
    const raw = this.take(7, 'time stamp')
    const part = (index: number) => {
      const byte = raw[index] ?? 0
      return (byte & 0x0f) * 10 + (byte >> 4)
    }
    const zoneByte = raw[6] ?? 0
    const quarters = (zoneByte & 0x07) * 10 + (zoneByte >> 4)
    const zoneMs = (zoneByte & 0x08 ? -quarters : quarters) * 15 * 60_000
    const year = part(0)
    return Date.UTC(year >= 90 ? 1900 + year : 2000 + year, part(1) - 1, part(2), part(3), part(4), part(5)) - zoneMs
  }
}

function number(type: number, bytes: Buffer, digits: number): string {
  let text = ''
  for (const byte of bytes) text += DIGITS[byte & 0x0f] + (DIGITS[byte >> 4] ?? '')
  text = text.slice(0, digits).replace(/f+$/, '')
  return (type & 0x70) === 0x10 ? `+${text}` : text
}

/** Semi-octet digits (§9.1.2.3); `f` fills an odd number. */
const DIGITS = '0123456789*#abcf'

/** Whether this can be dialled: an optional +, 3 to 20 digits. Blanks and dashes are taken out first by `dialable`. */
export const isNumber = (text: string): boolean => /^\+?[0-9*#]{3,20}$/.test(text)
export const dialable = (text: string): string => text.replace(/[\s-]/g, '')

/** `+…` is sent as international (0x91), anything else as the network's own kind (0x81), letters as alphanumeric (0xD0, senders only). */
export function encodeAddress(address: string): Buffer {
  const clean = dialable(address)
  if (!isNumber(clean)) {
    const packed = packSeptets(toSeptets(address))
    return Buffer.concat([Buffer.from([Math.ceil((toSeptets(address).length * 7) / 4), 0xd0]), packed])
  }
  const digits = clean.replace('+', '')
  return Buffer.concat([Buffer.from([digits.length, clean.startsWith('+') ? 0x91 : 0x81]), semiOctets(digits)])
}

/** The SMSC part of an AT PDU; empty text means the one stored in the modem. */
export function encodeSmsc(smsc: string): Buffer {
  if (smsc === '') return Buffer.from([0])
  const digits = dialable(smsc).replace('+', '')
  const body = semiOctets(digits)
  return Buffer.concat([Buffer.from([body.length + 1, smsc.startsWith('+') ? 0x91 : 0x81]), body])
}

function semiOctets(digits: string): Buffer {
  const padded = digits.length % 2 ? `${digits}f` : digits
  const bytes = Buffer.alloc(padded.length / 2)
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = DIGITS.indexOf(padded[i * 2] ?? 'f') | (DIGITS.indexOf(padded[i * 2 + 1] ?? 'f') << 4)
  }
  return bytes
}

/** `time` in ms, written in the zone `zoneMinutes` east of Greenwich. */
export function encodeTimestamp(time: number, zoneMinutes: number): Buffer {
  const local = new Date(time + zoneMinutes * 60_000)
  const swap = (value: number) => ((value % 10) << 4) | Math.floor(value / 10)
  const quarters = Math.round(Math.abs(zoneMinutes) / 15)
  return Buffer.from([
    swap(local.getUTCFullYear() % 100),
    swap(local.getUTCMonth() + 1),
    swap(local.getUTCDate()),
    swap(local.getUTCHours()),
    swap(local.getUTCMinutes()),
    swap(local.getUTCSeconds()),
    swap(quarters) | (zoneMinutes < 0 ? 0x08 : 0),
  ])
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Relative TP-VP (§9.2.3.12.1): the shortest period not below `ms`, at most 63 weeks. */
export function encodeValidity(ms: number): number {
  if (ms <= 12 * HOUR) return Math.max(0, Math.ceil(ms / (5 * MINUTE)) - 1)
  if (ms <= DAY) return 143 + Math.ceil((ms - 12 * HOUR) / (30 * MINUTE))
  if (ms <= 30 * DAY) return 166 + Math.ceil(ms / DAY)
  return Math.min(255, 192 + Math.ceil(ms / (7 * DAY)))
}

export function decodeValidity(value: number): number {
  if (value <= 143) return (value + 1) * 5 * MINUTE
  if (value <= 167) return 12 * HOUR + (value - 143) * 30 * MINUTE
  if (value <= 196) return (value - 166) * DAY
  return (value - 192) * 7 * DAY
}
