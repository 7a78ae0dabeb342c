import { join } from 'node:path'
import { Command } from 'commander'
import { Counters } from '../core/lifecycle/counters.ts'
import { linkOf, localSlice, startLocalAgent } from './agent-program.ts'
import { lockData } from './data-lock.ts'
import { type PlaceOptions, placesOf, withPlaces } from './options.ts'
import { configFor, runService, serviceLog } from './service.ts'
import { watchConfig } from './watch-config.ts'

export function command(): Command {
  return withPlaces(new Command('agent')).action(async (options: PlaceOptions) => {
    const { configDir, dataDir } = placesOf(options)
    const config = await configFor(configDir)
    if (!config) return
    const log = await serviceLog(config)
    await runService(log, async () => {
      const agentDir = join(dataDir, 'agent')
      const unlock = lockData(agentDir)
      const agent = await startLocalAgent(config, {
        dataDir: agentDir,
        mqtt: linkOf(config, config.agentName),
        log,
        counters: new Counters(),
        alone: true,
      })
      const stop = new AbortController()
      const watch = watchConfig(
        configDir,
        async (next) => {
          if (!next.ok)
            return log.error({ errors: next.issues.length }, 'the new configuration has errors and was not taken; see jifang check')
          const slice = localSlice(next)
          if (slice && (agent.config?.version ?? 0) === 0) await agent.useSlice(slice)
          log.info({}, 'configuration read again; broker and name change with a restart')
        },
        stop.signal,
        config.fingerprint,
      )
      log.info({ agent: config.agentName, site: config.site, data: agentDir }, 'agent runs')
      return {
        progress: () => agent.progress(),
        reload: () => watch.reload(),
        async stop() {
          stop.abort()
          await agent.stop()
          unlock()
          log.info({}, 'agent stopped')
        },
      }
    })
  })
}
