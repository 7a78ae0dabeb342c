import * as v from 'valibot'
import { type Path, placesOf, quoted, valueAt, type YamlDocument } from '../config/document.ts'
import { formatDuration } from '../config/duration.ts'
import { warnOfLiteral } from '../config/settings.ts'
import { checkShape } from '../config/shape.ts'
import { didYouMean } from '../config/suggest.ts'
import { factoryCredential } from './factory-credentials.ts'
import type { CheckKind } from './kind.ts'
import type { Check } from './model.ts'
import { commonCheckEntries } from './schema.ts'

export interface CheckContext {
  readonly doc: YamlDocument
  readonly kinds: Readonly<Record<string, CheckKind>>
  readonly defaultIntervalMs: number | undefined
  /** Address of the device. */
  readonly address: string | undefined
}

/** Kinds that are quicker than this by nature are not slowed down by `defaults.interval`. */
const QUICK_MS = 10_000

const commonSchema = v.looseObject(commonCheckEntries)

/** One entry of a device's `checks`; undefined when it can't be used. Problems are in the document. */
export function parseCheck(context: CheckContext, raw: unknown, path: Path): Check | undefined {
  const { doc, kinds } = context
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    doc.error(path, 'must be a mapping such as { kind: ping }')
    return undefined
  }
  const name: unknown = 'kind' in raw ? raw.kind : undefined
  if (typeof name !== 'string') {
    if (!doc.broken) doc.error([...path, 'kind'], `is required: one of ${Object.keys(kinds).join(', ')}`)
    return undefined
  }
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined
  if (!kind) {
    doc.error(
      [...path, 'kind'],
      `unknown kind ${quoted(name)}${didYouMean(name, Object.keys(kinds)) || `: must be one of ${Object.keys(kinds).join(', ')}`}`,
    )
    return undefined
  }
  const options = Object.fromEntries(Object.entries(raw).filter(([key]) => !Object.hasOwn(commonCheckEntries, key)))
  const common = checkOptions(doc, kind, raw, options, path)
  if (!common) return undefined
  warnOfSecrets(doc, kind, options, path)
  const warning = kind.warning?.(options) ?? null
  if (warning !== null) doc.warn(path, warning)
  const address = common.address ?? context.address
  if (kind.where === 'remote' && address === undefined && typeof options.url !== 'string' && needsAddress(kind, options))
    doc.error(path, `a ${name} check needs an address: give one to the device or to the check`)
  const { intervalMs, timeoutMs } = times(context, kind, common, path)
  return {
    name: common.name ?? name,
    kind: name,
    intervalMs,
    timeoutMs,
    ...(address === undefined ? {} : { address }),
    enabled: common.enabled,
    options,
    place: doc.place(path),
  }
}

const needsAddress = ({ needsAddress = true }: CheckKind, options: Readonly<Record<string, unknown>>): boolean =>
  typeof needsAddress === 'function' ? needsAddress(options) : needsAddress

/** Common keys and the kind's own are one set of known keys, so that a typo in either is told with what was meant. */
function checkOptions(
  doc: YamlDocument,
  kind: CheckKind,
  raw: object,
  options: object,
  path: Path,
): v.InferOutput<typeof commonSchema> | undefined {
  const own = kind.options as v.GenericSchema & { entries?: v.ObjectEntries }
  if (own.type !== 'strict_object' || !own.entries) {
    const common = checkShape(doc, commonSchema, raw, path)
    return checkShape(doc, own, options, path) === undefined ? undefined : common
  }
  if (checkShape(doc, v.strictObject({ ...commonCheckEntries, ...own.entries }), raw, path) === undefined) return undefined
  if (checkShape(doc, own, options, path) === undefined) return undefined
  return v.parse(commonSchema, raw)
}

function times(
  context: CheckContext,
  kind: CheckKind,
  given: { interval?: number; timeout?: number },
  path: Path,
): { intervalMs: number; timeoutMs: number } {
  const usual = kind.intervalMs < QUICK_MS ? kind.intervalMs : (context.defaultIntervalMs ?? kind.intervalMs)
  const intervalMs = given.interval ?? usual
  if (given.timeout !== undefined && given.timeout >= intervalMs && kind.where !== 'push')
    context.doc.error([...path, 'timeout'], `must be shorter than the interval (${formatDuration(intervalMs)})`)
  return { intervalMs, timeoutMs: given.timeout ?? Math.min(kind.timeoutMs, Math.max(100, Math.round(intervalMs * 0.9))) }
}

function warnOfSecrets(doc: YamlDocument, kind: CheckKind, options: object, path: Path): void {
  for (const secret of kind.secrets) {
    for (const place of placesOf(options, secret.split('.'))) {
      const value = valueAt(options, place)
      const factory = factoryCredential(place.at(-1), value, valueAt(options, [...place.slice(0, -1), 'username']))
      if (factory) doc.warn([...path, ...place], `the factory setting is still in use: change it on the device`)
      else warnOfLiteral(doc, [...path, ...place], value)
    }
  }
}
