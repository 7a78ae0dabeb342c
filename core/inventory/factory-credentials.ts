/** User names and passwords that devices of this trade leave the factory with. Used to warn; nothing is ever tried. */
const PASSWORDS: readonly (readonly [user: string | null, password: string])[] = [
  ['USERID', 'PASSW0RD'],
  ['ADMIN', 'ADMIN'],
  ['admin', 'admin'],
  ['admin', 'password'],
  ['admin', '12345'],
  ['admin', 'Admin@123'],
  ['admin', 'admin@123'],
  ['root', 'calvin'],
  ['root', 'changeme'],
  ['Administrator', 'superuser'],
  ['apc', 'apc'],
  ['device', 'apc'],
  ['Liebert', 'Liebert'],
  ['cisco', 'cisco'],
]
const COMMUNITIES: ReadonlySet<string> = new Set(['public', 'private', 'LiebertEM', 'cable-docsis', 'ILMI', 'rmonmgmtuicommunity'])

/** True when a secret in the configuration is a factory setting. `key` is the option's name. */
export function factoryCredential(key: string | number | undefined, secret: unknown, user: unknown): boolean {
  if (typeof secret !== 'string') return false
  if (typeof key === 'string' && /community$/.test(key)) return COMMUNITIES.has(secret)
  return PASSWORDS.some(([name, password]) => password === secret && (name === null || name === user))
}
