/** Who may write and read what at the broker (DESIGN §5): one table for the embedded broker and for mosquitto. */

export type Access = 'write' | 'read'

export interface BrokerUsers {
  readonly site: string
  /** User names of collectors: all of the site's topics. */
  readonly collectors: readonly string[]
  /** Who may publish plain line protocol, with the topic filter; `*` is every user. Collectors may read them all. */
  readonly extra?: readonly { readonly user: string; readonly topic: string }[]
}

/** Rules for agents; `%u` is the user name, which is the agent's name. Paths are under `jifang/<site>/`. */
const AGENT_RULES: readonly { readonly access: Access; readonly path: string }[] = [
  { access: 'write', path: 'agent/%u/data' },
  { access: 'write', path: 'agent/%u/status' },
  { access: 'write', path: 'agent/%u/reply' },
  { access: 'read', path: 'agent/%u/status' },
  { access: 'read', path: 'agent/%u/ack' },
  { access: 'read', path: 'agent/%u/config' },
  { access: 'read', path: 'agent/%u/request' },
  { access: 'read', path: 'collector/+/status' },
]

/** May this user publish to the topic, or subscribe to the filter? Names with wildcards are nobody's. */
export function mayAccess(users: BrokerUsers, user: string, access: Access, topic: string): boolean {
  if (user === '' || /[+#/]/.test(user)) return false
  const root = `jifang/${users.site}/`
  if (users.collectors.includes(user)) {
    if (covers(`${root}#`, topic)) return true
    return access === 'read' && (users.extra ?? []).some((extra) => covers(extra.topic, topic))
  }
  if (access === 'write' && (users.extra ?? []).some((extra) => (extra.user === user || extra.user === '*') && covers(extra.topic, topic)))
    return true
  return AGENT_RULES.some((rule) => rule.access === access && covers(root + rule.path.replaceAll('%u', user), topic))
}

/** The same as an acl_file for mosquitto. */
export function mosquittoAcl(users: BrokerUsers): string {
  const root = `jifang/${users.site}/`
  const lines = [`# who may do what, for the site ${users.site}`]
  for (const user of users.collectors) {
    lines.push('', `user ${user}`, `topic readwrite ${root}#`)
    for (const extra of users.extra ?? []) lines.push(`topic read ${extra.topic}`)
  }
  for (const extra of users.extra ?? []) if (extra.user !== '*') lines.push('', `user ${extra.user}`, `topic write ${extra.topic}`)
  lines.push('', '# every agent; %u is its user name, which is its name')
  for (const { access, path } of AGENT_RULES) lines.push(`pattern ${access} ${root}${path}`)
  for (const extra of users.extra ?? []) if (extra.user === '*') lines.push(`pattern write ${extra.topic}`)
  return `${lines.join('\n')}\n`
}

/** Does the filter match everything that `topic` (a topic, or a filter of a subscription) can match? MQTT 3.1.1 §4.7. */
export function covers(filter: string, topic: string): boolean {
  const allowed = filter.split('/')
  const asked = topic.split('/')
  for (let at = 0; at < allowed.length; at++) {
    const rule = allowed[at]
    if (rule === '#') return true
    const level = asked[at]
    if (level === undefined || level === '#') return false
    if (rule !== '+' && rule !== level) return false
  }
  return asked.length === allowed.length
}
