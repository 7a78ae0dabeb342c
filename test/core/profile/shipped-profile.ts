import { readFileSync } from 'node:fs'
import type { ProfileData } from '../../../core/profile/schema.ts'
import { profile, readAll, recorded } from './reading.ts'

const parsed = new Map<string, ProfileData>()

/** A profile of config/profiles, by name. */
export function shipped(name: string): ProfileData {
  const known = parsed.get(name) ?? profile(readFileSync(new URL(`../../../config/profiles/${name}.yaml`, import.meta.url), 'utf8'))
  parsed.set(name, known)
  return known
}

/** Lines `1.2.0|2|5` below one OID. */
export const below = (oid: string, lines: string): string =>
  lines
    .trim()
    .split('\n')
    .map((line) => `${oid}.${line.trim()}`)
    .join('\n')

/** Series of the named shipped profile over a recording: `measurement tag=value …` → its fields. */
export async function series(name: string, lines: string): Promise<Map<string, Readonly<Record<string, unknown>>>> {
  const { samples } = await readAll([shipped('system'), shipped(name)], recorded(lines))
  return new Map(
    samples
      .filter((sample) => sample.measurement !== 'snmp_system')
      .map((sample) => [
        [sample.measurement, ...Object.entries(sample.tags).map(([key, value]) => `${key}=${value}`)].join(' '),
        sample.fields,
      ]),
  )
}
