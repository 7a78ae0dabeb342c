import type { RuleSet } from '../alarm/rule.ts'
import type { SecretResolver } from '../core/config/secrets.ts'
import type { Settings } from '../core/config/settings.ts'
import type { Inventory } from '../core/inventory/model.ts'
import type { SliceContext } from '../core/inventory/slice.ts'
import type { Clock } from '../core/lifecycle/clock.ts'
import type { Counters } from '../core/lifecycle/counters.ts'
import { type Running, StopStack } from '../core/lifecycle/stack.ts'
import type { Log } from '../core/log/log.ts'
import type { LinkSettings } from '../core/wire/link.ts'
import type { NotifyConfig } from '../notify/notify-file.ts'
import { startAnnouncing } from './announce.ts'
import { startConsumers } from './consumers.ts'
import { startIngest } from './ingest/ingest.ts'
import { openNotifying } from './notifying.ts'
import { Problems } from './problems.ts'
import { SELF, startSelfMonitoring } from './self.ts'
import { SliceHand } from './slice-hand.ts'
import { startWeb, type WebSettings } from './web/server.ts'
import { webDeps } from './web-parts.ts'

export interface CollectorSettings {
  readonly site: string
  readonly version: string
  readonly dataDir: string
  readonly mqtt: LinkSettings
  readonly web: WebSettings
  readonly settings: Pick<Settings, 'collector' | 'journal' | 'store' | 'ingest'>
  /** Secrets resolved; undefined switches the consumer off. */
  readonly influx: Settings['influx']
}

/** What a reload replaces. */
export interface CollectorConfig {
  readonly inventory: Inventory
  readonly rules: RuleSet
  readonly notify: NotifyConfig
  /** Operator-written SNMP profiles, handed to the agents. */
  readonly profiles: readonly unknown[]
}

export interface CollectorDeps {
  readonly kinds: SliceContext['kinds']
  readonly secrets: SecretResolver
  readonly log: Log
  readonly clock: Clock
  readonly counters: Counters
}

export interface Collector extends Running {
  readonly url: string
  /** What does not work at the moment, in words. */
  problems(): readonly string[]
  /** Takes a validated configuration; only what differs restarts. */
  reload(config: CollectorConfig): Promise<void>
  /** For the watchdog: grows as long as records are judged. */
  progress(): number
}

const namesOf = (inventory: Inventory): string[] => [SELF, ...inventory.devices.map(({ name }) => name)]

/** Starts the collector. When one part fails to start, those before it are stopped and the reason is thrown in words. */
export async function startCollector(options: CollectorSettings, config: CollectorConfig, deps: CollectorDeps): Promise<Collector> {
  const stack = new StopStack(deps.log)
  try {
    return await join(options, config, deps, stack)
  } catch (error) {
    await stack.stop()
    throw error
  }
}

/** One straight line that reads like the flow (DESIGN §3); each part is stopped in the reverse order of its start. */
async function join(options: CollectorSettings, config: CollectorConfig, deps: CollectorDeps, stack: StopStack): Promise<Collector> {
  const { site, version, dataDir, mqtt, settings } = options
  const { log, clock, counters, kinds } = deps
  const room = { config }
  const problems = new Problems(log, counters)
  const consumers = await startConsumers(options, config, deps, stack, problems)
  const { journal, judge, store, influx, unjournalled } = consumers

  const { collector, ingest: taking } = settings
  const ingest = await startIngest(
    { site, collectorId: collector.id, version, dataDir, mqtt, extraTopics: taking.extra_topics, futureMs: taking.future },
    { journal, onUnjournalled: unjournalled, log, clock, counters },
  )
  stack.push('ingest', () => ingest.stop())
  ingest.declare(namesOf(config.inventory))

  const publish = ingest.publishConfig.bind(ingest)
  const slices = new SliceHand(
    { collectors: [collector.id], kinds, agents: () => ingest.agents(), publish, clock, log },
    config.inventory,
    config.profiles,
  )
  stack.push('slices', () => slices.stop())
  await slices.begin()

  const announcing = startAnnouncing({ site, publish: ingest.publish, onConnected: ingest.onConnected, judge, clock, log })
  stack.push('announcing', () => announcing.stop())

  const notifying = await openNotifying(dataDir, room, ingest.writeLocal, deps)
  stack.push('notify', () => notifying.stop())

  const lags = { store: () => store.lag(), ...(influx ? { influx: () => influx.state().lagBytes } : {}) }
  const own = {
    synced: () => journal.synced,
    connected: () => ingest.connected,
    journalFailing: () => journal.failing !== null,
    noticesPending: () => notifying.current.pending(),
  }
  const self = startSelfMonitoring({ ...own, lags, write: ingest.writeLocal, clock, counters, log })
  stack.push('self-monitoring', () => self.stop())

  const problemsNow = (): string[] => [
    ...(journal.failing === null
      ? []
      : [`journal: can't be written, agents keep their data, alarms are judged from memory: ${journal.failing}`]),
    ...(ingest.connected ? [] : [`broker: not connected to ${mqtt.url}`]),
    ...problems.list(),
  ]
  const web = await startWeb(
    webDeps({ ...deps, ...consumers, site, version, room, ingest, notify: () => notifying.current, problems: problemsNow }),
    options.web,
  )
  stack.push('web', () => web.stop())

  return {
    url: web.url,
    problems: problemsNow,
    progress: () => judge.position,
    async reload(next) {
      const before = room.config
      room.config = next
      ingest.declare(namesOf(next.inventory))
      await judge.reload(next.rules, next.inventory)
      await slices.configure(next.inventory, next.profiles)
      if (JSON.stringify(before.notify) !== JSON.stringify(next.notify)) await notifying.restart()
    },
    stop: () => stack.stop(),
  }
}
