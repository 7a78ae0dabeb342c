import type { FunctionCode, ModbusItem } from './value.ts'

/** One request that brings several values. */
export interface ModbusRange {
  readonly unit: number
  readonly fc: FunctionCode
  readonly start: number
  readonly count: number
  readonly items: readonly ModbusItem[]
}

export interface RangeLimits {
  readonly max_registers: number
  readonly max_bits: number
  readonly max_gap: number
}

/** As few requests as the limits allow: values of one unit and function that stand close together come in one. */
export function planRanges(items: readonly ModbusItem[], limits: RangeLimits): ModbusRange[] {
  const sorted = [...items].sort((a, b) => a.unit - b.unit || a.fc - b.fc || a.address - b.address)
  const ranges: { unit: number; fc: FunctionCode; start: number; count: number; items: ModbusItem[] }[] = []
  for (const item of sorted) {
    const open = ranges.at(-1)
    const most = item.fc <= 2 ? limits.max_bits : limits.max_registers
    const end = item.address + item.size
    const joins =
      open?.unit === item.unit &&
      open.fc === item.fc &&
      item.address - (open.start + open.count) <= limits.max_gap &&
      Math.max(end - open.start, open.count) <= Math.max(most, item.size)
    if (open && joins) {
      open.count = Math.max(open.count, end - open.start)
      open.items.push(item)
    } else ranges.push({ unit: item.unit, fc: item.fc, start: item.address, count: item.size, items: [item] })
  }
  return ranges
}
