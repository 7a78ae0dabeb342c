import { numberOf, shrink, textOf } from './decode.ts'
import { type Expression, type Scalar, truthy } from './expression.ts'
import type { EnumTable, Field, Meaning, ReadValue } from './model.ts'
import type { Row } from './refs.ts'
import { convertUnit, isFiller, parseUnit } from './units.ts'
import type { Varbind } from './varbind.ts'

type Converted = Pick<ReadValue, 'quality' | 'value' | 'text' | 'state' | 'words'>
const MISSING: Converted = { quality: 'missing', value: null, text: null, state: null, words: [] }
const BAD: Converted = { ...MISSING, quality: 'bad_value' }

/** One value from the wire to what it means. Total: any varbind gives a value, `missing` or `bad_value`; numbers are finite and within bounds. */
export function convert(field: Field, varbind: Varbind, row: Row): Converted {
  let text = textOf(varbind, field.reading)
  if (field.kind === 'bits') return convertBits(field, varbind, text)
  if (text === '' || (field.missing.size > 0 && field.missing.has(text.toLowerCase()))) return MISSING
  let cell = varbind
  if (field.extract) {
    const match = field.extract.exec(text)
    text = (match?.[1] ?? match?.[0] ?? '').trim()
    if (text === '') return MISSING
    cell = { oid: varbind.oid, type: 'octets', value: new TextEncoder().encode(text) }
  }
  if (field.kind === 'text' && !field.expr) return { ...MISSING, quality: 'ok', text: text.slice(0, 1000) }
  const read = field.reading === 'text' ? null : numberOf(cell, field.reading)
  if (read !== null && field.missing.size > 0 && field.missing.has(String(read))) return MISSING
  if (field.kind === 'counter')
    return typeof read === 'bigint' || (read !== null && read >= 0) ? { ...MISSING, quality: 'ok', value: read } : MISSING
  let number: number | bigint | null = read
  if (field.expr) {
    const result = field.expr.evaluate(scopeOf(row, read === null ? text : Number(read)))
    number = typeof result === 'number' ? result : typeof result === 'boolean' ? Number(result) : null
    text = result === null ? '' : String(result)
    if (text === '') return MISSING
    if (field.kind === 'text') return { ...MISSING, quality: 'ok', text }
  }
  if (field.meanings) return convertEnum(field.meanings, number, text)
  return number === null ? MISSING : scaled(field, Number(number), row)
}

function scaled(field: Field, raw: number, row: Row): Converted {
  const scale = factor(field.scale, row, raw, 1)
  const offset = factor(field.offset, row, raw, 0)
  if (scale === null || offset === null) return MISSING
  let value: number | null = raw * scale + offset
  const source = typeof field.unit === 'function' ? unitFrom(field.unit(row)) : field.unit
  if (source && field.target) value = convertUnit(value, source, field.target)
  if (value === null) return BAD
  if (field.auto) for (let i = 0; i < 3 && Math.abs(value) > field.auto.above; i++) value /= field.auto.divide
  value = Number(value.toPrecision(12))
  if (!Number.isFinite(value) || value < field.min || value > field.max) return isFiller(raw) ? MISSING : BAD
  return { ...MISSING, quality: 'ok', value }
}

function factor(rule: number | Expression | null, row: Row, raw: number, none: number): number | null {
  if (rule === null) return none
  if (typeof rule === 'number') return rule
  const result = rule.evaluate(scopeOf(row, raw))
  return typeof result === 'number' ? result : null
}

function unitFrom(cell: Varbind | null): string | null {
  return cell ? parseUnit(textOf(cell)) : null
}

function convertEnum(meanings: EnumTable, number: number | bigint | null, text: string): Converted {
  const meaning = meaningOf(meanings, number, text)
  const value = number ?? meaning?.code ?? null
  return {
    quality: 'ok',
    value,
    text: meaning?.text ?? text,
    state: meaning ? meaning.state : 'unknown',
    words: meaning?.words ?? [],
  }
}

/** By number, else by text (case-blind), else by `*`. */
export function meaningOf(meanings: EnumTable, number: number | bigint | null, text: string): Meaning | undefined {
  return (number === null ? undefined : meanings.get(String(number))) ?? meanings.get(text.toLowerCase()) ?? meanings.get('*')
}

function convertBits(field: Field, varbind: Varbind, text: string): Converted {
  const set = setBits(field, varbind, text)
  if (set === null) return MISSING
  const found = set.bits.map((bit) => field.meanings?.get(String(bit))).filter((meaning) => meaning !== undefined)
  const states = found.map((meaning) => meaning.state)
  return {
    quality: 'ok',
    value: set.value,
    text: found.map((meaning) => meaning.text).join(' ') || 'none',
    state: states.includes('fault') ? 'fault' : states.includes('alarm') ? 'alarm' : 'normal',
    words: found.flatMap((meaning) => meaning.words),
  }
}

/** Numbers: bit 0 is the lowest. Octets of a BITS syntax: bit 0 is the highest of the first octet. `ascii`: characters 0 and 1, the first is bit 1. */
function setBits(field: Field, varbind: Varbind, text: string): { value: number; bits: number[] } | null {
  const bits: number[] = []
  if (field.bitOrder === 'ascii') {
    if (!/^[01]+$/.test(text)) return null
    for (let i = 0; i < text.length; i++) if (text[i] === '1') bits.push(i + 1)
    return { value: bits.length, bits }
  }
  const octets = varbind.value instanceof Uint8Array && numberOf(varbind) === null ? varbind.value : null
  if (octets && field.bitOrder === 'msb') {
    octets.forEach((byte, at) => {
      for (let i = 0; i < 8; i++) if (byte & (0x80 >> i)) bits.push(at * 8 + i)
    })
    return { value: Number(numberOf(varbind, 'bytes') ?? bits.length), bits }
  }
  const number = numberOf(varbind, octets ? 'bytes' : field.reading)
  if (number === null) return null
  if (typeof number === 'number' && !Number.isInteger(number)) return null
  const mask = BigInt.asUintN(64, BigInt(number))
  for (let i = 0; i < 64; i++) if ((mask >> BigInt(i)) & 1n) bits.push(i)
  return { value: Number(shrink(BigInt(number))), bits }
}

/** Names an expression can use: `value`, then the group's `let` names. Numbers in text are numbers. */
export function scopeOf(row: Row, value: Scalar): (name: string) => Scalar {
  return (name) => {
    if (name === 'value') return value
    if (name === 'row_index') return row.index
    const cell = row.named(name)
    if (!cell) return null
    const number = numberOf(cell)
    return number === null ? textOf(cell) || null : Number(number)
  }
}

export function passes(condition: Expression | null, row: Row, value: Scalar = null): boolean {
  return condition === null || truthy(condition.evaluate(scopeOf(row, value)))
}
