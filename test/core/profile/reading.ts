import { parseDocument } from '../../../core/config/document.ts'
import { evaluate } from '../../../core/profile/evaluate.ts'
import { createLibrary } from '../../../core/profile/library.ts'
import { matchProfiles } from '../../../core/profile/match.ts'
import { parseProfile } from '../../../core/profile/parse.ts'
import { createSampler } from '../../../core/profile/samples.ts'
import type { ProfileData } from '../../../core/profile/schema.ts'
import type { Varbind } from '../../../core/profile/varbind.ts'
import { createRecordingSource } from '../../../protocols/snmp/recording-source.ts'
import { parseRecording } from '../../../protocols/snmp/snmprec.ts'

/** A profile out of YAML; throws with its issues when it is not usable. */
export function profile(yaml: string): ProfileData {
  const name = /^profile: (\S+)/m.exec(yaml)?.[1] ?? 'test'
  const document = parseDocument(yaml, `${name}.yaml`)
  const data = parseProfile(document)
  if (!data) throw new Error(document.issues.map((issue) => `${issue.line}:${issue.col} ${issue.path}: ${issue.message}`).join('\n'))
  return data
}

/** `groups:` of a profile that always applies. */
export const groups = (yaml: string): ProfileData => profile(`profile: test\ntitle: test\nmatch: always\ngroups:\n${yaml}`)

export const recorded = (lines: string): readonly Varbind[] => parseRecording(lines).varbinds

export async function readAll(profiles: readonly ProfileData[], varbinds: readonly Varbind[]) {
  const { library } = createLibrary(profiles)
  const source = createRecordingSource(varbinds)
  const matching = await matchProfiles(library, source)
  const results = await evaluate(
    matching.profiles.flatMap((one) => one.groups),
    source,
  )
  const values = results.flatMap((result) => result.values)
  const samples = createSampler(60_000).samples(results, { time: 0, at: 0, uptime: 0 })
  return { matching, results, values, samples }
}

/** `field=value` of every good value; the text where there is no number. */
export async function shown(data: ProfileData, lines: string): Promise<string[]> {
  const { values } = await readAll([data], recorded(lines))
  return values.filter((value) => value.quality === 'ok').map((value) => `${value.field}=${value.value ?? value.text}`)
}
