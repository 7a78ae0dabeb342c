import { createHash } from 'node:crypto'
import * as v from 'valibot'
import { formatPath, type Path, placesOf, valueAt, type YamlDocument } from '../core/config/document.ts'
import { checkShape } from '../core/config/shape.ts'
import { didYouMean } from '../core/config/suggest.ts'
import type { Inventory, Place } from '../core/inventory/model.ts'
import { compileRule } from './compile.ts'
import { defaultRules } from './defaults.ts'
import { readOverride } from './override.ts'
import type { Rule, RuleSet } from './rule.ts'
import { overrideShape, type RuleEntry, type RuleInput, ruleSchema, rulesFileSchema } from './rule-schema.ts'

/** Default rules that come with an SNMP profile. */
export interface ProfileRules {
  readonly place: Place
  readonly rules: readonly unknown[]
}

export interface RulesContext {
  readonly profiles?: readonly ProfileRules[]
  /** With it the names in `devices:` and the devices' own `alarms:` are checked too. */
  readonly inventory?: Pick<Inventory, 'devices'>
  /** devices.yaml: gets what is wrong in a device's `alarms:`, at its place. */
  readonly inventoryFile?: YamlDocument
  /** Names of devices that are known although their entries are wrong. */
  readonly alsoNamed?: ReadonlySet<string>
}

/**
 * alarms.yaml together with the built-in rules. An entry with the name of a known rule changes only what it gives.
 * undefined when anything is wrong; every problem is then in `doc.issues` (those of devices' `alarms:` at the device).
 */
export function parseRules(doc: YamlDocument, context: RulesContext = {}): RuleSet | undefined {
  const before = errors(doc)
  const file = checkShape(doc, rulesFileSchema, doc.value, [])
  if (doc.broken) return undefined
  const entries = readEntries(doc)
  const known = new Map<string, { entry: RuleEntry; place: Place }>()
  if (file?.defaults !== false) for (const { entry, place } of builtIn()) known.set(entry.name, { entry, place })
  for (const profile of context.profiles ?? []) addProfile(doc, profile, known)
  const firstAt = firstOfName(doc)
  for (const [at, entry] of entries) {
    if (firstAt.get(entry.name) !== at) {
      doc.error(['rules', at, 'name'], `the rule ${entry.name} is already given above`)
      continue
    }
    const base = known.get(entry.name)
    if (!base && entry.on === undefined && entry.levels === undefined) {
      doc.error(['rules', at, 'name'], `there is no built-in rule ${entry.name}${didYouMean(entry.name, [...known.keys()])}`)
      continue
    }
    const merged = base ? { ...base.entry, ...entry } : entry
    known.set(entry.name, { entry: merged, place: doc.place(['rules', at]) })
    if (context.inventory) checkDevices(doc, ['rules', at, 'devices'], entry, context)
  }
  const rules = compileAll(doc, firstAt, known)
  checkOverrides(doc, rules, [...firstAt.keys()], context)
  return errors(doc) > before ? undefined : ruleSet(rules)
}

/** Every entry that has the right shape, with its index: a slip in one does not hide what is wrong in another. */
function readEntries(doc: YamlDocument): Map<number, RuleEntry> {
  const entries = new Map<number, RuleEntry>()
  for (const path of placesOf(doc.value, ['rules', '*'])) {
    const entry = checkShape(doc, ruleSchema, valueAt(doc.value, path), path)
    if (entry) entries.set(path.at(-1) as number, entry)
  }
  return entries
}

/** Index of the first entry of each name in the file, also where the entry is wrong otherwise. */
function firstOfName(doc: YamlDocument): Map<string, number> {
  const paths = placesOf(doc.value, ['rules', '*', 'name'])
  return new Map(paths.reverse().map((path) => [String(valueAt(doc.value, path)), path[1] as number]))
}

/** The built-in rules alone. */
export const builtInRules = (): RuleSet =>
  ruleSet(builtIn().flatMap(({ entry, place }) => compileRule(entry, place, reject(entry.name)) ?? []))

