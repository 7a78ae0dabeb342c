import * as v from 'valibot'
import { ACCESS_SECRETS, accessEntries } from '../../protocols/snmp/access.ts'
import type { KindSpec } from '../kind-spec.ts'

const options = v.strictObject({
  ...accessEntries,
  /** `auto`: all that match; else these (and what they extend), whatever the device says of itself. */
  profile: v.optional(v.union([v.string(), v.array(v.string())]), 'auto'),
})
export type SnmpOptions = v.InferOutput<typeof options>

export const snmpKind: KindSpec = {
  options,
  intervalMs: 60_000,
  timeoutMs: 30_000,
  where: 'remote',
  secrets: ACCESS_SECRETS,
  title: { zh: 'SNMP', en: 'SNMP' },
}
