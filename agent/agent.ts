import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { SecretResolver } from '../core/config/secrets.ts'
import type { Clock } from '../core/lifecycle/clock.ts'
import type { Counters } from '../core/lifecycle/counters.ts'
import { type Running, StopStack } from '../core/lifecycle/stack.ts'
import type { Log } from '../core/log/log.ts'
import type { Sample } from '../core/model/sample.ts'
import type { LinkSettings } from '../core/wire/link.ts'
import type { ConfigSlice } from '../core/wire/payloads.ts'
import { startInventory } from './inventory.ts'
import { createOutlet } from './outlet.ts'
import { createPublisher, type Publisher } from './publisher.ts'
import { type OutputRequest, RequestDesk } from './requests.ts'
import type { CheckDeps } from './scheduled-check.ts'
import { createScheduler, type Scheduler, type SchedulerDeps } from './scheduler.ts'
import { startSelfMonitoring } from './self.ts'
import { SliceKeeper } from './slice.ts'
import { openSpool, type Spool } from './spool.ts'
import { StatusTeller } from './status.ts'
import { AgentWire, type WireHandlers } from './wire.ts'

export interface AgentSettings {
  readonly site: string
  /** Also the user name at the broker and the device that the agent is. */
  readonly name: string
  /** Folder of this agent: spool and last configuration are in it. */
  readonly dataDir: string
  readonly version: string
  readonly mqtt: LinkSettings
  readonly spool: { readonly maxBytes: number; readonly keepFreeBytes: number; readonly backlogShare: number }
  readonly maxConcurrent?: number
}

export interface AgentDeps extends Pick<CheckDeps, 'probes' | 'listeners' | 'kinds'> {
  readonly secrets: SecretResolver
  readonly log: Log
  readonly clock: Clock
  readonly counters: Counters
  /** What to do without a collector: a local devices.yaml as a slice. */
  readonly localSlice?: ConfigSlice
  readonly output?: (request: OutputRequest, signal: AbortSignal) => Promise<void>
  /** At the end, after the last request: what was switched on is switched off. */
  readonly closeOutputs?: () => Promise<void>
  /** Sees every sample beside the spool; for the standby notifier. */
  readonly onSamples?: (samples: readonly Sample[]) => void
}

export interface Agent extends Running {
  readonly spool: Spool
  readonly connected: boolean
  readonly config: ConfigSlice | null
  /** For the watchdog: grows as long as checks are dealt with. */
  progress(): number
  runNow: Scheduler['runNow']
  /** Puts samples with `site` and `device` tags on the same way as those of checks. */
  emit(samples: readonly Sample[]): void
  /** A new local slice (a reload of a local devices.yaml). */
  useSlice(slice: ConfigSlice): Promise<void>
}

/** Starts an agent. It runs with no broker and no collector: it measures by its last good configuration and keeps the data. */
export async function startAgent(settings: AgentSettings, deps: AgentDeps): Promise<Agent> {
  const { site, name } = settings
  const { clock, counters } = deps
  const log = deps.log.child({ agent: name })
  const stack = new StopStack(log)
  await mkdir(settings.dataDir, { recursive: true })

  const spool = await openSpool({ dir: join(settings.dataDir, 'spool'), agent: name, ...settings.spool, clock, log, counters })
  stack.push('spool', () => spool.close())
  const wire = new AgentWire({ log, counters }, { site, name, mqtt: settings.mqtt })
  stack.push('wire', () => wire.stop())

  const outlet = createOutlet({ spool, config: () => slices.version, log, counters })
  const emit = (samples: readonly Sample[]): void => {
    outlet.emit(samples)
    deps.onSamples?.(samples)
  }
  const scheduler = createScheduler(schedulerDeps(settings, { ...deps, log }, emit, () => slices.inForce?.profiles ?? []))
  const slices = new SliceKeeper({
    path: join(settings.dataDir, 'config.json'),
    async apply(slice) {
      publisher.setCollectors(slice.collectors)
      await scheduler.apply(slice.devices)
    },
    onChange: () => status.tell(),
    log,
  })
  const publisher = createPublisher({
    spool,
    send: (message) => wire.send('data', message),
    connected: () => wire.connected,
    backlogShare: settings.spool.backlogShare,
    onRotated: () => status.tell(),
    clock,
    log,
    counters,
  })
  const status = new StatusTeller({
    spool,
    version: settings.version,
    config: () => slices.version,
    rejected: () => slices.rejected,
    publish: (payload) => wire.send('status', payload),
    clock,
    log,
  })
  const requests = new RequestDesk({
    runNow: (device, check, signal) => scheduler.runNow(device, check, signal),
    ...(deps.output && { output: deps.output }),
    reply: (reply) => wire.send('reply', JSON.stringify(reply)),
    clock,
    log,
  })
  stack.push('status', () => status.stop())
  stack.push('publisher', () => publisher.stop())
  stack.push('outlet', () => outlet.stop())
  stack.push('scheduler', () => scheduler.stop())
  // Before anything can come from the broker: what it has must not be overtaken by what is on disk.
  await slices.load()
  if (deps.localSlice && slices.version === 0) await slices.use(deps.localSlice)
  wire.open(handlersOf(status, publisher, slices, requests))
  const self = startSelfMonitoring({ site, agent: name, spool, emit, clock, counters })
  stack.push('self-monitoring', () => self.stop())
  const inventory = startInventory({ site, device: name, emit, clock, log })
  stack.push('inventory', () => inventory.stop())
  if (deps.closeOutputs) stack.push('outputs', deps.closeOutputs)
  stack.push('requests', () => requests.stop())
  return facade({ spool, wire, slices, scheduler, emit, stack })
}

function schedulerDeps(
  settings: AgentSettings,
  deps: AgentDeps,
  emit: CheckDeps['emit'],
  profiles: () => readonly unknown[],
): SchedulerDeps {
  const { probes, listeners, kinds, log, clock, counters, secrets } = deps
  return {
    site: settings.site,
    probes,
    kinds,
    ...(listeners && { listeners }),
    ...(settings.maxConcurrent !== undefined && { maxConcurrent: settings.maxConcurrent }),
    profiles,
    emit,
    log,
    clock,
    counters,
    secrets,
  }
}

function handlersOf(status: StatusTeller, publisher: Publisher, slices: SliceKeeper, requests: RequestDesk): WireHandlers {
  return {
    will: () => status.will(),
    onConnect() {
      status.onConnect()
      publisher.onConnect()
    },
    onAck: (ack) => publisher.onAck(ack),
    onCollector: (id, told, retained) => publisher.onCollector(id, told, retained),
    onConfig: (payload) => void slices.offer(payload),
    onRequest: (payload) => void requests.onRequest(payload),
    onOwnStatus: (payload, retained) => status.onOwnStatus(payload, retained),
  }
}

interface Parts {
  readonly spool: Spool
  readonly wire: AgentWire
  readonly slices: SliceKeeper
  readonly scheduler: Scheduler
  readonly emit: Agent['emit']
  readonly stack: StopStack
}

function facade({ spool, wire, slices, scheduler, emit, stack }: Parts): Agent {
  return {
    spool,
    get connected() {
      return wire.connected
    },
    get config() {
      return slices.inForce
    },
    progress: () => scheduler.progress(),
    runNow: (device, check, signal) => scheduler.runNow(device, check, signal),
    emit,
    useSlice: (slice) => slices.use(slice),
    stop: () => stack.stop(),
  }
}