export function ruleSet(rules: readonly Rule[]): RuleSet {
  const version = createHash('sha1')
    .update(JSON.stringify(rules.map((rule) => ({ ...rule, place: undefined }))))
    .digest('hex')
    .slice(0, 12)
  return { rules, version }
}

const reject = (name: string) => (path: readonly (string | number)[], message: string) => {
  throw new Error(`built-in rule ${name}: ${path.join('.')} ${message}`)
}

let parsed: readonly { entry: RuleEntry; place: Place }[] | null = null

function builtIn(): readonly { entry: RuleEntry; place: Place }[] {
  parsed ??= defaultRules.map((input: RuleInput, at) => ({
    entry: v.parse(ruleSchema, input),
    place: { file: 'built-in rules', line: at + 1, col: 1 },
  }))
  return parsed
}

const errors = (doc: YamlDocument): number => doc.issues.filter((issue) => issue.level === 'error').length

function addProfile(doc: YamlDocument, profile: ProfileRules, known: Map<string, { entry: RuleEntry; place: Place }>): void {
  for (const rule of profile.rules) {
    const result = v.safeParse(ruleSchema, rule)
    if (result.success) {
      const entry = result.output
      known.set(entry.name, { entry: { ...known.get(entry.name)?.entry, ...entry }, place: profile.place })
    } else doc.issues.push({ ...profile.place, path: 'alarms', message: result.issues[0]?.message ?? 'is not a rule', level: 'error' })
  }
}

function compileAll(
  doc: YamlDocument,
  ownNames: ReadonlyMap<string, number>,
  known: ReadonlyMap<string, { entry: RuleEntry; place: Place }>,
): Rule[] {
  const rules: Rule[] = []
  for (const { entry, place } of known.values()) {
    if (entry.enabled === false) continue
    const at = ownNames.get(entry.name)
    const rule = compileRule(entry, place, (path, message) => {
      if (at !== undefined) doc.error(['rules', at, ...path], message)
      else doc.issues.push({ ...place, path: entry.name, message: `${path.join('.')} ${message}`, level: 'error' })
    })
    if (rule) rules.push(rule)
  }
  return rules
}

function checkDevices(doc: YamlDocument, path: Path, entry: RuleEntry, { inventory, alsoNamed = new Set() }: RulesContext): void {
  const names = [...(inventory?.devices ?? []).map((device) => device.name), ...alsoNamed]
  const wanted = typeof entry.devices === 'string' ? [entry.devices] : (entry.devices ?? [])
  for (const [at, name] of wanted.entries()) {
    const found = name.endsWith('*') ? names.some((known) => known.startsWith(name.slice(0, -1))) : names.includes(name)
    if (!found) doc.error(Array.isArray(entry.devices) ? [...path, at] : path, `there is no device ${name}${didYouMean(name, names)}`)
  }
}

/** What devices say about rules. `alsoNamed`: rules that are known although their entries are wrong. */
function checkOverrides(
  doc: YamlDocument,
  rules: readonly Rule[],
  alsoNamed: readonly string[],
  { inventory, inventoryFile }: RulesContext,
): void {
  for (const device of inventory?.devices ?? []) {
    const tell = (path: Path, message: string): void => {
      if (inventoryFile) inventoryFile.error([...(device.source ?? []), 'alarms', ...path], message)
      else doc.issues.push({ ...device.place, path: formatPath(['alarms', ...path]), message, level: 'error' })
    }
    for (const [name, value] of Object.entries(device.alarms)) {
      const rule = rules.find((candidate) => candidate.name === name)
      const names = [...rules.map((candidate) => candidate.name), ...alsoNamed]
      const path = [...(device.source ?? []), 'alarms', name]
      const readable = !inventoryFile || typeof value === 'boolean' || checkShape(inventoryFile, overrideShape(value), value, path)
      if (!rule && !names.includes(name)) tell([name], `there is no rule ${name}${didYouMean(name, names)}`)
      if (!rule || !readable) continue
      for (const problem of readOverride(rule, value, device.place).problems) tell([name, ...problem.path], problem.message)
    }
  }
}
