import { ProbeError } from '../../core/model/reason.ts'
import type { ModbusOptions, ModbusSource, ValueType } from './options.ts'

export type FunctionCode = 1 | 2 | 3 | 4

/** One value on the bus, ready to be read. Addresses are 0-based. */
export interface ModbusItem {
  readonly unit: number
  readonly fc: FunctionCode
  readonly address: number
  /** Registers or bits that the value takes. */
  readonly size: 1 | 2
  readonly type: ValueType
  readonly bit: number | null
  readonly swapBytes: boolean
  readonly swapWords: boolean
}

/** ProbeError('config') when the address does not exist. Without `fc` a value stands in a holding register. */
export function modbusItem(source: ModbusSource, options: ModbusOptions): ModbusItem {
  const fc = Number(source.fc ?? 3) as FunctionCode
  const address = Number(source.address) - ((source.one_based ?? options.one_based) ? 1 : 0)
  const bits = fc <= 2
  const type = bits ? 'bit' : (source.type ?? (source.bit === undefined ? 'u16' : 'bit'))
  const size = !bits && (type === 'u32' || type === 's32' || type === 'float') ? 2 : 1
  if (address < 0 || address + size > 65_536) throw new ProbeError('config', `there is no Modbus address ${source.address}`)
  return {
    unit: Number(source.unit ?? options.unit),
    fc,
    address,
    size,
    type,
    bit: !bits && type === 'bit' ? Number(source.bit ?? 0) : null,
    swapBytes: source.byte_order === 'little',
    swapWords: source.word_order === 'little',
  }
}

/** The value out of its registers (or bits, as 0 and 1); null for a float that is no number. */
export function modbusValue(item: ModbusItem, words: readonly number[]): number | null {
  const [first = 0, second = 0] = words.map((word) => (item.swapBytes ? ((word & 0xff) << 8) | (word >> 8) : word))
  if (item.fc <= 2) return words[0] ? 1 : 0
  if (item.bit !== null) return (first >> item.bit) & 1
  const [high, low] = item.swapWords ? [second, first] : [first, second]
  const view = new DataView(new ArrayBuffer(4))
  view.setUint16(0, high)
  view.setUint16(2, low)
  switch (item.type) {
    case 's16':
      return (first << 16) >> 16
    case 'u32':
      return view.getUint32(0)
    case 's32':
      return view.getInt32(0)
    case 'float': {
      const value = view.getFloat32(0)
      return Number.isFinite(value) ? Number(value.toPrecision(7)) : null
    }
    default:
      return first
  }
}
