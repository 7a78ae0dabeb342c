import * as v from 'valibot'
import { duration, durationBetween } from '../../core/config/duration.ts'
import type { KindSpec } from '../kind-spec.ts'

const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65535))
const whole = (min: number, max: number) => v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max))
const names = v.pipe(
  v.array(v.string()),
  v.description('Sensors to leave out: names as the BMC spells them, * at the end matches any rest'),
)

const options = v.strictObject({
  /** `native`: our own client; `freeipmi`: the tool ipmi-sensors, for BMCs with quirks; `local`: the same tool on the server itself. */
  driver: v.optional(v.picklist(['native', 'freeipmi', 'local']), 'native'),
  port: v.optional(port, 623),
  username: v.optional(v.pipe(v.string(), v.maxLength(16)), ''),
  password: v.optional(v.string(), ''),
  /** BMC key of two-key logins; most BMCs have none. */
  kg: v.optional(v.string()),
  privilege: v.optional(v.picklist(['user', 'operator', 'administrator']), 'user'),
  version: v.optional(v.picklist(['auto', '2.0', '1.5']), 'auto'),
  /** In order of preference. 0, 1, 2, 15 and 16 leave the session unprotected and need `allow_weak`. */
  cipher_suites: v.optional(v.pipe(v.array(v.picklist([0, 1, 2, 3, 15, 16, 17])), v.minLength(1)), [17, 3]),
  allow_weak: v.optional(v.boolean(), false),
  /** Requests on the wire at once. Old BMCs drop what they can't take, so more than 1 is for those that are known to cope. */
  window: v.optional(whole(1, 4), 1),
  request_timeout: v.optional(durationBetween(50, 20_000), '1s'),
  retries: v.optional(whole(0, 10), 3),
  /** How long a session may be idle before a request keeps it alive; 0 lets it expire. BMCs drop sessions after 60 s. */
  keep_alive: v.optional(duration, '25s'),
  exclude: v.optional(names, []),
  sel: v.optional(v.boolean(), true),
  /** Events this young are told when the log is read for the first time. */
  sel_backlog: v.optional(duration, '1h'),
  dcmi: v.optional(v.boolean(), true),
  /** FRU and device identity, at the first run and then this often; 0 = never. */
  inventory: v.optional(duration, '1d'),
  /** How often the BMC's thresholds are read again. */
  thresholds: v.optional(duration, '1h'),
  /** FreeIPMI's --workaround-flags, e.g. `opensesspriv`, `authcap`. */
  workarounds: v.optional(v.array(v.pipe(v.string(), v.regex(/^[a-z0-9]+$/, 'must be a FreeIPMI workaround flag'))), []),
  /** `local` without rights on /dev/ipmi0: what a root timer's ipmi-sensors has written. */
  file: v.optional(v.pipe(v.string(), v.startsWith('/', 'must be an absolute path'))),
})
export type IpmiOptions = v.InferOutput<typeof options>

const COMMON = { options, intervalMs: 60_000, timeoutMs: 30_000, secrets: ['password', 'kg'] } as const

export const ipmiKind: KindSpec = {
  ...COMMON,
  where: 'remote',
  title: { zh: '服务器硬件(IPMI)', en: 'server hardware (IPMI)' },
}

/** In-band, by the agent on the server: `driver` is always `local`. */
export const ipmiLocalKind: KindSpec = {
  ...COMMON,
  where: 'local',
  title: { zh: '服务器硬件(本机 IPMI)', en: 'server hardware (in-band IPMI)' },
}
