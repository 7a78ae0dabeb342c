import type { Device } from '../core/inventory/model.ts'
import type { Alarm } from '../core/model/alarm.ts'
import type { DeviceDetail, DeviceSummary } from '../core/model/api.ts'
import type { Notify } from '../notify/notify.ts'
import { AgentRequests } from './agent-requests.ts'
import type { CollectorConfig, CollectorDeps } from './collector.ts'
import type { Consumers } from './consumers.ts'
import type { Ingest } from './ingest/ingest.ts'
import { type AlarmCommand, HttpProblem, type WebDeps } from './web/deps.ts'

export interface WebParts extends CollectorDeps, Pick<Consumers, 'journal' | 'judge' | 'store'> {
  readonly site: string
  readonly version: string
  /** The configuration in force; replaced by a reload. */
  readonly room: { readonly config: CollectorConfig }
  readonly ingest: Ingest
  readonly notify: () => Notify
  /** What does not work at the moment, in words. */
  readonly problems: () => readonly string[]
}

const COMMAND_DEADLINE_MS = 10_000

/** What the HTTP side asks, answered by the parts of the collector. */
export function webDeps(parts: WebParts): WebDeps {
  const { judge, store, ingest, room, problems } = parts
  const told = (alarm: Alarm): Alarm => ({ ...alarm, notices: parts.notify().summary(alarm.id) })
  const find = (name: string): Device | undefined => room.config.inventory.devices.find((device) => device.name === name)
  const requests = new AgentRequests({ ...parts, find })
  return {
    site: parts.site,
    version: parts.version,
    log: parts.log,
    clock: parts.clock,
    counters: parts.counters,
    devices: () => {
      const { devices } = room.config.inventory
      const states = judge.deviceStates(devices.map(({ name }) => name))
      return devices.map((device, at): DeviceSummary => ({ ...fixed(device), ...(states[at] ?? judge.deviceState(device.name)) }))
    },
    device: (name) => {
      const device = find(name)
      if (!device) return undefined
      const view = judge.deviceDetail(name)
      return { ...fixed(device), ...view, open: view.open.map(told) } satisfies DeviceDetail
    },
    agents: () => ingest.agents(),
    alarms: (state, since) => judge.alarms(state, since).map(told),
    alarm: (id) => {
      const alarm = judge.alarm(id)
      return alarm && told(alarm)
    },
    explain: (id) => {
      const explanation = judge.explain(id)
      return explanation && { ...explanation, alarm: told(explanation.alarm) }
    },
    command: (command) => obey(parts, command),
    eventsSince: (id) => judge.eventsSince(id),
    onEvent: (listener) => judge.onEvent(listener),
    series: (query, signal) =>
      store.series(query, signal).catch((error: unknown) => {
        throw new HttpProblem(503, `the history does not answer: ${error instanceof Error ? error.message : String(error)}`)
      }),
    writeLines: (text) =>
      ingest.writeLines(text).catch((error: unknown) => {
        throw new HttpProblem(503, `not taken, send it again: ${error instanceof Error ? error.message : String(error)}`)
      }),
    probe: (name, check, signal) => requests.probe(name, check, signal),
    output: (request, signal) => requests.output(request, signal),
    problems,
  }
}

function fixed(device: Device): Pick<DeviceSummary, 'name' | 'title' | 'class' | 'address' | 'location' | 'enabled'> {
  return {
    name: device.name,
    title: device.title,
    class: device.class,
    address: device.address ?? null,
    location: device.location ?? null,
    enabled: device.enabled,
  }
}

/** Journals the command, waits until it is judged, and answers with the alarm as it is then. */
async function obey({ journal, judge, clock }: WebParts, command: AlarmCommand): Promise<Alarm> {
  const payload = Buffer.from(JSON.stringify(command))
  let offset: number
  try {
    offset = await journal.append({ kind: 'command', receivedAt: clock.now(), agent: '', session: '', seq: 0, payload })
  } catch (error) {
    throw new HttpProblem(503, `the journal can't be written, nothing was done: ${(error as Error).message}`)
  }
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new HttpProblem(504, 'it is recorded, but not judged yet')), COMMAND_DEADLINE_MS)
  })
  await Promise.race([judge.caughtUp(offset), late]).finally(() => clearTimeout(timer))
  const alarm = judge.alarm(command.alarm)
  if (!alarm) throw new HttpProblem(404, `no alarm ${command.alarm}`)
  return alarm
}
