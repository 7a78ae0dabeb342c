import { holds, type Scalar } from './condition.ts'
import type { DeviceContext, Tracked } from './device-context.ts'
import type { Clause, RuleSet } from './rule.ts'
import type { WatchedClause } from './series.ts'

/** Keeps which `all` conditions of rules hold, per device or room, and which series make them hold. */
export class Clauses {
  readonly #byMeasurement = new Map<string, WatchedClause[]>()
  /** Series keys that pass, by rule, clause and scope. */
  readonly #passing = new Map<string, Set<string>>()

  /** New rules: what still exists keeps what it knows. */
  configure(rules: RuleSet): void {
    this.#byMeasurement.clear()
    const kept = new Set<string>()
    for (const rule of rules.rules) {
      for (const [index, clause] of rule.all.entries()) {
        kept.add(`${rule.name}#${index}`)
        const list = this.#byMeasurement.get(clause.measurement) ?? []
        list.push({ rule: rule.name, index, clause })
        this.#byMeasurement.set(clause.measurement, list)
      }
    }
    for (const key of this.#passing.keys()) if (!kept.has(key.slice(0, key.indexOf('@')))) this.#passing.delete(key)
  }

  watching(measurement: string): readonly WatchedClause[] {
    return this.#byMeasurement.get(measurement) ?? []
  }

  /** Takes a sample in; true when a clause began or ceased to hold in its scope. */
  note(watched: WatchedClause, device: DeviceContext, series: string, value: Scalar): boolean {
    const key = scopeKey(watched.rule, watched.index, watched.clause, device)
    if (key === null) return false
    let passing = this.#passing.get(key)
    const before = passing !== undefined && passing.size > 0
    if (holds(watched.clause.fire, value)) {
      if (!passing) {
        passing = new Set()
        this.#passing.set(key, passing)
      }
      passing.add(series)
    } else if (passing) {
      passing.delete(series)
      if (passing.size === 0) this.#passing.delete(key)
    }
    return before !== (this.#passing.get(key)?.size ?? 0) > 0
  }

  /** Whether all other conditions of the rule hold where this state is. */
  gate(tracked: Tracked): boolean {
    return tracked.rule.all.every((clause, index) => {
      const key = scopeKey(tracked.rule.name, index, clause, tracked.device)
      return key !== null && this.#passing.has(key)
    })
  }

  /** Whether the states on `device` are in the scope of a clause that changed on `changed`. */
  reaches(clause: Clause, changed: DeviceContext, device: DeviceContext): boolean {
    return clause.same === 'device' ? changed === device : changed.room !== null && changed.room === device.room
  }

  encode(): [string, string[]][] {
    return [...this.#passing].map(([key, series]) => [key, [...series]])
  }

  decode(entries: readonly (readonly [string, readonly string[]])[]): void {
    this.#passing.clear()
    for (const [key, series] of entries) this.#passing.set(key, new Set(series))
  }
}

/** null: asked for the room of a device that has none. */
function scopeKey(rule: string, index: number, clause: Clause, device: DeviceContext): string | null {
  if (clause.same === 'device') return `${rule}#${index}@${device.name}`
  return device.room === null ? null : `${rule}#${index}@room:${device.room}`
}
