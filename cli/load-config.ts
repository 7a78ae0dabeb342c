import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import { profileRules } from '../alarm/profile-rules.ts'
import type { RuleSet } from '../alarm/rule.ts'
import { type ProfileRules, parseRules, type RulesContext } from '../alarm/rules-file.ts'
import { type ConfigIssue, parseDocument, placesOf, quoted, sortIssues, valueAt, type YamlDocument } from '../core/config/document.ts'
import { didYouMean } from '../core/config/suggest.ts'
import { readInventory } from '../core/inventory/parse.ts'
import type { LoadedProfiles } from '../core/profile/parse.ts'
import type { ProfileData } from '../core/profile/schema.ts'
import { type NotifyConfig, parseNotify } from '../notify/notify-file.ts'
import { kinds } from '../probes/kinds.ts'
import { ALL_FILES, type FoundFiles, readFiles } from './config-files.ts'
import { type LocalConfig, type ParsedLocal, parseLocal, type RefusedConfig, warnOfSecrets } from './local-config.ts'
import { loadAllProfiles, loadOwnProfiles } from './snmp-profiles.ts'

/** Everything that the files of one configuration folder say. */
export interface LoadedConfig extends LocalConfig {
  readonly rules: RuleSet
  readonly notify: NotifyConfig
  /** A broken profile is left out, the others work; its errors are in `issues`. */
  readonly profiles: LoadedProfiles
  /** The operator's own profiles among them. */
  readonly ownProfiles: readonly ProfileData[]
}

export type ConfigResult = LoadedConfig | RefusedConfig

export interface LoadOptions {
  /** Where `${env:}` looks; default: this process's. */
  readonly env?: NodeJS.ProcessEnv
  /** Used instead of reading the profiles again. */
  readonly profiles?: LoadedProfiles
}

/** Reads and validates a configuration folder. Never throws for what is in it: every problem of every file is in `issues`, by position. */
export async function loadConfig(dir: string, { env = process.env, profiles: known }: LoadOptions = {}): Promise<ConfigResult> {
  const found = await readFiles(dir)
  const { documents } = found
  const local = parseLocal(found, dir, env)
  const profiles = known ?? (await loadAllProfiles(resolve(dir)))
  const ownProfiles = await loadOwnProfiles(resolve(dir))
  checkProfileNames(documents['devices.yaml'], profiles)
  const fromProfiles = soundRules(profiles)
  const rules = parseRules(documents['alarms.yaml'], { profiles: fromProfiles.rules, ...roomOf(found, local) })
  const notify = parseNotify(documents['notify.yaml'])
  if (local && notify) warnOfSecrets(documents['notify.yaml'], local.secrets)
  const inFiles = [...found.issues, ...ALL_FILES.flatMap((name) => documents[name].issues)]
  const issues = sortIssues([...inFiles, ...profiles.issues, ...fromProfiles.issues])
  const fingerprint = createHash('sha256').update(found.fingerprint).update(JSON.stringify(profiles.data)).digest('hex')
  if (!local || !rules || !notify || inFiles.some((issue) => issue.level === 'error')) return { ok: false, fingerprint, issues }
  return { ok: true, ...local, rules, notify, profiles, ownProfiles, fingerprint, issues }
}

/** The devices that rules can name and change: of a devices.yaml with errors those that can be understood all the same. */
function roomOf({ documents, present, unreadable }: FoundFiles, local: ParsedLocal | undefined): Omit<RulesContext, 'profiles'> {
  const inventoryFile = documents['devices.yaml']
  if (local) return { inventory: local.inventory, inventoryFile }
  if (inventoryFile.broken || unreadable.has('devices.yaml') || !present.has('devices.yaml')) return {}
  const { devices, names } = readInventory(inventoryFile, kinds)
  return { inventory: { devices }, inventoryFile, alsoNamed: names }
}

/** The rules of each profile whose rules can all be understood, and what is wrong with the others. */
function soundRules({ data }: LoadedProfiles): { rules: ProfileRules[]; issues: ConfigIssue[] } {
  const rules: ProfileRules[] = []
  const issues: ConfigIssue[] = []
  for (const profile of profileRules(data)) {
    const alone = parseDocument('', profile.place.file)
    if (parseRules(alone, { profiles: [profile] })) rules.push(profile)
    issues.push(...alone.issues)
  }
  return { rules, issues }
}

/** Profiles that SNMP checks ask for by name must be there. */
function checkProfileNames(doc: YamlDocument, { library }: LoadedProfiles): void {
  for (const path of placesOf(doc.value, ['devices', '*', 'checks', '*'])) {
    const check = valueAt(doc.value, path)
    if (valueAt(check, ['kind']) !== 'snmp') continue
    const wanted = valueAt(check, ['profile'])
    for (const [at, name] of (Array.isArray(wanted) ? wanted : [wanted]).entries()) {
      if (typeof name !== 'string' || name === 'auto' || library.get(name)) continue
      const known = library.profiles.map((profile) => profile.name)
      doc.error(
        [...path, 'profile', ...(Array.isArray(wanted) ? [at] : [])],
        `there is no profile ${quoted(name)}${didYouMean(name, known)}`,
      )
    }
  }
}
