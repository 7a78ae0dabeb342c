import type { ProfileData } from './schema.ts'

/**
 * Some vendors (Moxa, D-Link) hang the same objects below each model's own sysObjectID. In their profiles an OID
 * starts with `model.`: `model.1.10.1.0` is the device's sysObjectID followed by `.1.10.1.0`.
 */
const RELATIVE = /^model(?=\.\d)/

/** An OID that the schema accepts: dotted decimal, or relative to the device's sysObjectID. */
export const OID_PATTERN = /^(\.?\d+|model)(\.\d+)+$/

/** Stands in for the sysObjectID while a profile is only checked: no device answers below it. */
export const NO_MODEL = '0.0'

export function isRelative(data: ProfileData): boolean {
  return JSON.stringify(data.groups ?? []).includes('"model.')
}

/** The profile as it is for devices of one sysObjectID. */
export function forModel(data: ProfileData, sysObjectID: string): ProfileData {
  return { ...data, groups: replace(data.groups, sysObjectID) as ProfileData['groups'] }
}

function replace(value: unknown, model: string): unknown {
  if (typeof value === 'string') return value.replace(RELATIVE, model)
  if (Array.isArray(value)) return value.map((item) => replace(item, model))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replace(item, model)]))
}
