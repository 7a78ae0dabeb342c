import { stringify } from 'yaml'
import { NAME_PATTERN } from '../core/wire/topics.ts'
import type { Found } from './discover-sweep.ts'

/** A device as it would stand in devices.yaml, with what a person needs to judge it. */
export interface Entry {
  readonly device: {
    readonly name: string
    readonly class: string
    readonly address: string
    readonly location?: { readonly room: string }
    readonly note?: string
    readonly checks: readonly Readonly<Record<string, unknown>>[]
  }
  /** Profiles that apply, most specific first. */
  readonly profiles: readonly string[]
  readonly description: string
}

export interface EntryContext {
  /** Names that are taken; the new ones are added. */
  readonly names: Set<string>
  /** Options of an snmp check by the number of the access that worked, secrets as references. */
  readonly accesses: readonly Readonly<Record<string, unknown>>[]
}

const MAX_NOTE = 120

/** Profiles that say nothing of what a device is for. */
const CLASS_WITHOUT_PROFILE = 'other'

export function entryOf(found: Found, context: EntryContext): Entry {
  const { snmp } = found
  const profiles = snmp?.matching.profiles ?? []
  const fromProfile = profiles.find((profile) => profile.class !== null)?.class
  const kind = fromProfile ?? (found.ipmi && !snmp ? 'bmc' : CLASS_WITHOUT_PROFILE)
  const description = snmp?.matching.sysDescr.replace(/\s+/g, ' ').trim() ?? ''
  const room = snmp?.location.trim() ?? ''
  return {
    device: {
      name: uniqueName(nameOf(snmp?.name ?? '', kind, found.address), found.address, context.names),
      class: kind,
      address: found.address,
      ...(room === '' || /^unknown|^sitting on the dock/i.test(room) ? {} : { location: { room: room.slice(0, 60) } }),
      ...(description === '' ? {} : { note: description.slice(0, MAX_NOTE) }),
      checks: [
        ...(found.ping ? [{ kind: 'ping' }] : []),
        ...(snmp ? [{ kind: 'snmp', ...context.accesses[snmp.access] }] : []),
        ...(found.ipmi ? [{ kind: 'ipmi', username: '${env:IPMI_USER}', password: '${env:IPMI_PASSWORD}' }] : []),
      ],
    },
    profiles: profiles.map((profile) => profile.name),
    description,
  }
}

/** Part of devices.yaml, to be put under `devices:`. */
export function entryText({ device, profiles }: Entry): string {
  const { checks, ...rest } = device
  const flow = (value: unknown): string => stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim()
  const lines = Object.entries(rest).map(([key, value]) => `${key}: ${flow(value)}`)
  const head = profiles.length > 0 ? [`  # ${profiles.join(', ')}`] : []
  return [
    ...head,
    ...lines.map((line, at) => `${at === 0 ? '  - ' : '    '}${line}`),
    '    checks:',
    ...checks.map((check) => `      - ${flow(check)}`),
    '',
  ].join('\n')
}

/** sysName without its domain, with what no name may hold replaced; class and address when nothing is left. */
export function nameOf(sysName: string, kind: string, address: string): string {
  const label = /^\d+(\.\d+){3}$/.test(sysName.trim()) ? '' : (sysName.trim().split('.')[0] ?? '')
  const name = label
    .replace(/[^A-Za-z0-9_-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+|-+$/g, '')
    .slice(0, 63)
  // A name that factories give says nothing.
  const useless = name.length < 2 || /^(unknown|localhost|none|default|noname|sysname|snmp|not-?set)$/i.test(name)
  return useless || !NAME_PATTERN.test(name) ? `${kind}-${tail(address)}` : name
}

function uniqueName(name: string, address: string, taken: Set<string>): string {
  const plain = name.slice(0, 63)
  let unique = plain
  if (taken.has(unique)) unique = `${plain.slice(0, 40)}-${tail(address)}`
  for (let number = 2; taken.has(unique); number++) unique = `${plain.slice(0, 40)}-${tail(address)}-${number}`
  taken.add(unique)
  return unique
}

const tail = (address: string): string => address.replace(/[.:]+/g, '-')
