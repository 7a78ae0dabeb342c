import { readFileSync } from 'node:fs'
import type { ProfileData } from './schema.ts'

let shipped: readonly ProfileData[] | null = null

/**
 * The profiles of this package, validated and packed into one file by the build, so that an agent need not parse YAML.
 * Read when first needed; the same array every time.
 */
export function shippedProfiles(): readonly ProfileData[] {
  shipped ??= JSON.parse(readFileSync(packed(), 'utf8')) as ProfileData[]
  return shipped
}

const packed = (): URL =>
  new URL(import.meta.url.includes('/dist/core/') ? '../../profiles.json' : '../../dist/profiles.json', import.meta.url)
