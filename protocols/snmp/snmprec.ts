import { normalizeOid } from '../../core/profile/oid.ts'
import type { SnmpType, Varbind } from '../../core/profile/varbind.ts'
import { tagOf, typeOf } from './smi-tags.ts'

/** The .snmprec format: one object a line, `OID|type|value`, type = the BER tag in decimal; an `x` after it means hex, an `e` backslash escapes. */
export interface Recording {
  /** In file order; an OID that comes twice keeps its last value. */
  readonly varbinds: readonly Varbind[]
  readonly issues: readonly { readonly line: number; readonly message: string }[]
}

/** Never throws: a line that can't be read is told and skipped. Blank lines and `#` comments are fine. */
export function parseRecording(text: string): Recording {
  const byOid = new Map<string, Varbind>()
  const issues: { line: number; message: string }[] = []
  text.split(/\r?\n/).forEach((line, at) => {
    if (line.trim() === '' || line.startsWith('#')) return
    const parsed = parseLine(line)
    if (typeof parsed === 'string') issues.push({ line: at + 1, message: parsed })
    else if (parsed) byOid.set(parsed.oid, parsed)
  })
  return { varbinds: [...byOid.values()], issues }
}

/** A varbind, what is wrong with the line, or null for a recorded "does not exist". */
function parseLine(line: string): Varbind | string | null {
  const first = line.indexOf('|')
  const second = line.indexOf('|', first + 1)
  if (first < 0 || second < 0) return 'expected OID|type|value'
  const oid = normalizeOid(line.slice(0, first))
  if (oid === null) return `"${line.slice(0, first).slice(0, 60)}" is no OID`
  const tag = line.slice(first + 1, second).trim()
  const found = /^(\d+)([xe]?)(?::.*)?$/.exec(tag)
  if (!found) return `unknown type "${tag.slice(0, 20)}"`
  const [, code = '', mode = ''] = found
  if (code === '128' || code === '129' || code === '130') return null
  const type = typeOf(Number(code))
  if (!type) return `unknown type "${tag}"`
  return parseValue(oid, type, mode, line.slice(second + 1))
}

function parseValue(oid: string, type: SnmpType, mode: string, text: string): Varbind | string {
  let bytes: Uint8Array | null = null
  if (mode === 'x') {
    const hex = text.trim().replace(/^0x/i, '')
    if (!/^([0-9a-f]{2})*$/i.test(hex)) return 'odd or non-hex digits in a hex value'
    bytes = Uint8Array.from(Buffer.from(hex, 'hex'))
  } else if (mode === 'e') bytes = Uint8Array.from(Buffer.from(unescaped(text), 'latin1'))
  switch (type) {
    case 'null':
      return { oid, type, value: null }
    case 'octets':
    case 'opaque':
      return { oid, type, value: bytes ?? Uint8Array.from(Buffer.from(text, 'utf8')) }
    case 'oid': {
      const value = normalizeOid(text)
      return value === null ? `"${text.slice(0, 60)}" is no OID` : { oid, type, value }
    }
    case 'ip':
      if (bytes) return bytes.length === 4 ? { oid, type, value: bytes.join('.') } : 'an address has four octets'
      return { oid, type, value: text.trim() }
    default:
      return integerOf(oid, type, bytes ? Buffer.from(bytes).toString('latin1') : text)
  }
}

function integerOf(oid: string, type: SnmpType, text: string): Varbind | string {
  const digits = text.trim()
  if (!/^[+-]?\d{1,20}$/.test(digits)) return `"${digits.slice(0, 40)}" is no integer`
  if (type === 'counter64') return { oid, type, value: BigInt.asUintN(64, BigInt(digits)) }
  const value = Number(digits)
  return type === 'integer' ? { oid, type, value } : { oid, type, value: value < 0 ? value + 2 ** 32 : value }
}

/** Backslash escapes: `\n \r \t \\ \xNN`. */
function unescaped(text: string): string {
  const simple: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' }
  return text.replace(/\\(x[0-9a-fA-F]{2}|.)/g, (_, code: string) =>
    code.length === 3 ? String.fromCharCode(Number.parseInt(code.slice(1), 16)) : (simple[code] ?? code),
  )
}

/** One line of a recording; octets that are no plain ASCII text are written in hex. */
export function formatRecordingLine(varbind: Varbind): string {
  const { oid, type, value } = varbind
  const tag = tagOf(type)
  if (value === null) return `${oid}|${tag}|`
  if (!(value instanceof Uint8Array)) return `${oid}|${tag}|${value}`
  const plain = type === 'octets' && value.every((byte) => byte >= 0x20 && byte < 0x7f)
  return plain ? `${oid}|${tag}|${Buffer.from(value).toString('latin1')}` : `${oid}|${tag}x|${Buffer.from(value).toString('hex')}`
}
