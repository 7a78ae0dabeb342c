import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { type ConfigIssue, placesOf, sortIssues, valueAt, type YamlDocument } from '../core/config/document.ts'
import { createSecretResolver, type SecretResolver, unresolved } from '../core/config/secrets.ts'
import { agentNameOf, parseSettings, type Settings } from '../core/config/settings.ts'
import type { Inventory } from '../core/inventory/model.ts'
import { parseInventory } from '../core/inventory/parse.ts'
import type { KindSpec } from '../probes/kind-spec.ts'
import { kinds } from '../probes/kinds.ts'
import { type FoundFiles, readFiles } from './config-files.ts'

/** What every program on a machine needs of its configuration folder: jifang.yaml, and devices.yaml where there is one. */
export interface LocalConfig {
  readonly ok: true
  /** As given, for messages. */
  readonly dir: string
  readonly site: string
  readonly settings: Settings
  /** Name of the agent on this machine. */
  readonly agentName: string
  readonly inventory: Inventory
  readonly secrets: SecretResolver
  /** Changes with every change of any file that was read. */
  readonly fingerprint: string
  /** Warnings, and errors that don't keep a program from starting. */
  readonly issues: readonly ConfigIssue[]
}

export interface RefusedConfig {
  readonly ok: false
  readonly fingerprint: string
  /** At least one error. */
  readonly issues: readonly ConfigIssue[]
}

/** Reads a configuration folder. Never throws for what is in it. */
export type LoadConfig<C extends LocalConfig> = (dir: string) => Promise<C | RefusedConfig>

/** For an agent: alarms, notices and profiles are not its business, and reading them would cost it memory. */
export async function loadLocalConfig(dir: string, env: NodeJS.ProcessEnv = process.env): Promise<LocalConfig | RefusedConfig> {
  const found = await readFiles(dir, ['jifang.yaml', 'devices.yaml'])
  const parsed = parseLocal(found, dir, env)
  const issues = sortIssues([...found.issues, ...found.documents['jifang.yaml'].issues, ...found.documents['devices.yaml'].issues])
  const { fingerprint } = found
  if (!parsed || issues.some((issue) => issue.level === 'error')) return { ok: false, fingerprint, issues }
  return { ok: true, ...parsed, fingerprint, issues }
}

export type ParsedLocal = Pick<LocalConfig, 'dir' | 'site' | 'settings' | 'agentName' | 'inventory' | 'secrets'>

/** Problems go into the documents' issues; undefined when one of them keeps everything from being known. */
export function parseLocal(found: FoundFiles, dir: string, env: NodeJS.ProcessEnv): ParsedLocal | undefined {
  const jifang = found.documents['jifang.yaml']
  const settings = parseSettings(jifang, resolve(dir))
  const agentName = settings && agentNameOf(settings, hostname(), localDevice(found.documents['devices.yaml'].value))
  const inventory = parseDevices(found, settings, agentName)
  if (settings?.site !== undefined && inventory && settings.site !== inventory.site)
    jifang.error(['site'], `is not the site of devices.yaml, "${inventory.site}": remove it here`)
  if (!settings || agentName === undefined || !inventory) return undefined
  const secrets = createSecretResolver({ env, baseDir: resolve(dir), paths: settings.secrets.paths })
  warnOfSecrets(jifang, secrets)
  return { dir, site: inventory.site, settings, agentName, inventory, secrets }
}

/** Whoever runs the check may not be whom the service runs as: a secret that is not here is a warning. */
export function warnOfSecrets(doc: YamlDocument, secrets: SecretResolver): void {
  for (const { path, message } of unresolved(doc.value, secrets)) doc.warn(path, message)
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

/** An agent's own machine needs no devices.yaml, but the name of the site. */
function withoutDevices(doc: YamlDocument, settings: Settings | undefined): Inventory | undefined {
  if (!settings) return undefined
  if (settings.site !== undefined) return { site: settings.site, devices: [] }
  doc.error([], 'there is no such file: it lists the devices and names the site (an agent alone needs `site:` in jifang.yaml instead)')
  return undefined
}
