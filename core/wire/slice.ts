import { createHash } from 'node:crypto'
import type { ConfigSlice } from './payloads.ts'
import { NAME_PATTERN } from './topics.ts'

/** A slice before it has a version. */
export type SliceBody = Omit<ConfigSlice, 'version' | 'hash'>

/** Whose samples an agent with this slice may send: all of its devices', and `event` samples of the sources that its listeners know. */
export function subjectsOf(body: Pick<SliceBody, 'devices'>): { readonly devices: string[]; readonly sources: string[] } {
  const devices = new Set(body.devices.map(({ name }) => name))
  const sources = new Set<string>()
  for (const { checks } of body.devices) {
    for (const { options } of checks) {
      const known = isObject(options.sources) ? Object.values(options.sources) : []
      for (const name of known) if (typeof name === 'string' && !devices.has(name)) sources.add(name)
    }
  }
  return { devices: [...devices], sources: [...sources] }
}

/** Same content, same hash, whatever the order of keys was. */
export function hashSlice(body: SliceBody): string {
  const { collectors, profiles, devices } = body
  return createHash('sha256').update(canonical({ collectors, profiles, devices })).digest('hex').slice(0, 16)
}

/** The slice in a message, or in words why it can't be used. Kinds and options are not looked at: they fail their check alone. */
export function parseSlice(text: string): ConfigSlice | string {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return `not JSON: ${(error as Error).message}`
  }
  return checkSlice(value)
}

function checkSlice(value: unknown): ConfigSlice | string {
  if (!isObject(value)) return 'not an object'
  const { version, hash, collectors, profiles, devices } = value
  if (!Number.isSafeInteger(version) || (version as number) < 1) return 'version is not a positive integer'
  if (typeof hash !== 'string') return 'hash is missing'
  if (!Array.isArray(collectors) || !collectors.every(isName)) return 'collectors is not a list of names'
  if (!Array.isArray(profiles)) return 'profiles is not a list'
  if (!Array.isArray(devices)) return 'devices is not a list'
  const names = new Set<string>()
  for (const [index, device] of devices.entries()) {
    const wrong = checkDevice(device)
    if (wrong) return `devices[${index}]: ${wrong}`
    const { name } = device as { name: string }
    if (names.has(name)) return `devices[${index}]: ${name} is there twice`
    names.add(name)
  }
  return value as unknown as ConfigSlice
}

function checkDevice(device: unknown): string | null {
  if (!isObject(device) || !isName(device.name)) return 'name is missing or not a name'
  if (typeof device.class !== 'string') return 'class is missing'
  if (!isOptionalText(device.address)) return 'address is not a text'
  if (!Array.isArray(device.checks)) return 'checks is not a list'
  for (const [index, check] of device.checks.entries()) {
    const wrong = checkCheck(check)
    if (wrong) return `checks[${index}]: ${wrong}`
  }
  return null
}

function checkCheck(check: unknown): string | null {
  if (!isObject(check) || typeof check.name !== 'string' || typeof check.kind !== 'string') return 'name or kind is missing'
  if (!isDuration(check.interval_ms)) return 'interval_ms is not a positive number'
  if (!isDuration(check.timeout_ms)) return 'timeout_ms is not a positive number'
  if (!isOptionalText(check.address)) return 'address is not a text'
  return isObject(check.options) ? null : 'options is not an object'
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
const isName = (value: unknown): boolean => typeof value === 'string' && NAME_PATTERN.test(value)
const isOptionalText = (value: unknown): boolean => value === undefined || typeof value === 'string'
const isDuration = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value) && value > 0

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item === undefined ? null : item)).join()}]`
  if (!isObject(value)) return JSON.stringify(value) ?? 'null'
  const keys = Object.keys(value).filter((key) => value[key] !== undefined)
  return `{${keys
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`)
    .join()}}`
}
