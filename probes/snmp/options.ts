import * as v from 'valibot'
import { ACCESS_SECRETS, accessEntries, accessProblem, accessWarning } from '../../protocols/snmp/access.ts'
import { issuePath } from '../issue-path.ts'
import type { KindSpec } from '../kind-spec.ts'

const options = v.pipe(
  v.strictObject({
    ...accessEntries,
    /** `auto`: all that match; else these (and what they extend), whatever the device says of itself. */
    profile: v.optional(v.union([v.string(), v.array(v.string())]), 'auto'),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    const problem = dataset.typed ? accessProblem(dataset.value) : null
    if (problem) addIssue({ message: problem.message, path: issuePath(dataset.value, problem.path) })
  }),
)
export type SnmpOptions = v.InferOutput<typeof options>

export const snmpKind: KindSpec = {
  options,
  intervalMs: 60_000,
  timeoutMs: 30_000,
  where: 'remote',
  secrets: ACCESS_SECRETS,
  warning: (options) => accessWarning(options as SnmpOptions),
  title: { zh: 'SNMP', en: 'SNMP' },
}
