import { createHash } from 'node:crypto'
import type { SliceCheck, SliceDevice } from '../wire/payloads.ts'
import type { CheckKind } from './kind.ts'
import type { Check, Device, Inventory } from './model.ts'

export interface SliceContext {
  readonly kinds: Readonly<Record<string, Pick<CheckKind, 'where' | 'manySources'>>>
  /** Whether an agent is online at the moment. */
  readonly isAlive: (agent: string) => boolean
}

/**
 * Which agent runs a check: a local or push one the agent named like its device, a remote one the first alive of the
 * device's pollers (the first of all when none is). null: nobody, there is no poller.
 */
export function agentOf(device: Device, check: Check, { kinds, isAlive }: SliceContext): string | null {
  if (kinds[check.kind]?.where !== 'remote') return device.name
  return device.pollers.find(isAlive) ?? device.pollers[0] ?? null
}

/** What one agent has to do: enabled checks of enabled devices, in the order of the file; devices without any are left out. */
export function buildSlice(inventory: Inventory, agent: string, context: SliceContext): SliceDevice[] {
  const devices: SliceDevice[] = []
  let sources: Readonly<Record<string, string>> | null = null
  const complete = (check: Check): Check => {
    if (!context.kinds[check.kind]?.manySources) return check
    sources ??= sourcesOf(inventory)
    return { ...check, options: { ...check.options, sources: { ...sources, ...plainRecord(check.options.sources) } } }
  }
  for (const device of inventory.devices) {
    if (!device.enabled) continue
    const checks = device.checks.filter((check) => check.enabled && agentOf(device, check, context) === agent)
    if (checks.length === 0) continue
    devices.push(sliceOf(device, checks.map(complete)))
  }
  return devices
}

/**
 * Which device an address or host name is, for listeners: the devices' own addresses first, then those of their checks (a BMC, a second
 * network); of several devices with one address the first of the file.
 */
export function sourcesOf(inventory: Inventory): Record<string, string> {
  const sources: Record<string, string> = {}
  const enabled = inventory.devices.filter((device) => device.enabled)
  const note = (address: string | undefined, device: string): void => {
    if (address !== undefined && address !== '' && !LOOPBACK.test(address)) sources[address] ??= device
  }
  for (const device of enabled) note(device.address, device.name)
  for (const device of enabled) for (const check of device.checks) if (check.enabled) note(check.address, device.name)
  return sources
}

/** Says nothing of who it is: every host has it. */
const LOOPBACK = /^(localhost|127\.0\.0\.1|::1)$/i

const plainRecord = (value: unknown): object => (typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {})

/** Every agent that may ever be asked to run something. */
export function agentsOf(inventory: Inventory, kinds: SliceContext['kinds']): ReadonlySet<string> {
  const agents = new Set<string>()
  for (const device of inventory.devices) {
    if (!device.enabled) continue
    for (const check of device.checks) {
      if (!check.enabled) continue
      for (const agent of kinds[check.kind]?.where === 'remote' ? device.pollers : [device.name]) agents.add(agent)
    }
  }
  return agents
}

/** One device with some of its checks, as an agent gets it. */
export function sliceOf(device: Device, checks: readonly Check[]): SliceDevice {
  return {
    name: device.name,
    title: device.title,
    class: device.class,
    ...(device.address === undefined ? {} : { address: device.address }),
    checks: checks.map(sliceCheck),
  }
}

function sliceCheck(check: Check): SliceCheck {
  return {
    name: check.name,
    kind: check.kind,
    interval_ms: check.intervalMs,
    timeout_ms: check.timeoutMs,
    ...(check.address === undefined ? {} : { address: check.address }),
    options: check.options,
  }
}

/** Equal for equal data, whatever the order of keys: 32 hex digits. */
export function stableHash(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex').slice(0, 32)
}

export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, node: unknown) =>
    typeof node === 'object' && node !== null && !Array.isArray(node)
      ? Object.fromEntries(Object.entries(node).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : node,
  )
}
