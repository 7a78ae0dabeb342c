import { Command } from 'commander'
import { Counters } from '../core/lifecycle/counters.ts'
import { linkOf } from './agent-program.ts'
import { collectorConfig, startLocalCollector } from './collector-program.ts'
import { lockData } from './data-lock.ts'
import { type PlaceOptions, placesOf, withPlaces } from './options.ts'
import { followConfig } from './reload.ts'
import { configFor, runService, serviceLog } from './service.ts'

export function command(): Command {
  return withPlaces(new Command('collector')).action(async (options: PlaceOptions) => {
    const { configDir, dataDir } = placesOf(options)
    const config = await configFor(configDir)
    if (!config) return
    const log = await serviceLog(config)
    await runService(log, async () => {
      const unlock = lockData(dataDir)
      const mqtt = linkOf(config, `collector-${config.settings.collector.id}`)
      const collector = await startLocalCollector(config, { dataDir, mqtt, log, counters: new Counters() })
      const following = followConfig(configDir, config, log, (next) => collector.reload(collectorConfig(next)))
      log.info({ site: config.site, console: collector.url, broker: mqtt.url, data: dataDir }, 'collector runs')
      return {
        progress: () => collector.progress(),
        reload: following.reload,
        async stop() {
          following.stop()
          await collector.stop()
          unlock()
          log.info({}, 'collector stopped')
        },
      }
    })
  })
}
