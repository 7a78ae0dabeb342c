import type * as v from 'valibot'
import { type Path, valueAt, type YamlDocument } from '../config/document.ts'
import { checkShape } from '../config/shape.ts'
import { didYouMean, suggest } from '../config/suggest.ts'
import { parseCheck } from './check.ts'
import { CLASSES } from './classes.ts'
import { checkDependencies } from './dependencies.ts'
import type { CheckKind } from './kind.ts'
import type { Check, Device, Inventory } from './model.ts'
import { expandRanges } from './range.ts'
import { deviceSchema, inventorySchema } from './schema.ts'

export interface InventoryOptions {
  /** Who runs remote checks when neither the device nor `defaults` says. */
  readonly defaultPollers?: readonly string[]
}

type Defaults = v.InferOutput<typeof inventorySchema>['defaults']

/** devices.yaml → inventory. Every problem goes into `doc.issues`; undefined when one of them is an error. */
export function parseInventory(
  doc: YamlDocument,
  kinds: Readonly<Record<string, CheckKind>>,
  options: InventoryOptions = {},
): Inventory | undefined {
  const { site, devices } = readInventory(doc, kinds, options)
  return site === undefined || doc.issues.some((issue) => issue.level === 'error') ? undefined : { site, devices }
}

/** What can be understood of a devices.yaml. */
export interface ReadInventory {
  /** undefined: something is wrong at the top of the file. */
  readonly site: string | undefined
  readonly devices: readonly Device[]
  /** Also of devices whose entries are wrong in other ways. */
  readonly names: ReadonlySet<string>
}

/** Like `parseInventory`, but gives what is sound of a file with errors, so that other files can be checked against it. */
export function readInventory(
  doc: YamlDocument,
  kinds: Readonly<Record<string, CheckKind>>,
  options: InventoryOptions = {},
): ReadInventory {
  const top = checkShape(doc, inventorySchema, doc.value, [])
  const entries = valueAt(doc.value, ['devices'])
  const devices: Device[] = []
  const firstOf = new Map<string, Device>()
  const known = new Set<string>()
  for (const [index, entry] of (Array.isArray(entries) ? entries : []).entries()) {
    const source: Path = ['devices', index]
    if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
      doc.error(source, 'must be a mapping that begins with `name:`')
      continue
    }
    for (const raw of expandRanges(entry as Record<string, unknown>, (path, message) => doc.error([...source, ...path], message))) {
      if (typeof raw.name === 'string') known.add(raw.name)
      const device = parseDevice(doc, kinds, top?.defaults ?? {}, options, raw, source)
      if (!device) continue
      const same = firstOf.get(device.name)
      if (same) doc.error([...source, 'name'], `the name "${device.name}" is already taken in line ${same.place.line}`)
      else firstOf.set(device.name, device)
      devices.push(device)
    }
  }
  if (!doc.broken) checkDependencies(doc, devices, known)
  warnOfPollers(doc, devices)
  return { site: top?.site, devices, names: known }
}

function parseDevice(
  doc: YamlDocument,
  kinds: Readonly<Record<string, CheckKind>>,
  defaults: Defaults,
  options: InventoryOptions,
  raw: Readonly<Record<string, unknown>>,
  source: Path,
): Device | undefined {
  const given = checkShape(doc, deviceSchema, raw, source)
  const address = typeof raw.address === 'string' ? raw.address : undefined
  const context = { doc, kinds, defaultIntervalMs: defaults.interval, address }
  const checks: Check[] = []
  for (const [index, entry] of (Array.isArray(raw.checks) ? raw.checks : []).entries()) {
    const check = parseCheck(context, entry, [...source, 'checks', index])
    if (!check) continue
    if (checks.some((other) => other.name === check.name))
      doc.error([...source, 'checks', index], `a second check named "${check.name}": give it a name of its own`)
    checks.push(check)
  }
  if (!given) return undefined
  if (!Object.hasOwn(CLASSES, given.class) && suggest(given.class, Object.keys(CLASSES)) !== undefined)
    doc.warn([...source, 'class'], `no default rules are known for "${given.class}"${didYouMean(given.class, Object.keys(CLASSES))}`)
  const { name, title = name, short = title, depends_on: dependsOn, poller = defaults.poller, ...rest } = given
  return {
    ...rest,
    name,
    title,
    short,
    dependsOn: (typeof dependsOn === 'string' ? [dependsOn] : dependsOn).map((entry) => (typeof entry === 'string' ? [entry] : entry)),
    pollers: poller === undefined ? (options.defaultPollers ?? []) : typeof poller === 'string' ? [poller] : poller,
    checks,
    place: doc.place(source),
    source,
  }
}

/** A poller need not be a device, but a name that is nearly one is a slip of the pen. */
function warnOfPollers(doc: YamlDocument, devices: readonly Device[]): void {
  const names = new Set(devices.map((device) => device.name))
  const told = new Set<string>()
  for (const device of devices) {
    for (const poller of device.pollers) {
      if (names.has(poller) || told.has(poller)) continue
      told.add(poller)
      const path =
        valueAt(doc.value, [...(device.source ?? []), 'poller']) === undefined
          ? ['defaults', 'poller']
          : [...(device.source ?? []), 'poller']
      const meant = didYouMean(
        poller,
        [...names].filter((name) => name.replace(/\d+/g, '') !== poller.replace(/\d+/g, '')),
      )
      if (meant !== '') doc.warn(path, `no device is named like the poller "${poller}"${meant}`)
    }
  }
}
