import { startBroker } from '../../broker/embedded.ts'
import { Counters } from '../../core/lifecycle/counters.ts'
import { silentLog } from '../../core/log/log.ts'
import type { LinkSettings } from '../../core/wire/link.ts'

export const SITE = 'test'
export const COLLECTOR_USER = 'collector-main'

/** The embedded broker on 127.0.0.1; the user name is the password's first half. Port 0: a free one. */
export async function embeddedBroker(names: readonly string[], port = 0) {
  const users = [...names, COLLECTOR_USER, 'telegraf']
  const broker = await startBroker(
    {
      host: '127.0.0.1',
      port,
      site: SITE,
      collectors: [COLLECTOR_USER],
      extra: [{ user: 'telegraf', topic: 'telegraf/#' }],
      passwords: new Map(users.map((user) => [user, `${user}-secret`])),
    },
    { log: silentLog, counters: new Counters() },
  )
  return broker
}

export const loginOf = (port: number, user: string): LinkSettings => ({
  url: `mqtt://127.0.0.1:${port}`,
  username: user,
  password: `${user}-secret`,
})
