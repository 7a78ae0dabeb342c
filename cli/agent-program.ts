import { join, resolve } from 'node:path'
import type { Agent } from '../agent/agent.ts'
import { startAgent } from '../agent/agent.ts'
import { formatListen } from '../core/config/listen.ts'
import { buildSlice } from '../core/inventory/slice.ts'
import { systemClock } from '../core/lifecycle/clock.ts'
import type { Counters } from '../core/lifecycle/counters.ts'
import type { Log } from '../core/log/log.ts'
import type { LinkSettings } from '../core/wire/link.ts'
import type { ConfigSlice } from '../core/wire/payloads.ts'
import { listeners, probes } from '../probes/index.ts'
import { kinds } from '../probes/kinds.ts'
import { createAgentOutputs } from './agent-outputs.ts'
import type { LocalConfig } from './local-config.ts'
import { version } from './version.ts'

/** How this machine's programs reach the broker: `mqtt` of jifang.yaml with its secrets resolved. */
export function linkOf(config: LocalConfig, defaultUser: string): LinkSettings {
  const { mqtt } = config.settings
  const path = (file: string): string => resolve(config.dir, file)
  return {
    url: mqtt.url ?? `${mqtt.tls ? 'mqtts' : 'mqtt'}://${formatListen({ ...mqtt.listen, host: reachable(mqtt.listen.host) })}`,
    ...(mqtt.password === undefined ? {} : { username: mqtt.username ?? defaultUser, password: config.secrets.resolve(mqtt.password) }),
    ...(mqtt.username === undefined ? {} : { username: mqtt.username }),
    ...(mqtt.ca === undefined ? {} : { ca: path(mqtt.ca) }),
    ...(mqtt.cert === undefined ? {} : { cert: path(mqtt.cert) }),
    ...(mqtt.key === undefined ? {} : { key: path(mqtt.key) }),
  }
}

/** Where this machine finds what listens there. */
const reachable = (host: string): string => (host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host)

/** What an agent does by its own devices.yaml until a collector hands it something: version 0, older than anything a collector has. */
export function localSlice(config: LocalConfig): ConfigSlice | undefined {
  const devices = buildSlice(config.inventory, config.agentName, { kinds, isAlive: (agent) => agent === config.agentName })
  if (devices.length === 0) return undefined
  return { version: 0, hash: config.fingerprint, collectors: [], profiles: [], devices }
}

/** The agent of this machine, as `jifang agent` and `jifang up` run it. */
export async function startLocalAgent(
  config: LocalConfig,
  options: { dataDir: string; mqtt: LinkSettings; log: Log; counters: Counters; alone: boolean },
): Promise<Agent> {
  const { settings } = config
  const slice = options.alone ? localSlice(config) : undefined
  const running: { agent?: Agent } = {}
  const outputs = createAgentOutputs({
    devices: () => running.agent?.config?.devices ?? [],
    secrets: config.secrets,
    counters: options.counters,
    clock: systemClock,
    log: options.log,
    file: join(options.dataDir, 'outputs.json'),
  })
  const agent = await startAgent(
    {
      site: config.site,
      name: config.agentName,
      dataDir: options.dataDir,
      version,
      mqtt: options.mqtt,
      spool: { maxBytes: settings.spool.max_bytes, keepFreeBytes: settings.spool.keep_free, backlogShare: settings.spool.backlog_share },
      maxConcurrent: settings.agent.concurrency,
    },
    {
      probes,
      listeners,
      kinds,
      secrets: config.secrets,
      log: options.log,
      clock: systemClock,
      counters: options.counters,
      output: outputs.set,
      closeOutputs: outputs.close,
      ...(slice ? { localSlice: slice } : {}),
    },
  )
  running.agent = agent
  return agent
}
