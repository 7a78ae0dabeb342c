import type { YdnSource, YdnType } from './options.ts'
import { ydnByte } from './options.ts'

/** One value in the answer to one command. */
export interface YdnItem {
  readonly cid1: number
  readonly cid2: number
  /** Hex. */
  readonly info: string
  readonly offset: number
  readonly type: YdnType
  readonly bit: number | null
  readonly little: boolean
}

const SIZE: Readonly<Record<YdnType, number>> = { u8: 1, s8: 1, u16: 2, s16: 2, u32: 4, s32: 4, float: 4 }

/** Without a type: floats after command 41, 16-bit integers after 42, else bytes. */
export function ydnItem(source: YdnSource): YdnItem {
  const cid2 = ydnByte(source.cid2)
  const bit = source.bit === undefined ? null : Number(source.bit)
  const type = source.type ?? (bit !== null ? 'u8' : cid2 === 0x41 ? 'float' : cid2 === 0x42 ? 's16' : 'u8')
  const order = source.byte_order ?? (type === 'float' ? 'little' : 'big')
  const info = (source.info ?? '').toUpperCase()
  return { cid1: ydnByte(source.cid1), cid2, info, offset: Number(source.offset), type, bit, little: order === 'little' }
}

/** The value out of an answer's INFO; null when the answer is too short, or for a float that is no number. */
export function ydnValue(item: YdnItem, info: Uint8Array): number | null {
  const { offset, type, bit, little } = item
  if (offset + SIZE[type] > info.length) return null
  const view = new DataView(info.buffer, info.byteOffset, info.byteLength)
  if (bit !== null) return (view.getUint8(offset) >> bit) & 1
  switch (type) {
    case 's8':
      return view.getInt8(offset)
    case 'u16':
      return view.getUint16(offset, little)
    case 's16':
      return view.getInt16(offset, little)
    case 'u32':
      return view.getUint32(offset, little)
    case 's32':
      return view.getInt32(offset, little)
    case 'float': {
      const value = view.getFloat32(offset, little)
      return Number.isFinite(value) ? Number(value.toPrecision(7)) : null
    }
    default:
      return view.getUint8(offset)
  }
}
