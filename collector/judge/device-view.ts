import type { Engine } from '../../alarm/engine.ts'
import type { Inventory } from '../../core/inventory/model.ts'
import { parseLine } from '../../core/line/parse.ts'
import type { Alarm } from '../../core/model/alarm.ts'
import type { CheckState, DeviceState, LastValue } from '../../core/model/api.ts'
import { type Severity, severityRank } from '../../core/model/severity.ts'

/** What the judge knows of one device; the collector joins it with the inventory for the API. */
export interface DeviceView {
  readonly state: DeviceState
  /** Worst open alarm. */
  readonly severity: Severity | null
  /** Number of open alarms. */
  readonly alarms: number
  /** ms of the newest live sample; null when none was seen. */
  readonly last_seen: number | null
  /** Who ran its checks last. */
  readonly agent: string | null
}

export interface DeviceDetailView extends DeviceView {
  readonly checks: readonly CheckState[]
  readonly values: readonly LastValue[]
  readonly open: readonly Alarm[]
}

/** Open alarms by device, made once for a list of devices. */
export type OpenByDevice = ReadonlyMap<string, readonly Alarm[]>

export function groupByDevice(alarms: readonly Alarm[]): OpenByDevice {
  const groups = new Map<string, Alarm[]>()
  for (const alarm of alarms) {
    const group = groups.get(alarm.device)
    if (group) group.push(alarm)
    else groups.set(alarm.device, [alarm])
  }
  return groups
}

export function deviceView(engine: Engine, inventory: Inventory, name: string, open: OpenByDevice): DeviceView {
  const context = engine.contexts.get(name)
  const alarms = open.get(name) ?? []
  let severity: Severity | null = null
  for (const alarm of alarms) if (severityRank(alarm.severity) > severityRank(severity)) severity = alarm.severity
  const checks = [...(context?.checks.values() ?? [])]
  const disabled = !context && inventory.devices.some((device) => device.name === name)
  const dark = checks.length > 0 ? checks.every((check) => check.silent || check.seen === 0) : !context || context.lastSeen === null
  const agent = checks.find((check) => check.agent !== '')?.agent ?? null
  const lost = agent !== null && engine.streams.agents.get(agent)?.lost === true
  return {
    state: disabled ? 'disabled' : alarms.length > 0 ? 'alarm' : dark || lost ? 'unknown' : 'ok',
    severity,
    alarms: alarms.length,
    last_seen: context?.lastSeen ?? null,
    agent,
  }
}

export function deviceDetail(engine: Engine, inventory: Inventory, name: string): DeviceDetailView {
  const open = groupByDevice(engine.book.open())
  const checks: CheckState[] = [...(engine.contexts.get(name)?.checks.values() ?? [])].map((check) => ({
    name: check.name,
    kind: check.kind,
    up: check.silent ? null : check.up,
    reason: check.silent ? 'no_data' : check.reason,
    at: check.at,
    duration_ms: check.durationMs,
    interval_ms: check.intervalMs,
  }))
  return { ...deviceView(engine, inventory, name, open), checks, values: lastValues(engine, name), open: open.get(name) ?? [] }
}

/** Newest value of every field of every series; since the last start for series that no rule looks at. */
function lastValues(engine: Engine, name: string): LastValue[] {
  const values: LastValue[] = []
  for (const series of engine.intake.seriesOf(name)) {
    const line = series.newest === '' ? '' : parseLine(series.newest)
    if (typeof line === 'string') continue
    const { site: _site, device: _device, ...tags } = series.tags
    for (const [field, value] of Object.entries(line.fields)) {
      values.push({
        measurement: series.measurement,
        field,
        tags,
        value: typeof value === 'bigint' ? Number(value) : value,
        at: series.time,
      })
    }
  }
  return values
}
