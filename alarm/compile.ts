import type { Place } from '../core/inventory/model.ts'
import { severityRank } from '../core/model/severity.ts'
import { defaultClear, parseTest, type Test } from './condition.ts'
import type { Clause, Level, Match, Rule, Signal } from './rule.ts'
import type { LevelEntry, RuleEntry } from './rule-schema.ts'

/** Told with the path below the rule, e.g. ['levels', 0, 'fire']. */
export type Complain = (path: readonly (string | number)[], message: string) => void

const HOUR = 3600_000

/** A validated entry as a rule; null after every problem was told. */
export function compileRule(entry: RuleEntry, place: Place, complain: Complain): Rule | null {
  let wrong = 0
  const tell: Complain = (path, message) => {
    wrong++
    complain(path, message)
  }
  if (entry.usual !== undefined) tell(['usual'], 'is not available yet: use levels, rate or forecast')
  if (entry.on === undefined) tell([], 'needs `on: measurement.field`, or the name of a built-in rule to change')
  if (entry.levels === undefined) tell([], 'needs `levels`')
  const signal = signalOf(entry, tell)
  const levels = (entry.levels ?? []).map((level, at) =>
    compileLevel(level, signal, entry, (message, key) => tell(['levels', at, key], message)),
  )
  const all = (entry.all ?? []).map((clause, at) => clauseOf(clause, (message) => tell(['all', at, 'fire'], message)))
  if (entry.no_data !== undefined && !entry.devices && !entry.classes) {
    tell(['no_data'], 'needs `devices` or `classes`: what is expected can not be learnt from what never came')
  }
  if (wrong > 0) return null
  const [measurement, field] = splitOn(entry.on ?? '.')
  return {
    name: entry.name,
    title: typeof entry.title === 'string' ? { zh: entry.title, en: entry.title } : (entry.title ?? { zh: entry.name, en: entry.name }),
    measurement,
    field,
    where: Object.entries(entry.where ?? {}).map(([key, value]) => matchOf(key, value)),
    by: entry.by ?? (signal.kind === 'silence' ? [] : null),
    classes: listOf(entry.classes),
    devices: listOf(entry.devices),
    levels: sortLevels(levels.filter((level) => level !== null)),
    signal,
    all: all.filter((clause) => clause !== null),
    latch: entry.latch ?? false,
    loss: entry.loss ?? null,
    sla: entry.sla ?? {},
    place,
  }
}

/** Worst first; among equals as written. */
export const sortLevels = (levels: readonly Level[]): Level[] =>
  [...levels].sort((a, b) => severityRank(b.severity) - severityRank(a.severity))

/** One level; null after the problem was told. */
export function compileLevel(
  entry: LevelEntry,
  signal: Signal,
  rule: Implying,
  tell: (message: string, key: string) => void,
): Level | null {
  const written = entry.fire ?? impliedFire(signal, rule)
  if (written === null) {
    tell('is required, e.g. "> 90"', 'fire')
    return null
  }
  const fire = parseTest(written)
  if ('error' in fire) {
    tell(fire.error, 'fire')
    return null
  }
  const clear = entry.clear === undefined ? defaultClear(fire) : parseTest(entry.clear)
  if ('error' in clear) {
    tell(clear.error, 'clear')
    return null
  }
  if (overlaps(fire, clear)) tell(`"${clear.text}" is already true where "${fire.text}" fires: it would end at once`, 'clear')
  return {
    severity: entry.severity,
    fire,
    clear,
    forMs: entry.for ?? 0,
    runs: entry.runs ?? 1,
    clearForMs: entry.clear_for ?? 0,
  }
}

/** What gives a level its `fire` when it has none. */
type Implying = Partial<Pick<RuleEntry, 'forecast' | 'no_data' | 'has'>>

function impliedFire(signal: Signal, rule: Implying): string | null {
  if (signal.kind === 'forecast' && rule.forecast) return `<= ${Number((rule.forecast.within / HOUR).toPrecision(6))} h`
  if (signal.kind === 'silence' && rule.no_data !== undefined) return `>= ${Number((rule.no_data / HOUR).toPrecision(6))} h`
  const words = listOf(rule.has)
  return words ? `has ${words.join(' ')}` : null
}

function overlaps(fire: Test, clear: Test): boolean {
  if ((fire.op === '>' || fire.op === '>=') && (clear.op === '<' || clear.op === '<=')) return clear.number > fire.number
  if ((fire.op === '<' || fire.op === '<=') && (clear.op === '>' || clear.op === '>=')) return clear.number < fire.number
  const up = fire.op === '>' || fire.op === '>='
  const down = fire.op === '<' || fire.op === '<='
  return (up && (clear.op === '>' || clear.op === '>=')) || (down && (clear.op === '<' || clear.op === '<='))
}

function signalOf(entry: RuleEntry, tell: Complain): Signal {
  const given = (['rate', 'count', 'forecast', 'no_data'] as const).filter((key) => entry[key] !== undefined)
  if (given.length > 1) tell([given[1] ?? ''], `can't be combined with ${given[0]}`)
  if (entry.rate) return { kind: 'rate', perMs: entry.rate.per, overMs: entry.rate.over }
  if (entry.forecast) return { kind: 'forecast', reaches: entry.forecast.reaches, overMs: entry.forecast.over, fit: entry.forecast.fit }
  if (entry.no_data !== undefined) return { kind: 'silence', afterMs: entry.no_data }
  if (!entry.count) return { kind: 'value' }
  const of = entry.count.of === undefined ? null : parseTest(entry.count.of)
  if (of && 'error' in of) {
    tell(['count', 'of'], of.error)
    return { kind: 'value' }
  }
  return { kind: 'count', withinMs: entry.count.within, of }
}

function clauseOf(entry: { on: string; fire: string; same: 'device' | 'location' }, tell: (message: string) => void): Clause | null {
  const fire = parseTest(entry.fire)
  if ('error' in fire) {
    tell(fire.error)
    return null
  }
  const [measurement, field] = splitOn(entry.on)
  return { measurement, field, fire, same: entry.same }
}

function splitOn(on: string): [string, string] {
  const dot = on.indexOf('.')
  return [on.slice(0, dot), on.slice(dot + 1)]
}

const listOf = (value: string | readonly string[] | undefined): readonly string[] | null =>
  value === undefined ? null : typeof value === 'string' ? [value] : value

function matchOf(key: string, value: string | number | boolean | readonly (string | number | boolean)[]): Match {
  const values = (Array.isArray(value) ? value : [value]).map(String)
  const not = values.length > 0 && values.every((item) => item.startsWith('not '))
  return { key, values: not ? values.map((item) => item.slice(4)) : values, not }
}
