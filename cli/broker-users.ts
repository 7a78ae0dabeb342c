import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { BrokerSettings } from '../broker/embedded.ts'
import type { LinkSettings } from '../core/wire/link.ts'
import { linkOf } from './agent-program.ts'
import type { LoadedConfig } from './load-config.ts'

export interface BrokerAccess {
  /** The embedded broker to start; null when jifang.yaml names another one. */
  readonly broker: BrokerSettings | null
  /** How the collector and the agent of the same process log in. */
  readonly collector: LinkSettings
  readonly agent: LinkSettings
}

/** How `jifang up` gets on MQTT. Users of the embedded broker are this process's own collector and agent with passwords made at the first start, and `mqtt.agents`. */
export function brokerAccess(config: LoadedConfig, dataDir: string): BrokerAccess {
  const { mqtt, collector } = config.settings
  const collectorUser = `collector-${collector.id}`
  if (mqtt.url !== undefined) return { broker: null, collector: linkOf(config, collectorUser), agent: linkOf(config, config.agentName) }
  const own = ownPasswords(join(dataDir, 'broker'))
  const passwords = new Map<string, string>([
    ...mqtt.agents.map(({ name, password }) => [name, config.secrets.resolve(password)] as const),
    [collectorUser, own.collector],
  ])
  // an agent of this name may have its password in the file already: then that one is used here too
  if (!passwords.has(config.agentName)) passwords.set(config.agentName, own.agent)
  const link = { ...linkOf(config, ''), ...(mqtt.tls ? { pin: resolve(config.dir, mqtt.tls.cert) } : {}) }
  const path = (file: string): string => resolve(config.dir, file)
  return {
    broker: {
      site: config.site,
      collectors: [collectorUser],
      extra: extraTopics(config),
      host: mqtt.listen.host,
      port: mqtt.listen.port,
      passwords,
      insiders: [collectorUser, config.agentName],
      ...(mqtt.tls
        ? {
            tls: {
              cert: path(mqtt.tls.cert),
              key: path(mqtt.tls.key),
              ...(mqtt.tls.client_ca === undefined ? {} : { clientCa: path(mqtt.tls.client_ca) }),
            },
          }
        : {}),
    },
    collector: { ...link, username: collectorUser, password: own.collector },
    agent: { ...link, username: config.agentName, password: passwords.get(config.agentName) ?? own.agent },
  }
}

/** Plain line protocol may be published by everyone who can log in, and is read by the collector. */
export const extraTopics = (config: LoadedConfig): { readonly user: string; readonly topic: string }[] =>
  config.settings.ingest.extra_topics.map((topic) => ({ user: '*', topic }))

function ownPasswords(dir: string): { collector: string; agent: string } {
  const path = join(dir, 'own-passwords.json')
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as { collector: string; agent: string }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw new Error(`${path} can't be read: delete it, a new one is made`)
  }
  const made = { collector: randomBytes(24).toString('base64url'), agent: randomBytes(24).toString('base64url') }
  mkdirSync(dir, { recursive: true })
  writeFileSync(path, JSON.stringify(made), { mode: 0o600 })
  return made
}
