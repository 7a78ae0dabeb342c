import { readFileSync } from 'node:fs'
import { parseDocument } from '../../../core/config/document.ts'
import { parseProfile } from '../../../core/profile/parse.ts'
import type { ProfileData } from '../../../core/profile/schema.ts'
import { readAll, recorded } from './reading.ts'

/** A profile of config/profiles; throws with its mistakes. */
export function shipped(name: string): ProfileData {
  const file = new URL(`../../../config/profiles/${name}.yaml`, import.meta.url)
  const document = parseDocument(readFileSync(file, 'utf8'), `${name}.yaml`)
  const data = parseProfile(document)
  if (!data) throw new Error(document.issues.map((issue) => `${name}:${issue.line} ${issue.path} ${issue.message}`).join('\n'))
  return data
}

/** `measurement name field=value state` of every good value that a device with these objects gives; `~` stands for 1.3.6.1.4.1. */
export async function read(name: string, lines: string): Promise<string[]> {
  const text = lines.replaceAll(/(^|\|)~/gm, '$11.3.6.1.4.1.')
  const { values, matching } = await readAll([shipped(name)], recorded(text))
  if (matching.profiles.length === 0) throw new Error(matching.verdicts.map((verdict) => verdict.because).join('; '))
  return values
    .filter((value) => value.quality === 'ok')
    .map(({ measurement, tags, field, value, text: word, state }) =>
      [measurement, Object.values(tags)[0] ?? '', `${field}=${value ?? word}`, state ?? ''].filter((part) => part !== '').join(' '),
    )
}
