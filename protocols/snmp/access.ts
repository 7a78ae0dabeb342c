import * as v from 'valibot'
import { duration } from '../../core/config/duration.ts'
import { ProbeError } from '../../core/model/reason.ts'
import type { Credentials } from './session.ts'

/** How to reach a device by SNMP, as written under a check or after `via: { snmp: … }`. Light: no session code is loaded. */
export const accessEntries = {
  version: v.optional(v.picklist(['1', '2c', '3', 1, 3])),
  community: v.optional(v.string()),
  user: v.optional(v.string()),
  auth: v.optional(
    v.strictObject({
      protocol: v.optional(v.picklist(['md5', 'sha', 'sha224', 'sha256', 'sha384', 'sha512']), 'sha256'),
      password: v.string(),
    }),
  ),
  privacy: v.optional(
    v.strictObject({ protocol: v.optional(v.picklist(['des', 'aes', 'aes256', 'aes256c']), 'aes'), password: v.string() }),
  ),
  context: v.optional(v.string()),
  port: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)), 161),
  /** For one request; the run as a whole has the check's own timeout. */
  request_timeout: v.optional(duration, '2s'),
  /** Requests after one that was not answered. */
  retries: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(10)), 1),
  /** false for cards that break on GETBULK. */
  bulk: v.optional(v.boolean(), true),
  /** Objects in one GET. */
  max_oids: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(200))),
  /** true for agents whose walks are out of order. */
  nonincreasing: v.optional(v.boolean(), false),
}
const access = v.strictObject(accessEntries)
export type SnmpAccess = v.InferOutput<typeof access>

/** Paths of the secrets among `accessEntries`. */
export const ACCESS_SECRETS: readonly string[] = ['community', 'auth.password', 'privacy.password']

/** What does not fit together, with its place below the options; null when all does. References count as long enough. */
export function accessProblem({ version, user, community, auth, privacy }: SnmpAccess): { path: string[]; message: string } | null {
  if (String(version ?? (user === undefined ? '2c' : '3')) !== '3')
    return community === undefined ? { path: [], message: 'SNMP needs a community (or a user for version 3)' } : null
  if (user === undefined) return { path: [], message: 'SNMPv3 needs a user' }
  if (privacy && !auth) return { path: ['privacy'], message: 'SNMPv3 privacy needs auth as well' }
  for (const [what, key] of Object.entries({ auth, privacy })) {
    if (key && key.password.length < 8 && !key.password.includes('${'))
      return { path: [what, 'password'], message: `the SNMPv3 ${what} password has less than 8 characters: no device accepts that` }
  }
  return null
}

/** Credentials out of the options; ProbeError('config') when they don't fit together. A user means version 3, a community 2c. */
export function credentialsOf(options: SnmpAccess): Credentials {
  const problem = accessProblem(options)
  if (problem) throw new ProbeError('config', problem.message)
  const { user, community = '', auth, privacy, context } = options
  const version = String(options.version ?? (user === undefined ? '2c' : '3'))
  if (version !== '3' || user === undefined) return { version: version === '1' ? '1' : '2c', community }
  return { version: '3', user, ...(auth ? { auth } : {}), ...(privacy ? { privacy } : {}), ...(context === undefined ? {} : { context }) }
}

/** Why nothing may be written by this access; null when it may: only by what nobody on the way can read, change or repeat. */
export function writeRefusal(options: SnmpAccess): string | null {
  const { version } = credentialsOf(options)
  if (version !== '3') return `writing by SNMPv${version} is refused: anybody on the network could do it; use SNMPv3 with auth and privacy`
  if (!options.auth || !options.privacy) return 'writing by SNMPv3 without auth and privacy is refused'
  return null
}

/** What a person should know about the security of this access; null when nothing. */
export function accessWarning(options: SnmpAccess): string | null {
  if (options.privacy?.protocol === 'des') return 'DES no longer protects anything: use aes where the device can'
  if (options.auth?.protocol === 'md5') return 'MD5 authentication is weak: use sha256 where the device can'
  return null
}
