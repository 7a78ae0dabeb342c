import * as v from 'valibot'
import { accessEntries } from '../../../protocols/snmp/access.ts'
import type { KindSpec } from '../../kind-spec.ts'
import { receivingEntries } from '../receiving.ts'

const user = v.strictObject({ user: v.pipe(v.string(), v.minLength(1)), auth: accessEntries.auth, privacy: accessEntries.privacy })

const options = v.pipe(
  v.strictObject({
    ...receivingEntries({ port: 162, rate: 20, burst: 100 }),
    /** Communities of versions 1 and 2c that are believed. */
    communities: v.optional(v.array(v.pipe(v.string(), v.minLength(1))), []),
    /** Users of version 3. */
    users: v.optional(v.array(user), []),
    /** Our engine as hex, which senders of version 3 informs ask for; made from the device's name when left out. */
    engine_id: v.optional(v.pipe(v.string(), v.regex(/^(0x)?([0-9a-fA-F]{2}){5,32}$/, 'must be 5 to 32 octets as hex'))),
    /** Polls the device at once that a trap came from. */
    poll: v.optional(v.boolean(), true),
  }),
  v.check(({ communities, users }) => communities.length + users.length > 0, 'needs communities or users: whose traps are to be believed?'),
)
export type TrapOptions = v.InferOutput<typeof options>

export const trapKind: KindSpec = {
  options,
  intervalMs: 60_000,
  timeoutMs: 10_000,
  where: 'push',
  manySources: true,
  secrets: ['communities.*', 'users.*.auth.password', 'users.*.privacy.password'],
  title: { zh: 'SNMP trap', en: 'SNMP traps' },
}
