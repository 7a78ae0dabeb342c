import type { DeviceContext, Tracked } from './device-context.ts'
import { IDLE } from './levels.ts'
import type { Rule } from './rule.ts'
import { selects } from './series.ts'

/**
 * Moves what is known of checks and alarms from one configuration to the next, by name. Levels that changed keep which
 * severity is on and begin their timers anew. Returns the states whose rule, device or check is gone.
 */
export function carryOver(before: ReadonlyMap<string, DeviceContext>, after: ReadonlyMap<string, DeviceContext>): Tracked[] {
  const gone: Tracked[] = []
  for (const context of before.values()) {
    const next = after.get(context.name)
    if (next) carryChecks(context, next)
    for (const tracked of context.tracked.values()) {
      const rule = next ? ruleFor(next, tracked) : undefined
      if (next && rule) next.tracked.set(`${rule.name}\0${tracked.instance}`, moved(tracked, next, rule))
      else gone.push(tracked)
    }
  }
  return gone
}

/** The rule of that name, if it is still for this device, this instance and a check that exists. */
export function ruleFor(context: DeviceContext, tracked: Pick<Tracked, 'rule' | 'tags' | 'check'>): Rule | undefined {
  if (tracked.check !== null && !context.checks.has(tracked.check)) return undefined
  const named = [...context.rules.values()].flat().find((rule) => rule.name === tracked.rule.name)
  return named && selects(named, context, tracked.tags) ? named : undefined
}

/** The state with the rule as it is now. */
export function moved(tracked: Tracked, context: DeviceContext, rule: Rule): Tracked {
  const same = JSON.stringify(rule.levels) === JSON.stringify(tracked.rule.levels)
  const sameSignal = JSON.stringify(rule.signal) === JSON.stringify(tracked.rule.signal)
  const levels = same
    ? tracked.state.levels
    : rule.levels.map((level) => {
        const at = tracked.rule.levels.findIndex((old) => old.severity === level.severity)
        const old = tracked.state.levels[at]
        return old?.on ? { ...old, clearing: null } : IDLE
      })
  return {
    ...tracked,
    device: context,
    rule,
    window: sameSignal ? tracked.window : [],
    state: same ? tracked.state : { ...tracked.state, levels },
  }
}

function carryChecks(context: DeviceContext, next: DeviceContext): void {
  next.lastSeen = context.lastSeen
  for (const check of context.checks.values()) {
    const { agent, seen, up, reason, at, durationMs, silent } = check
    const kept = next.checks.get(check.name)
    if (kept) Object.assign(kept, { agent, seen, up, reason, at, durationMs, silent })
  }
}
