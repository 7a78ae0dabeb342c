import type { Scalar } from './condition.ts'
import type { DeviceContext, Tracked } from './device-context.ts'
import type { Engine } from './engine.ts'
import { moved, ruleFor } from './reconfigure.ts'
import type { Level, Rule } from './rule.ts'
import type { Window } from './signal.ts'
import { initialState, isOpen, isQuiet, type RuleState } from './state.ts'
import type { AgentTrack } from './streams.ts'

const VERSION = 1

/** rule, instance, time, seen, check, agent, value; then for states that are not quiet: the rest of it. */
type StoredState = [string, string, number, number, string | null, string, Scalar | null, StoredDetail?]

interface StoredDetail {
  readonly state: RuleState
  readonly tags: Readonly<Record<string, string>>
  readonly fields: Readonly<Record<string, unknown>>
  readonly window: Window
  /** The levels and signal it was judged by, to see whether they changed. */
  readonly levels: readonly Level[]
  readonly signal: Rule['signal']
}

interface StoredDevice {
  readonly name: string
  readonly lastSeen: number | null
  readonly checks: readonly [string, string, number, boolean | null, string | null, number | null, number | null, boolean][]
  readonly states: readonly StoredState[]
}

/** Everything that the next record's judgement depends on, as plain JSON data. */
export interface EngineSnapshot {
  readonly version: number
  readonly rules: string
  readonly now: number
  readonly streams: { readonly agents: readonly AgentTrack[]; readonly brokerDown: number | null }
  readonly clauses: readonly (readonly [string, readonly string[]])[]
  readonly devices: readonly StoredDevice[]
}

export function takeSnapshot(engine: Engine): EngineSnapshot {
  return {
    version: VERSION,
    rules: engine.rules.version,
    now: engine.now,
    streams: engine.streams.encode(),
    clauses: engine.clauses.encode(),
    devices: [...engine.contexts.values()].map((context) => ({
      name: context.name,
      lastSeen: context.lastSeen,
      checks: [...context.checks.values()].map((c) => [c.name, c.agent, c.seen, c.up, c.reason, c.at, c.durationMs, c.silent]),
      states: [...context.tracked.values()].map(storeState),
    })),
  }
}

function storeState(tracked: Tracked): StoredState {
  const { rule, instance, time, seen, check, agent, value, state } = tracked
  const stored: StoredState = [rule.name, instance, time, seen, check, agent, value]
  if (isQuiet(state) && tracked.window.length === 0) return stored
  const fields = Object.fromEntries(
    Object.entries(tracked.fields).map(([key, item]) => [key, typeof item === 'bigint' ? Number(item) : item]),
  )
  stored.push({ state, tags: tracked.tags, fields, window: [...tracked.window], levels: rule.levels, signal: rule.signal })
  return stored
}

/**
 * Puts a fresh engine where the snapshot was taken. States whose rule, device or check is gone become `orphans` when
 * their alarm is open. False when the snapshot is of another format: then the engine is untouched.
 */
export function restoreSnapshot(engine: Engine, snapshot: EngineSnapshot): boolean {
  if (snapshot.version !== VERSION) return false
  engine.streams.decode(snapshot.streams)
  engine.clauses.decode(snapshot.clauses)
  for (const stored of snapshot.devices) {
    const context = engine.contexts.get(stored.name)
    if (context) restoreChecks(context, stored)
    const rules = new Map(context ? [...context.rules.values()].flat().map((rule) => [rule.name, rule]) : [])
    for (const state of stored.states) restoreState(engine, context, rules, stored.name, state)
  }
  engine.clauses.configure(engine.rules)
  engine.restored(snapshot.now)
  return true
}

function restoreChecks(context: DeviceContext, stored: StoredDevice): void {
  context.lastSeen = stored.lastSeen
  for (const [name, agent, seen, up, reason, at, durationMs, silent] of stored.checks) {
    const check = context.checks.get(name)
    if (check) Object.assign(check, { agent, seen, up, reason, at, durationMs, silent })
  }
}

function restoreState(
  engine: Engine,
  context: DeviceContext | undefined,
  rules: ReadonlyMap<string, Rule>,
  device: string,
  [name, instance, time, seen, check, agent, value, detail]: StoredState,
): void {
  const rule = rules.get(name)
  const tags = detail?.tags ?? {}
  const known = {
    key: `${device}\0${name}\0${instance}`,
    instance,
    tags,
    value,
    time,
    seen,
    check,
    agent,
    window: detail?.window ?? [],
    fields: detail?.fields ?? {},
  }
  if (!context || !rule || (detail && !ruleFor(context, { rule, tags, check }))) {
    if (detail && isOpen(detail.state.alarm)) engine.adoptOrphan({ ...known, rule: lostRule(name, detail), state: detail.state }, device)
    return
  }
  const base = { ...known, device: context, rule, state: detail?.state ?? initialState(rule.levels.length) }
  const tracked = detail ? moved({ ...base, rule: { ...rule, levels: detail.levels, signal: detail.signal } }, context, rule) : base
  context.tracked.set(`${name}\0${instance}`, tracked)
  engine.book.adopt(tracked)
}

/** Stands for a rule that is no longer configured. */
const lostRule = (name: string, detail: StoredDetail): Rule => ({
  name,
  title: detail.state.alarm?.title ?? { zh: name, en: name },
  measurement: 'agent',
  field: '',
  where: [],
  by: null,
  classes: null,
  devices: null,
  levels: [],
  signal: { kind: 'value' },
  all: [],
  latch: false,
  loss: null,
  sla: {},
  place: { file: '', line: 0, col: 0 },
})
