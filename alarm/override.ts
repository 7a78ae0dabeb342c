import * as v from 'valibot'
import { wordsFor } from '../core/config/wording.ts'
import type { Device, Place } from '../core/inventory/model.ts'
import { compileLevel, sortLevels } from './compile.ts'
import type { Level, Rule } from './rule.ts'
import { type LevelEntry, overrideSchema } from './rule-schema.ts'

export interface OverrideResult {
  /** null: switched off, or wrong. */
  readonly rule: Rule | null
  readonly problems: readonly OverrideProblem[]
}

/** `path`: below the override. */
export interface OverrideProblem {
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** The rule as a device's `alarms:` changes it: `false`, a list of levels, or `{levels, for, clear_for, latch, sla}`. A level replaces what it gives of the level with its severity. */
export function readOverride(rule: Rule, value: unknown, place: Place): OverrideResult {
  if (value === false) return { rule: null, problems: [] }
  if (value === true) return { rule, problems: [] }
  const parsed = v.safeParse(overrideSchema, Array.isArray(value) ? { levels: value } : value)
  if (!parsed.success) {
    const at = (issue: v.BaseIssue<unknown>) => (issue.path ?? []).map((item) => item.key as string | number)
    const inList = (path: (string | number)[]) => (Array.isArray(value) ? path.slice(1) : path)
    return { rule: null, problems: parsed.issues.map((issue) => ({ path: inList(at(issue)), message: wordsFor(issue) })) }
  }
  const problems: OverrideProblem[] = []
  let levels: readonly Level[] = rule.levels
  for (const [index, entry] of (parsed.output.levels ?? []).entries()) {
    const path = Array.isArray(value) ? [index] : ['levels', index]
    levels = replaceLevel(rule, levels, entry, (message, key) => problems.push({ path: [...path, key], message }))
  }
  const { for: forMs, clear_for: clearForMs } = parsed.output
  if (forMs !== undefined) levels = levels.map((level) => ({ ...level, forMs }))
  if (clearForMs !== undefined) levels = levels.map((level) => ({ ...level, clearForMs }))
  if (problems.length > 0) return { rule: null, problems }
  return {
    rule: {
      ...rule,
      levels: sortLevels(levels),
      latch: parsed.output.latch ?? rule.latch,
      sla: { ...rule.sla, ...parsed.output.sla },
      place,
    },
    problems,
  }
}

function replaceLevel(
  rule: Rule,
  levels: readonly Level[],
  entry: LevelEntry,
  tell: (message: string, key: string) => void,
): readonly Level[] {
  const before = levels.find((level) => level.severity === entry.severity)
  const full: LevelEntry = {
    severity: entry.severity,
    fire: entry.fire ?? before?.fire.text,
    clear: entry.clear ?? (entry.fire === undefined ? before?.clear.text : undefined),
    for: entry.for ?? before?.forMs,
    runs: entry.runs ?? before?.runs,
    clear_for: entry.clear_for ?? before?.clearForMs,
  } as LevelEntry
  const level = compileLevel(full, rule.signal, {}, tell)
  if (!level) return levels
  return [...levels.filter((other) => other !== before), level]
}

/** The rule as it is in force for a device; null when it is not for it. */
export function effectiveRule(rule: Rule, device: Pick<Device, 'name' | 'class' | 'alarms' | 'place'>): Rule | null {
  if (rule.classes && !rule.classes.includes(device.class)) return null
  if (rule.devices && !rule.devices.some((wanted) => named(wanted, device.name))) return null
  if (!Object.hasOwn(device.alarms, rule.name)) return rule
  return readOverride(rule, device.alarms[rule.name], device.place).rule
}

const named = (wanted: string, name: string): boolean => (wanted.endsWith('*') ? name.startsWith(wanted.slice(0, -1)) : wanted === name)
