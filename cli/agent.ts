import { join } from 'node:path'
import { Command } from 'commander'
import { Counters } from '../core/lifecycle/counters.ts'
import { linkOf, localSlice, startLocalAgent } from './agent-program.ts'
import { lockData } from './data-lock.ts'
import { type PlaceOptions, placesOf, withPlaces } from './options.ts'
import { followConfig } from './reload.ts'
import { configFor, runService, serviceLog } from './service.ts'

export function command(): Command {
  return withPlaces(new Command('agent')).action(async (options: PlaceOptions) => {
    const { configDir, dataDir } = placesOf(options)
    const config = await configFor(configDir)
    if (!config) return
    const log = await serviceLog(config)
    await runService(log, async () => {
      const agentDir = join(dataDir, 'agent')
      const unlock = lockData(agentDir)
      const mqtt = linkOf(config, config.agentName)
      const agent = await startLocalAgent(config, { dataDir: agentDir, mqtt, log, counters: new Counters(), alone: true })
      const following = followConfig(configDir, config, log, async (next) => {
        const slice = localSlice(next)
        if (slice && (agent.config?.version ?? 0) === 0) await agent.useSlice(slice)
      })
      log.info({ agent: config.agentName, site: config.site, broker: mqtt.url, data: agentDir }, 'agent runs')
      return {
        progress: () => agent.progress(),
        reload: following.reload,
        async stop() {
          following.stop()
          await agent.stop()
          unlock()
          log.info({}, 'agent stopped')
        },
      }
    })
  })
}
