import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { profileRules } from '../alarm/profile-rules.ts'
import type { RuleSet } from '../alarm/rule.ts'
import { type ProfileRules, parseRules } from '../alarm/rules-file.ts'
import { type ConfigIssue, parseDocument, placesOf, quoted, sortIssues, valueAt, type YamlDocument } from '../core/config/document.ts'
import { createSecretResolver, type SecretResolver } from '../core/config/secrets.ts'
import { agentNameOf, parseSettings, type Settings } from '../core/config/settings.ts'
import { didYouMean } from '../core/config/suggest.ts'
import type { Inventory } from '../core/inventory/model.ts'
import { parseInventory } from '../core/inventory/parse.ts'
import type { LoadedProfiles } from '../core/profile/parse.ts'
import type { ProfileData } from '../core/profile/schema.ts'
import { type NotifyConfig, parseNotify } from '../notify/notify-file.ts'
import type { KindSpec } from '../probes/kind-spec.ts'
import { kinds } from '../probes/kinds.ts'
import { loadAllProfiles, loadOwnProfiles } from './snmp-profiles.ts'

/** Everything that the files of one configuration folder say. */
export interface LoadedConfig {
  readonly ok: true
  /** As given, for messages. */
  readonly dir: string
  readonly site: string
  readonly settings: Settings
  /** Name of the agent on this machine. */
  readonly agentName: string
  readonly inventory: Inventory
  readonly rules: RuleSet
  readonly notify: NotifyConfig
  readonly profiles: LoadedProfiles
  /** The operator's own profiles among them. */
  readonly ownProfiles: readonly ProfileData[]
  readonly secrets: SecretResolver
  /** Changes with every change of any file. */
  readonly fingerprint: string
  /** Warnings, and errors of profiles: a broken one is left out, the others work. */
  readonly issues: readonly ConfigIssue[]
}

export interface RefusedConfig {
  readonly ok: false
  readonly fingerprint: string
  /** At least one error. */
  readonly issues: readonly ConfigIssue[]
}

export type ConfigResult = LoadedConfig | RefusedConfig

const FILES = ['jifang.yaml', 'devices.yaml', 'alarms.yaml', 'notify.yaml'] as const
type FileName = (typeof FILES)[number]

export interface LoadOptions {
  /** Where `${env:}` looks; default: this process's. */
  readonly env?: NodeJS.ProcessEnv
  /** Used instead of reading the profiles again. */
  readonly profiles?: LoadedProfiles
}

