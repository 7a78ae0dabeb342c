import { join } from 'node:path'
import { Command } from 'commander'
import { startBroker } from '../broker/embedded.ts'
import { Counters } from '../core/lifecycle/counters.ts'
import { StopStack } from '../core/lifecycle/stack.ts'
import type { Log } from '../core/log/log.ts'
import { startLocalAgent } from './agent-program.ts'
import { brokerAccess } from './broker-users.ts'
import { collectorConfig, startLocalCollector } from './collector-program.ts'
import { lockData } from './data-lock.ts'
import type { LoadedConfig } from './load-config.ts'
import { languageOf, type PlaceOptions, placesOf, withPlaces } from './options.ts'
import { renderPanel } from './panel.ts'
import { followConfig } from './reload.ts'
import { configFor, runService, type Service, serviceLog } from './service.ts'

export function command(): Command {
  return withPlaces(new Command('up'))
    .option('--lang <zh|en>', 'language of the panel')
    .action(async (options: PlaceOptions & { lang?: string }) => {
      const { configDir, dataDir } = placesOf(options)
      const config = await configFor(configDir)
      if (!config) return
      const log = await serviceLog(config)
      await runService(log, async () => {
        const { service, url } = await startAll(config, configDir, dataDir, log)
        process.stdout.write(renderPanel({ config, configDir, dataDir, url, language: languageOf(options) }))
        return service
      })
    })
}

/** Broker (unless another one is named), collector and agent in one process, joined by MQTT as they would be on three machines. */
async function startAll(config: LoadedConfig, configDir: string, dataDir: string, log: Log): Promise<{ service: Service; url: string }> {
  const stack = new StopStack(log)
  try {
    stack.push('lock', lockData(dataDir))
    const counters = new Counters()
    const { broker: settings, collector: collectorLink, agent: agentLink } = brokerAccess(config, dataDir)
    if (settings) {
      const broker = await startBroker(settings, { log, counters })
      stack.push('broker', () => broker.stop())
    }
    const collector = await startLocalCollector(config, { dataDir, mqtt: collectorLink, log, counters })
    stack.push('collector', () => collector.stop())
    const agent = await startLocalAgent(config, { dataDir: join(dataDir, 'agent'), mqtt: agentLink, log, counters, alone: false })
    stack.push('agent', () => agent.stop())
    const following = followConfig(configDir, config, log, (next) => collector.reload(collectorConfig(next)))
    stack.push('configuration watch', () => following.stop())
    return {
      url: collector.url,
      service: { progress: () => collector.progress() + agent.progress(), reload: following.reload, stop: () => stack.stop() },
    }
  } catch (error) {
    await stack.stop()
    throw error
  }
}
