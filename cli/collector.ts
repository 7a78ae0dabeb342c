import { Command } from 'commander'
import { Counters } from '../core/lifecycle/counters.ts'
import { linkOf } from './agent-program.ts'
import { collectorConfig, startLocalCollector } from './collector-program.ts'
import { owning } from './data-lock.ts'
import { type LoadedConfig, loadConfig } from './load-config.ts'
import { type PlaceOptions, placesOf, withPlaces } from './options.ts'
import { followConfig } from './reload.ts'
import { COLLECTOR_SECTIONS, startRestartable } from './restartable.ts'
import { configFor, runService, type Service, serviceLog } from './service.ts'

export function command(): Command {
  return withPlaces(new Command('collector')).action(async (options: PlaceOptions) => {
    const { configDir, dataDir } = placesOf(options)
    const config = await configFor(configDir, loadConfig)
    if (!config) return
    const log = await serviceLog(config)
    const run = async (): Promise<Service> => {
      const start = (wanted: LoadedConfig) =>
        startLocalCollector(wanted, {
          dataDir,
          mqtt: linkOf(wanted, `collector-${wanted.settings.collector.id}`),
          log,
          counters: new Counters(),
        })
      const collector = await startRestartable('collector', config, start, log)
      const following = followConfig(configDir, loadConfig, config, log, (next, changed) =>
        COLLECTOR_SECTIONS.some((section) => changed.has(section))
          ? collector.restart(next)
          : collector.current.reload(collectorConfig(next)),
      )
      log.info({ site: config.site, console: collector.current.url, data: dataDir }, 'collector runs')
      return {
        progress: () => collector.current.progress(),
        reload: following.reload,
        async stop() {
          following.stop()
          await collector.stop()
          log.info({}, 'collector stopped')
        },
      }
    }
    await runService(log, () => owning(dataDir, run))
  })
}
