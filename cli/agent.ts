import { join } from 'node:path'
import { Command } from 'commander'
import { Counters } from '../core/lifecycle/counters.ts'
import { linkOf, localSlice, startLocalAgent } from './agent-program.ts'
import { owning } from './data-lock.ts'
import { type LocalConfig, loadLocalConfig } from './local-config.ts'
import { type PlaceOptions, placesOf, withPlaces } from './options.ts'
import { followConfig } from './reload.ts'
import { AGENT_SECTIONS, startRestartable } from './restartable.ts'
import { configFor, runService, type Service, serviceLog } from './service.ts'

export function command(): Command {
  return withPlaces(new Command('agent')).action(async (options: PlaceOptions) => {
    const { configDir, dataDir } = placesOf(options)
    const config = await configFor(configDir, loadLocalConfig)
    if (!config) return
    const log = await serviceLog(config)
    const agentDir = join(dataDir, 'agent')
    const run = async (): Promise<Service> => {
      const start = (wanted: LocalConfig) =>
        startLocalAgent(wanted, { dataDir: agentDir, mqtt: linkOf(wanted, wanted.agentName), log, counters: new Counters(), alone: true })
      const agent = await startRestartable('agent', config, start, log)
      const following = followConfig(configDir, loadLocalConfig, config, log, async (next, changed) => {
        if (AGENT_SECTIONS.some((section) => changed.has(section))) return agent.restart(next)
        const slice = localSlice(next)
        if (slice && (agent.current.config?.version ?? 0) === 0) await agent.current.useSlice(slice)
      })
      log.info({ agent: config.agentName, site: config.site, data: agentDir }, 'agent runs')
      return {
        progress: () => agent.current.progress(),
        reload: following.reload,
        async stop() {
          following.stop()
          await agent.stop()
          log.info({}, 'agent stopped')
        },
      }
    }
    await runService(log, () => owning(agentDir, run))
  })
}
