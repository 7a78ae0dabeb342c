import type { Check, Device, Inventory } from '../core/inventory/model.ts'
import type { Scalar } from './condition.ts'
import { effectiveRule } from './override.ts'
import type { Rule, RuleSet } from './rule.ts'
import type { Window } from './signal.ts'
import { initialState, type RuleState } from './state.ts'

/** What the engine knows of one check from its own `check` samples. Times are record times, ms. */
export interface CheckTrack {
  readonly name: string
  readonly kind: string
  readonly intervalMs: number
  /** Who may run it. */
  readonly agents: readonly string[]
  /** Who ran it last; '' before the first run. */
  agent: string
  seen: number
  up: boolean | null
  reason: string | null
  at: number | null
  durationMs: number | null
  silent: boolean
}

/** One rule for one instance of one device. */
export interface Tracked {
  readonly key: string
  readonly device: DeviceContext
  readonly instance: string
  tags: Readonly<Record<string, string>>
  rule: Rule
  state: RuleState
  /** What the levels compared last. */
  value: Scalar | null
  /** Sample time on its own clock, newest so far. */
  time: number
  /** Record time of the newest live sample. */
  seen: number
  check: string | null
  agent: string
  window: Window
  /** Fields of the newest sample, for the title. */
  fields: Readonly<Record<string, unknown>>
}

/** A device of the inventory, or an agent or the collector that is none (`device` null then). */
export interface DeviceContext {
  readonly name: string
  readonly class: string
  readonly device: Device | null
  readonly room: string | null
  /** Rules in force for it, by measurement. */
  readonly rules: ReadonlyMap<string, readonly Rule[]>
  readonly checks: ReadonlyMap<string, CheckTrack>
  /** Alarm states of it by `rule \0 instance`. */
  readonly tracked: Map<string, Tracked>
  /** States that are a loss right now (levels on). */
  readonly losses: Set<Tracked>
  /** Contact points of its checks by name. */
  readonly points: ReadonlyMap<string, Readonly<Record<string, unknown>>>
  /** Samples older than this when they were sent are late, ms. */
  readonly lateAfterMs: number
  lastSeen: number | null
  /** States fed since the last `check` sample: that check is theirs. */
  run: Tracked[]
}

/** How a kind of check is run; from probes/kinds.ts, handed in. */
export type KindPlaces = Readonly<Record<string, { readonly where: 'remote' | 'local' | 'push'; readonly repeatMs?: number }>>

/** After how many intervals without a run a check has no data. */
export const SILENT_INTERVALS = 3
const LATE_FLOOR_MS = 60_000
const DEFAULT_INTERVAL_MS = 60_000

/** Contexts of all enabled devices, and of every agent and the collector. */
export function buildContexts(rules: RuleSet, inventory: Inventory, kinds: KindPlaces): Map<string, DeviceContext> {
  const contexts = new Map<string, DeviceContext>()
  for (const device of inventory.devices) if (device.enabled) contexts.set(device.name, deviceContext(device.name, device, rules, kinds))
  for (const agent of [...expectedAgents(contexts.values()), 'collector']) {
    if (!contexts.has(agent)) contexts.set(agent, deviceContext(agent, null, rules, kinds))
  }
  return contexts
}

/** Agents that the inventory needs: without them something enabled is not measured. */
export function expectedAgents(contexts: Iterable<DeviceContext>): Set<string> {
  const agents = new Set<string>()
  for (const context of contexts) for (const check of context.checks.values()) for (const agent of check.agents) agents.add(agent)
  return agents
}

/** A context for a name; `device` null for an agent that is no device. */
export function deviceContext(name: string, device: Device | null, rules: RuleSet, kinds: KindPlaces): DeviceContext {
  const kind = device?.class ?? (name === 'collector' ? 'collector' : 'agent')
  const place = device?.place ?? { file: '', line: 0, col: 0 }
  const byMeasurement = new Map<string, Rule[]>()
  for (const rule of rules.rules) {
    const effective = effectiveRule(rule, { name, class: kind, alarms: device?.alarms ?? {}, place })
    if (!effective) continue
    const list = byMeasurement.get(effective.measurement)
    if (list) list.push(effective)
    else byMeasurement.set(effective.measurement, [effective])
  }
  const checks = new Map<string, CheckTrack>()
  for (const check of device?.checks ?? []) if (check.enabled && device) checks.set(check.name, checkTrack(device, check, kinds))
  const shortest = Math.min(DEFAULT_INTERVAL_MS, ...[...checks.values()].map((check) => check.intervalMs))
  return {
    name,
    class: kind,
    device,
    room: device?.location?.room ?? null,
    rules: byMeasurement,
    checks,
    tracked: new Map(),
    losses: new Set(),
    points: pointsOf(device),
    lateAfterMs: LATE_FLOOR_MS + SILENT_INTERVALS * shortest,
    lastSeen: null,
    run: [],
  }
}

function checkTrack(device: Device, check: Check, kinds: KindPlaces): CheckTrack {
  const where = kinds[check.kind]?.where
  const local = where === 'local' || where === 'push' || device.pollers.length === 0
  return {
    name: check.name,
    kind: check.kind,
    intervalMs: check.intervalMs,
    agents: local ? [device.name] : device.pollers,
    agent: '',
    seen: 0,
    up: null,
    reason: null,
    at: null,
    durationMs: null,
    silent: false,
  }
}

function pointsOf(device: Device | null): Map<string, Readonly<Record<string, unknown>>> {
  const points = new Map<string, Readonly<Record<string, unknown>>>()
  for (const check of device?.checks ?? []) {
    if (!Array.isArray(check.options.points)) continue
    for (const point of check.options.points as unknown[]) {
      if (typeof point !== 'object' || point === null) continue
      const fields = point as Record<string, unknown>
      if (typeof fields.name === 'string') points.set(fields.name, fields)
    }
  }
  return points
}

/** The state of a rule for an instance, made when it is not there yet. */
export function trackedFor(context: DeviceContext, rule: Rule, instance: string, tags: Readonly<Record<string, string>>): Tracked {
  const key = `${rule.name}\0${instance}`
  const known = context.tracked.get(key)
  if (known) {
    known.tags = tags
    return known
  }
  const made: Tracked = {
    key: `${context.name}\0${key}`,
    device: context,
    instance,
    tags,
    rule,
    state: initialState(rule.levels.length),
    value: null,
    time: 0,
    seen: 0,
    check: null,
    agent: '',
    window: [],
    fields: {},
  }
  context.tracked.set(key, made)
  return made
}
