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
import { startDemoRoom } from './demo.ts'
import { demoConfigDir } from './demo-place.ts'
import { type LoadedConfig, loadConfig } from './load-config.ts'
import { languageOf, languageOption, type PlaceOptions, placesOf, withPlaces } from './options.ts'
import { renderPanel } from './panel.ts'
import { followConfig } from './reload.ts'
import { AGENT_SECTIONS, COLLECTOR_SECTIONS, restartAll, type Section, startRestartable } from './restartable.ts'
import { configFor, runService, type Service, serviceLog } from './service.ts'

export function command(): Command {
  return withPlaces(new Command('up'))
    .addOption(languageOption('language of the panel'))
    .option('--demo', 'beside this host run a small simulated room, clearly marked, with a data folder of its own; nobody is told anything')
    .action(async (options: PlaceOptions & { lang?: string; demo?: boolean }) => {
      const { configDir, dataDir } = options.demo ? demoPlaces(options) : placesOf(options)
      const config = await configFor(configDir, loadConfig)
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
    stack.push('lock of the agent', lockData(join(dataDir, 'agent')))
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
    let brokered = fingerprint(access(config))
    const following = followConfig(configDir, loadConfig, config, log, async (next, changed) => {
      const needs = (sections: readonly Section[]): boolean => sections.some((section) => changed.has(section))
      const wanted = fingerprint(access(next))
      await restartAll(
        [
          ...(wanted === brokered ? [] : [broker]),
          ...(needs(COLLECTOR_SECTIONS) ? [collector] : []),
          ...(needs(AGENT_SECTIONS) ? [agent] : []),
        ],
        next,
      )
      brokered = wanted
      if (!needs(COLLECTOR_SECTIONS)) await collector.current.reload(collectorConfig(next))
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

/** Equal for brokers that are the same; passwords may change without a file of the configuration changing. */
const fingerprint = ({ broker }: BrokerAccess): string => JSON.stringify(broker && { ...broker, passwords: [...broker.passwords] })

/** The embedded broker, or nothing when another one is named. */
async function openBroker({ broker }: BrokerAccess, log: Log, counters: Counters): Promise<Running> {
  return broker ? startBroker(broker, { log, counters }) : { stop: async () => {} }
}
