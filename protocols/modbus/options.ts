import * as v from 'valibot'
import { duration } from '../../core/config/duration.ts'
import { lineEntries } from '../line/address.ts'

const whole = (min: number, max: number) => v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max))
const wholeText = (max: number) => v.union([whole(0, max), v.pipe(v.string(), v.regex(/^(\d+|0x[0-9A-Fa-f]+)$/, 'must be a whole number'))])

/** A Modbus gateway or bus, as written after `via: { modbus: … }`. Light: no library is loaded. */
export const modbusEntries = {
  ...lineEntries,
  /** `tcp`: Modbus TCP; `rtu`: RTU frames, on a serial port or through a serial server. Default: by the medium. */
  framing: v.optional(v.picklist(['tcp', 'rtu'])),
  /** Unit (slave) address. */
  unit: v.optional(wholeText(255), 1),
  /** For one request. */
  request_timeout: v.optional(duration, '800ms'),
  /** Requests after one that was not answered. */
  retries: v.optional(whole(0, 5), 1),
  /** Pause between two requests on the line, for gateways that need one. */
  gap: v.optional(duration, '0s'),
  /** Registers or bits in one request; the standard allows 125 and 2000. */
  max_registers: v.optional(whole(1, 125), 120),
  max_bits: v.optional(whole(1, 2000), 1000),
  /** Unused registers between two points that are read along rather than asked for apart. */
  max_gap: v.optional(whole(0, 100), 8),
  /** Addresses of the points count from 1, as most manuals do. */
  one_based: v.optional(v.boolean(), false),
}
const modbus = v.strictObject(modbusEntries)
export type ModbusOptions = v.InferOutput<typeof modbus>

export const VALUE_TYPES = ['bit', 'u16', 's16', 'u32', 's32', 'float'] as const
export type ValueType = (typeof VALUE_TYPES)[number]

/** Where a value stands on a unit. */
export const modbusSourceEntries = {
  /** 1 coils, 2 discrete inputs, 3 holding registers, 4 input registers. */
  fc: v.optional(v.picklist([1, 2, 3, 4, '1', '2', '3', '4'])),
  /** 0-based, unless `one_based`. */
  address: wholeText(65_536),
  one_based: v.optional(v.boolean()),
  unit: v.optional(wholeText(255)),
  /** One bit of a register, 0 the lowest. */
  bit: v.optional(v.union([whole(0, 15), v.pipe(v.string(), v.regex(/^(\d|1[0-5])$/, 'must be 0 to 15'))])),
  type: v.optional(v.picklist(VALUE_TYPES)),
  /** Of the two bytes in a register. */
  byte_order: v.optional(v.picklist(['big', 'little']), 'big'),
  /** Of the two registers of a 32-bit value. */
  word_order: v.optional(v.picklist(['big', 'little']), 'big'),
}
const source = v.strictObject(modbusSourceEntries)
export type ModbusSource = v.InferOutput<typeof source>
