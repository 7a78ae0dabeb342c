import { createHash } from 'node:crypto'

/** Digits and letters that can't be taken for one another when read aloud or typed from an SMS. */
const ALPHABET = '23456789ABCDEFGHJKMNPQRSTUVWXYZ'

/** `<hash of rule, device, instance>-<start of the episode>`: the same on every replay, never used twice. */
export function alarmId(rule: string, device: string, instance: string, since: number): string {
  const hash = createHash('sha1').update(`${rule}\0${device}\0${instance}`).digest('hex').slice(0, 8)
  return `${hash}-${Math.round(since).toString(36)}`
}

/** Four characters for SMS replies; `taken` says whether an open alarm has them. */
export function shortId(id: string, taken: (short: string) => boolean): string {
  for (let salt = 0; salt < 100_000; salt++) {
    const bytes = createHash('sha1').update(`${id}#${salt}`).digest()
    let short = ''
    for (let at = 0; at < 4; at++) short += ALPHABET[(bytes[at] ?? 0) % ALPHABET.length]
    if (!taken(short)) return short
  }
  return id
}

/** Tags that do not tell one part of a device from another, or that change with the result. */
const NOT_INSTANCE: ReadonlySet<string> = new Set([
  'site',
  'device',
  'host',
  'agent',
  'kind',
  'result',
  'status_code',
  'result_type',
  'mode',
  'fstype',
  'title',
])

/** `key=value,key=value` in key order; empty when the device has one. `by` limits it to these tags. */
export function instanceOf(tags: Readonly<Record<string, string>>, by: readonly string[] | null): string {
  const keys = by ? [...by].filter((key) => tags[key] !== undefined) : Object.keys(tags).filter((key) => !NOT_INSTANCE.has(key))
  if (keys.length === 0) return ''
  return keys
    .sort()
    .map((key) => `${key}=${tags[key]}`)
    .join(',')
}
