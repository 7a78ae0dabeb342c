import type { Explanation, LevelExplanation } from '../core/model/explanation.ts'
import type { Tracked } from './device-context.ts'
import type { Engine } from './engine.ts'
import { IDLE, worstOn } from './levels.ts'
import type { Signal } from './rule.ts'
import { isOpen } from './state.ts'
import { SETTLE_MS } from './transition.ts'

/** Why an alarm is as it is; undefined when the engine no longer holds its state (closed long ago, or its rule is gone). */
export function explain(engine: Engine, id: string): Explanation | undefined {
  const tracked = engine.book.find(id)
  const alarm = tracked?.state.alarm
  if (!tracked || !alarm) return undefined
  const { rule } = tracked
  const agent = engine.streams.agents.get(tracked.agent)
  return {
    alarm,
    rule: {
      name: rule.name,
      defined: `${rule.place.file}:${rule.place.line}`,
      on: `${rule.measurement}.${rule.field}`,
      where: rule.where.map((match) => `${match.key} ${match.not ? 'not ' : ''}${match.values.join('|')}`),
      signal: signalText(rule.signal),
    },
    input: {
      value: tracked.value,
      sampled: tracked.time || null,
      received: tracked.seen || null,
      tags: tracked.tags,
      check: tracked.check,
    },
    stream: agent ? { agent: agent.name, live: !agent.lost, heard: agent.heard, reason: agent.reason } : null,
    levels: levelsOf(tracked),
    also: rule.all.map((clause) => ({ on: `${clause.measurement}.${clause.field}`, fire: clause.fire.text, same: clause.same })),
    also_hold: engine.clauses.gate(tracked),
    depends_on: [...new Set((tracked.device.device?.dependsOn ?? []).flat())].map((device) => ({
      device,
      lost_by: lostBy(engine, device),
    })),
    next: next(tracked),
  }
}

function levelsOf(tracked: Tracked): LevelExplanation[] {
  return tracked.rule.levels.map((level, at) => {
    const state = tracked.state.levels[at] ?? IDLE
    return {
      severity: level.severity,
      fire: level.fire.text,
      clear: level.clear.text,
      for_ms: level.forMs,
      runs: level.runs,
      clear_for_ms: level.clearForMs,
      on: state.on,
      since: state.since,
      clearing: state.clearing,
    }
  })
}

function lostBy(engine: Engine, device: string): string | null {
  for (const lost of engine.contexts.get(device)?.losses ?? []) {
    if (worstOn(lost.state.levels) >= 0) return lost.state.alarm?.id ?? lost.rule.name
  }
  return null
}

function next(tracked: Tracked): { what: string; at: number | null }[] {
  const { state, rule } = tracked
  const steps: { what: string; at: number | null }[] = []
  for (const [at, level] of rule.levels.entries()) {
    const now = state.levels[at] ?? IDLE
    if (now.on && now.clearing !== null) steps.push({ what: `${level.severity} ends`, at: now.clearing + level.clearForMs })
    if (now.on && now.clearing === null) steps.push({ what: `${level.severity} ends when ${level.clear.text}`, at: null })
    if (!now.on && now.since !== null) steps.push({ what: `${level.severity} begins`, at: now.since + level.forMs })
  }
  const { alarm } = state
  if (!isOpen(alarm)) return steps
  if (alarm.latched && worstOn(state.levels) < 0) steps.push({ what: 'resolved when a person resets it', at: null })
  if (alarm.ack?.until) steps.push({ what: 'acknowledgement expires', at: alarm.ack.until })
  if (state.causeGone !== null) steps.push({ what: 'told by itself: its cause is over', at: state.causeGone + SETTLE_MS })
  else if (alarm.caused_by !== null) steps.push({ what: `told by itself when ${alarm.caused_by} is over and this is not`, at: null })
  for (const [name, at] of Object.entries(alarm.deadlines))
    if (alarm.milestones[name] === undefined) steps.push({ what: `deadline: ${name}`, at })
  return steps.sort((a, b) => (a.at ?? Number.POSITIVE_INFINITY) - (b.at ?? Number.POSITIVE_INFINITY))
}

function signalText(signal: Signal): string {
  switch (signal.kind) {
    case 'value':
      return 'value'
    case 'rate':
      return `change per ${signal.perMs / 1000} s over ${signal.overMs / 1000} s`
    case 'count':
      return `count within ${signal.withinMs / 1000} s${signal.of ? ` of ${signal.of.text}` : ''}`
    case 'forecast':
      return `hours until ${signal.reaches}, from the last ${signal.overMs / 3600_000} h, fit ${signal.fit}`
    case 'silence':
      return 'hours without data'
  }
}