/** Reads and validates a configuration folder. Never throws for what is in it: every problem of every file is in `issues`, by position. */
export async function loadConfig(dir: string, { env = process.env, profiles: known }: LoadOptions = {}): Promise<ConfigResult> {
  const found = await readFiles(dir)
  const [jifang, devices, alarms, notifyDoc] = FILES.map((name) => found.documents[name]) as [
    YamlDocument,
    YamlDocument,
    YamlDocument,
    YamlDocument,
  ]
  const settings = parseSettings(jifang, resolve(dir))
  const agentName = settings ? agentNameOf(settings, hostname(), localDevice(devices.value)) : undefined
  const parsed = parseDevices(found, settings, agentName)
  if (settings?.site !== undefined && parsed && settings.site !== parsed.site)
    jifang.error(['site'], `is not the site of devices.yaml, "${parsed.site}": remove it here`)
  const profiles = known ?? (await loadAllProfiles(resolve(dir)))
  const ownProfiles = await loadOwnProfiles(resolve(dir))
  checkProfileNames(devices, profiles)
  const fromProfiles = soundRules(profiles)
  const rules = parseRules(alarms, { profiles: fromProfiles.rules, ...(parsed ? { inventory: parsed } : {}) })
  const notify = parseNotify(notifyDoc)
  const inFiles = [...found.issues, ...[jifang, devices, alarms, notifyDoc].flatMap((doc) => doc.issues)]
  const issues = sortIssues([...inFiles, ...profiles.issues, ...fromProfiles.issues])
  const fingerprint = createHash('sha256').update(found.fingerprint).update(JSON.stringify(profiles.data)).digest('hex')
  if (!settings || agentName === undefined || !parsed || !rules || !notify || inFiles.some((issue) => issue.level === 'error'))
    return { ok: false, fingerprint, issues }
  const secrets = createSecretResolver({ env, baseDir: resolve(dir), paths: settings.secrets.paths })
  return {
    ok: true,
    dir,
    site: parsed.site,
    settings,
    agentName,
    inventory: parsed,
    rules,
    notify,
    profiles,
    ownProfiles,
    secrets,
    fingerprint,
    issues,
  }
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

function parseDevices(found: FoundFiles, settings: Settings | undefined, agentName: string | undefined): Inventory | undefined {
  const doc = found.documents['devices.yaml']
  if (found.unreadable.has('devices.yaml')) return undefined
  if (!found.present.has('devices.yaml')) return withoutDevices(doc, settings)
  return parseInventory(doc, kinds, agentName === undefined ? {} : { defaultPollers: [agentName] })
}

/**
 * The only enabled device with a local check: where jifang.yaml names no agent, whoever writes one host into devices.yaml means
 * the one the program runs on.
 */
function localDevice(devices: unknown): string | undefined {
  const names = placesOf(devices, ['devices', '*']).flatMap((path) => {
    const device = valueAt(devices, path)
    const local = placesOf(device, ['checks', '*']).some((check) => isLocalKind(valueAt(device, [...check, 'kind'])))
    const name = valueAt(device, ['name'])
    return local && typeof name === 'string' && valueAt(device, ['enabled']) !== false ? [name] : []
  })
  return names.length === 1 ? names[0] : undefined
}

const isLocalKind = (kind: unknown): boolean => (kinds as Record<string, KindSpec | undefined>)[String(kind)]?.where === 'local'

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

/** An agent's own machine needs no devices.yaml, but the name of the site. */
function withoutDevices(doc: YamlDocument, settings: Settings | undefined): Inventory | undefined {
  if (!settings) return undefined
  if (settings.site !== undefined) return { site: settings.site, devices: [] }
  doc.error([], 'there is no such file: it lists the devices and names the site (an agent alone needs `site:` in jifang.yaml instead)')
  return undefined
}

interface FoundFiles {
  readonly documents: Readonly<Record<FileName, YamlDocument>>
  readonly present: ReadonlySet<FileName>
  readonly unreadable: ReadonlySet<FileName>
  readonly fingerprint: string
  readonly issues: readonly ConfigIssue[]
}

async function readFiles(dir: string): Promise<FoundFiles> {
  const issues: ConfigIssue[] = []
  const present = new Set<FileName>()
  const unreadable = new Set<FileName>()
  const hash = createHash('sha256')
  const documents: Partial<Record<FileName, YamlDocument>> = {}
  if (!(await isFolder(dir))) issues.push({ file: dir, line: 1, col: 1, path: '', message: 'there is no such folder', level: 'error' })
  for (const name of FILES) {
    const file = join(dir, name)
    const { bytes, problem } = await read(file)
    if (bytes) present.add(name)
    hash.update(`${name}\0${bytes?.length ?? -1}\0`).update(bytes ?? '')
    const { text, wrong } = decode(bytes)
    const message = problem ?? wrong
    if (message !== undefined) {
      unreadable.add(name)
      issues.push({ file, line: 1, col: 1, path: '', message, level: 'error' })
    }
    documents[name] = parseDocument(text, file)
  }
  return { documents: documents as Record<FileName, YamlDocument>, present, unreadable, fingerprint: hash.digest('hex'), issues }
}

async function isFolder(dir: string): Promise<boolean> {
  try {
    return (await stat(dir)).isDirectory()
  } catch {
    return false
  }
}

async function read(file: string): Promise<{ bytes?: Buffer; problem?: string }> {
  try {
    return { bytes: await readFile(file) }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'ENOENT' || code === 'ENOTDIR' ? {} : { problem: `can not be read (${code ?? 'unknown'})` }
  }
}

function decode(bytes: Buffer | undefined): { text: string; wrong?: string } {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch {
    return { text: '', wrong: 'is not UTF-8 (GBK?): save it as UTF-8' }
  }
}
