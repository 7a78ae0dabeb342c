import type { Varbind } from './varbind.ts'

/** How octets are to be read when the type of the varbind does not say it. */
export type Reading = 'auto' | 'text' | 'bytes' | 'signed_bytes' | 'hex' | 'mac' | 'date' | 'ip'

/**
 * A number out of whatever the device sent: any integer type, opaque floats, digits in text (`56 %`, ` 23,5 C`, `0x1F`).
 * null when there is none; never NaN. Integers beyond 2^53 stay bigint.
 */
export function numberOf(varbind: Varbind, reading: Reading = 'auto'): number | bigint | null {
  const { value } = varbind
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (typeof value === 'bigint') return shrink(value)
  if (value === null) return null
  if (typeof value === 'string') return parseNumber(value)
  if (varbind.type === 'opaque') return opaqueFloat(value)
  if (reading === 'bytes') return bytesNumber(value, false)
  if (reading === 'signed_bytes') return bytesNumber(value, true)
  if (reading === 'date') return dateAndTime(value)
  return parseNumber(decodeText(value))
}

/** Text of a value: trimmed, control characters gone; octets that are no text become colon-separated hex. */
export function textOf(varbind: Varbind, reading: Reading = 'auto'): string {
  const { value } = varbind
  if (value === null) return ''
  if (!(value instanceof Uint8Array)) return String(value).trim()
  if (varbind.type === 'opaque') {
    const float = opaqueFloat(value)
    return float === null ? hex(value) : String(float)
  }
  if (reading === 'hex' || reading === 'mac') return hex(value)
  if (reading === 'ip') return value.length === 4 ? value.join('.') : hex(value)
  if (reading === 'date') return dateText(value)
  return isPrintable(value) ? cleanText(decodeText(value)) : hex(value)
}

/** As on the wire, for people and files: numbers stay numbers, text stays untrimmed text, bytes become hex. */
export function rawOf(varbind: Varbind): number | string {
  const { value } = varbind
  if (value === null) return ''
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') {
    const small = shrink(value)
    return typeof small === 'number' ? small : String(value)
  }
  if (typeof value === 'string') return value
  if (varbind.type === 'opaque') return opaqueFloat(value) ?? hex(value)
  return isPrintable(value) ? decodeText(value) : hex(value)
}

const NUMBER = /^[+-]?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:[.,]\d+)?|\.\d+)(?:[eE][+-]?\d+)?(?![\d:/-]|[.,]\d)/

/** The number at the start of a text, units and blanks after it allowed; null for times, addresses, versions and words. */
export function parseNumber(text: string): number | bigint | null {
  const trimmed = cleanText(text)
  if (/^0x[0-9a-f]+$/i.test(trimmed)) return shrink(BigInt(trimmed))
  const found = NUMBER.exec(trimmed.replace(/^([+-])\s+/, '$1'))
  if (!found) return null
  let digits = found[0]
  digits = /,\d{3}(\.|,|$)/.test(digits) && !/^[+-]?0,/.test(digits) ? digits.replaceAll(',', '') : digits.replace(',', '.')
  if (/^[+-]?\d{16,}$/.test(digits)) return shrink(BigInt(digits.replace('+', '')))
  const value = Number(digits)
  return Number.isFinite(value) ? value : null
}

/** bigint only where a number would lose digits. */
export function shrink(value: bigint): number | bigint {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value
}

/** Opaque floats of Net-SNMP: `9f 78 04` + float32 or `9f 79 08` + float64, or the bare IEEE bytes. */
function opaqueFloat(bytes: Uint8Array): number | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let value: number | null = null
  if (bytes.length === 7 && bytes[0] === 0x9f && bytes[1] === 0x78) value = view.getFloat32(3)
  else if (bytes.length === 11 && bytes[0] === 0x9f && bytes[1] === 0x79) value = view.getFloat64(3)
  else if (bytes.length === 4) value = view.getFloat32(0)
  else if (bytes.length === 8) value = view.getFloat64(0)
  return value !== null && Number.isFinite(value) ? Number(value.toPrecision(7)) : null
}

function bytesNumber(bytes: Uint8Array, signed: boolean): number | bigint | null {
  if (bytes.length === 0 || bytes.length > 8) return null
  let value = 0n
  for (const byte of bytes) value = (value << 8n) | BigInt(byte)
  return shrink(signed ? BigInt.asIntN(bytes.length * 8, value) : value)
}

/** SNMPv2-TC DateAndTime (8 or 11 octets) as seconds since 1970; without a zone it is taken as UTC. */
function dateAndTime(bytes: Uint8Array): number | null {
  if (bytes.length !== 8 && bytes.length !== 11) return null
  const [high = 0, low = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, tenth = 0, sign = 0, zoneHour = 0, zoneMinute = 0] = bytes
  const year = high * 256 + low
  if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return null
  const zone = bytes.length === 11 ? (zoneHour * 60 + zoneMinute) * (sign === 0x2d ? -1 : 1) : 0
  return Date.UTC(year, month - 1, day, hour, minute - zone, second, tenth * 100) / 1000
}

function dateText(bytes: Uint8Array): string {
  const seconds = dateAndTime(bytes)
  return seconds === null ? '' : new Date(seconds * 1000).toISOString()
}

const utf8 = new TextDecoder('utf-8', { fatal: true })
const latin1 = new TextDecoder('latin1')
const gb18030 = new TextDecoder('gb18030')

/** UTF-8, else GB 18030 when every high byte is half of a GB 2312 pair, else Latin-1. */
export function decodeText(bytes: Uint8Array): string {
  if (bytes.length < 64 && bytes.every((byte) => byte < 0x80)) return String.fromCharCode(...bytes)
  try {
    return utf8.decode(bytes)
  } catch {
    return looksGb2312(bytes) ? gb18030.decode(bytes) : latin1.decode(bytes)
  }
}

function looksGb2312(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) {
    if ((bytes[i] ?? 0) < 0x80) continue
    if ((bytes[i] ?? 0) < 0xa1 || (bytes[i + 1] ?? 0) < 0xa1) return false
    i++
  }
  return true
}

/** Text may end in NULs and hold tabs and line ends; any other control byte makes it binary. */
function isPrintable(bytes: Uint8Array): boolean {
  let end = bytes.length
  while (end > 0 && bytes[end - 1] === 0) end--
  for (let i = 0; i < end; i++) {
    const byte = bytes[i] ?? 0
    if ((byte < 0x20 && byte !== 9 && byte !== 10 && byte !== 13) || byte === 0x7f) return false
  }
  return end > 0 || bytes.length === 0
}

/** Control characters become blanks, ends are trimmed, surrounding quotes go. */
export function cleanText(text: string): string {
  return text
    .replace(/[\u0000-\u001f\u007f]+/g, ' ')
    .trim()
    .replace(/^"(.*)"$/, '$1')
    .trim()
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':')
