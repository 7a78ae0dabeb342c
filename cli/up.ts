import { join } from 'node:path'
import { Command } from 'commander'
import { startBroker } from '../broker/embedded.ts'
import { Counters } from '../core/lifecycle/counters.ts'
import { type Running, StopStack } from '../core/lifecycle/stack.ts'
import type { Log } from '../core/log/log.ts'
import { startLocalAgent } from './agent-program.ts'
import { type BrokerAccess, brokerAccess } from './broker-users.ts'
import { collectorConfig, startLocalCollector } from './collector-program.ts'
import { lockData } from './data-lock.ts'
import { demoConfigDir, startDemoRoom } from './demo.ts'
import type { LoadedConfig } from './load-config.ts'
import { languageOf, type PlaceOptions, placesOf, withPlaces } from './options.ts'
import { renderPanel } from './panel.ts'
import { followConfig } from './reload.ts'
import { AGENT_SECTIONS, COLLECTOR_SECTIONS, startRestartable } from './restartable.ts'
import { configFor, runService, type Service, serviceLog } from './service.ts'

export function command(): Command {
  return withPlaces(new Command('up'))
    .option('--lang <zh|en>', 'language of the panel')
    .option('--demo', 'beside this host run a small simulated room, clearly marked, with a data folder of its own; nobody is told anything')
    .action(async (options: PlaceOptions & { lang?: string; demo?: boolean }) => {
      const { configDir, dataDir } = options.demo ? demoPlaces(options) : placesOf(options)
      const config = await configFor(configDir)
      if (!config) return
      const log = await serviceLog(config)
      await runService(log, async () => {
        const { service, url } = await startAll(config, { configDir, dataDir, demo: options.demo === true }, log)
        process.stdout.write(renderPanel({ config, configDir, dataDir, url, language: languageOf(options) }))
        return service
      })
    })
}

interface Places {
  readonly configDir: string
  readonly dataDir: string
  readonly demo: boolean
}

/** The demonstration keeps out of the real room's way: a configuration and a data folder of its own. */
const demoPlaces = (options: PlaceOptions): { configDir: string; dataDir: string } => ({
  configDir: demoConfigDir,
  dataDir: join(options.data ?? 'data', 'demo'),
})

/** Broker (unless another one is named), collector and agent in one process, joined by MQTT as they would be on three machines. */
async function startAll(config: LoadedConfig, { configDir, dataDir, demo }: Places, log: Log): Promise<{ service: Service; url: string }> {
  const stack = new StopStack(log)
  try {
    stack.push('lock', lockData(dataDir))
    if (demo) {
      const simulated = await startDemoRoom(config.inventory, log)
      stack.push('simulated room', () => simulated.stop())
    }
    const counters = new Counters()
    const access = (wanted: LoadedConfig) => brokerAccess(wanted, dataDir)
    const broker = await startRestartable('broker', config, (wanted) => openBroker(access(wanted), log, counters), log)
    stack.push('broker', () => broker.stop())
    const startCollector = (wanted: LoadedConfig) => startLocalCollector(wanted, { dataDir, mqtt: access(wanted).collector, log, counters })
    const collector = await startRestartable('collector', config, startCollector, log)
    stack.push('collector', () => collector.stop())
    const startAgent = (wanted: LoadedConfig) =>
      startLocalAgent(wanted, { dataDir: join(dataDir, 'agent'), mqtt: access(wanted).agent, log, counters, alone: false })
    const agent = await startRestartable('agent', config, startAgent, log)
    stack.push('agent', () => agent.stop())
    const following = followConfig(configDir, config, log, async (next, changed) => {
      if (changed.has('mqtt')) await broker.restart(next)
      if (COLLECTOR_SECTIONS.some((section) => changed.has(section))) await collector.restart(next)
      else await collector.current.reload(collectorConfig(next))
      if (AGENT_SECTIONS.some((section) => changed.has(section))) await agent.restart(next)
    })
    stack.push('configuration watch', () => following.stop())
    return {
      url: collector.current.url,
      service: {
        progress: () => collector.current.progress() + agent.current.progress(),
        reload: following.reload,
        stop: () => stack.stop(),
      },
    }
  } catch (error) {
    await stack.stop()
    throw error
  }
}

/** The embedded broker, or nothing when another one is named. */
async function openBroker({ broker }: BrokerAccess, log: Log, counters: Counters): Promise<Running> {
  return broker ? startBroker(broker, { log, counters }) : { stop: async () => {} }
}
