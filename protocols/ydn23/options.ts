import * as v from 'valibot'
import { duration } from '../../core/config/duration.ts'
import { lineEntries } from '../line/address.ts'

const byte = v.union([
  v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(255)),
  v.pipe(v.string(), v.regex(/^(0x)?[0-9A-Fa-f]{1,2}$/, 'must be a byte as hex digits, such as "2A"')),
])
const whole = (min: number, max: number) => v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max))

/** A device that speaks YD/T 1363, as written after `via: { ydn23: … }`. Texts are hex, numbers are decimal. */
export const ydnEntries = {
  ...lineEntries,
  /** ADR, 1 to 254 as it is set on the device. */
  address: v.optional(v.union([whole(0, 255), v.pipe(v.string(), v.regex(/^\d{1,3}$/, 'must be a whole number'))]), 1),
  /** VER of the frames: "20", "21", "22" … */
  version: v.optional(byte, '21'),
  request_timeout: v.optional(duration, '800ms'),
  retries: v.optional(whole(0, 5), 1),
}
const ydn = v.strictObject(ydnEntries)
export type YdnOptions = v.InferOutput<typeof ydn>

export const YDN_TYPES = ['u8', 's8', 'u16', 's16', 'u32', 's32', 'float'] as const
export type YdnType = (typeof YDN_TYPES)[number]

/** Where a value stands: which command brings it, and where in the answer. */
export const ydnSourceEntries = {
  /** "2A" UPS, "40" to "42" power, "60" air conditioner … */
  cid1: byte,
  /** "41" analog as float, "42" analog as integer, "43" on/off, "44" alarms. */
  cid2: byte,
  /** Data of the command as hex, where the device wants any (often "FF" for all groups). */
  info: v.optional(v.pipe(v.string(), v.regex(/^([0-9A-Fa-f]{2})*$/, 'must be hex bytes'))),
  /** Bytes of the answer's INFO before the value, DATAFLAG included. */
  offset: v.union([whole(0, 2047), v.pipe(v.string(), v.regex(/^\d{1,4}$/, 'must be a whole number'))]),
  bit: v.optional(v.union([whole(0, 7), v.pipe(v.string(), v.regex(/^[0-7]$/, 'must be 0 to 7'))])),
  type: v.optional(v.picklist(YDN_TYPES)),
  /** By the standard integers come high byte first and floats low byte first. */
  byte_order: v.optional(v.picklist(['big', 'little'])),
}
const source = v.strictObject(ydnSourceEntries)
export type YdnSource = v.InferOutput<typeof source>

/** Texts are hex, numbers are meant as they are. */
export const ydnByte = (value: number | string): number =>
  typeof value === 'number' ? value : Number.parseInt(value.replace(/^0x/i, ''), 16)
