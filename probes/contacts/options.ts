import * as v from 'valibot'
import { duration, durationBetween } from '../../core/config/duration.ts'
import { nameText } from '../../core/config/settings-schema.ts'
import { lineNeedsAddress } from '../../protocols/line/address.ts'
import { modbusEntries, modbusSourceEntries } from '../../protocols/modbus/options.ts'
import { ACCESS_SECRETS, accessEntries, accessWarning } from '../../protocols/snmp/access.ts'
import { ydnEntries, ydnSourceEntries } from '../../protocols/ydn23/options.ts'
import { issuePath } from '../issue-path.ts'
import type { KindSpec } from '../kind-spec.ts'
import { tableProblems } from './table.ts'

const about = <S extends v.GenericSchema>(schema: S, words: string) => v.pipe(schema, v.description(words))
const OID = /^\.?\d+(\.\d+)+$/
const oid = v.pipe(v.string(), v.regex(OID, 'must be an OID such as 1.3.6.1.4.1.99999.1.1.0'))
const number = v.union([v.number(), v.pipe(v.string(), v.regex(/^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/, 'must be a number'))])
const one = v.union([v.number(), v.string(), v.boolean()])
const values = v.union([one, v.pipe(v.array(one), v.minLength(1))])

/** Types whose value is a quantity; all others are contacts. */
export const ANALOG_TYPES: readonly string[] = [
  'temperature',
  'humidity',
  'voltage',
  'current',
  'airflow',
  'pressure',
  'dewpoint',
  'level',
  'analog',
]

const outputEntries = {
  oid: about(v.optional(oid), 'SNMP: object to set, by SNMPv3 with authentication and privacy only.'),
  coil: about(v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_536))), 'Modbus: coil to write (FC5).'),
  register: about(v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_536))), 'Modbus: register to write (FC6).'),
  unit: about(v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(255))), 'Modbus unit, when it is not that of `via`.'),
  write: about(v.optional(v.boolean(), false), 'Modbus has no protection: true allows the writing.'),
  on: about(v.optional(number, 1), 'Value for on.'),
  off: about(v.optional(number, 0), 'Value for off.'),
  max: about(v.optional(durationBetween(1000, 3_600_000), '10m'), 'Longest time it stays on; then it is switched off.'),
}

const pointEntries = {
  name: about(nameText, 'Unique on the device, such as SMK-01.'),
  title: about(v.optional(v.string()), 'For people.'),
  type: about(
    v.optional(v.pipe(v.string(), v.regex(/^[a-z][a-z0-9_]{0,30}$/, 'must be a word such as smoke, water, door or temperature')), 'dry'),
    'smoke water door dry motion power siren …, or a quantity: temperature humidity voltage current airflow pressure dewpoint level analog.',
  ),
  oid: about(v.optional(oid), 'Over SNMP: the object.'),
  source: about(
    v.optional(v.union([oid, v.strictObject(modbusSourceEntries), v.strictObject(ydnSourceEntries)])),
    'Over Modbus { fc, address, bit, type, … }, over YD/T 1363 { cid1, cid2, offset, … }.',
  ),
  normal: about(v.optional(values), 'Raw values that mean normal; conditions such as ">= 5" or "10..20" are about the scaled value.'),
  alarm: about(v.optional(values), 'Values that mean alarm.'),
  fault: about(v.optional(values), 'Values that mean that the detector or its cable is broken.'),
  invert: about(v.optional(v.boolean(), false), 'Swaps normal and alarm.'),
  on_delay: about(v.optional(duration, '0s'), 'How long alarm or fault must last.'),
  off_delay: about(v.optional(duration, '0s'), 'How long normal must last to end them.'),
  scale: about(v.optional(number, 1), 'value = raw × scale + offset'),
  offset: v.optional(number, 0),
  min: about(v.optional(number), 'A smaller value is no measurement but a fault.'),
  max: about(v.optional(number), 'A greater value is no measurement but a fault.'),
  deadband: about(v.optional(number), 'A quantity is sent when it moved by this much, and once a minute.'),
  unit: about(v.optional(v.string()), 'For people.'),
  zone: about(v.optional(v.pipe(v.string(), v.maxLength(63))), 'Where the detector is; a tag of its samples.'),
  stale: about(v.optional(duration, '0s'), 'How long the last state holds without an answer; then it is unknown.'),
  latch: about(v.optional(v.boolean(), false), 'The alarm stays until a person resets it.'),
  output: about(v.optional(v.strictObject(outputEntries)), 'The point can be switched, for a siren.'),
}
const point = v.strictObject(pointEntries)
export type PointOptions = v.InferOutput<typeof point>
export type OutputOptions = v.InferOutput<v.StrictObjectSchema<typeof outputEntries, undefined>>

/** A poll must fit into 2 s; so must one retry. */
const quickAccess = { ...accessEntries, request_timeout: v.optional(duration, '700ms') }

const via = v.strictObject({
  snmp: v.optional(v.strictObject(quickAccess)),
  modbus: v.optional(v.strictObject(modbusEntries)),
  ydn23: v.optional(v.strictObject(ydnEntries)),
})
export type Via = v.InferOutput<typeof via>

const table = v.strictObject({
  via: about(via, 'How the station is read: snmp, modbus or ydn23.'),
  points: about(v.pipe(v.array(point), v.minLength(1), v.maxLength(2000)), 'What is connected to it.'),
  repeat: about(v.optional(durationBetween(1000, 60_000), '60s'), 'How often an unchanged point is sent.'),
})
export type ContactsOptions = v.InferOutput<typeof table>

const options = v.pipe(
  table,
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    for (const { path, message } of tableProblems(dataset.value)) addIssue({ message, path: issuePath(dataset.value, path) })
  }),
)

export const contactsKind: KindSpec = {
  options,
  intervalMs: 2_000,
  timeoutMs: 1_800,
  where: 'remote',
  needsAddress: ({ via }) => {
    const { snmp, modbus, ydn23 } = (typeof via === 'object' && via !== null ? via : {}) as Record<string, unknown>
    return snmp !== undefined || lineNeedsAddress(modbus ?? ydn23)
  },
  repeatMs: 60_000,
  secrets: ACCESS_SECRETS.map((path) => `via.snmp.${path}`),
  warning: (options) => {
    const { snmp } = (options as ContactsOptions).via
    return snmp ? accessWarning(snmp) : null
  },
  title: { zh: '动环接点', en: 'contacts' },
}
