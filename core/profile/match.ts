import { profileFor } from './compile.ts'
import { textOf } from './decode.ts'
import { type Facts, readFacts, SYS_OBJECT_ID } from './facts.ts'
import type { ProfileLibrary } from './library.ts'
import type { Profile } from './model.ts'
import { isUnder, normalizeOid } from './oid.ts'
import { type ConditionData, listOf, type ProbeData } from './schema.ts'
import type { VarbindSource } from './varbind.ts'

const ENTERPRISES = '1.3.6.1.4.1'

export interface Verdict {
  readonly profile: Profile
  readonly chosen: boolean
  /** Higher goes first and wins conflicts: priority, then how much the device had to tell. */
  readonly rank: number
  /** In words, for `snmp match` and the check's detail. */
  readonly because: string
}

export interface Matching {
  readonly sysDescr: string
  readonly sysObjectID: string
  /** All profiles looked at, chosen ones first, by rank. */
  readonly verdicts: readonly Verdict[]
  /** Questions that the device left without an answer: with them another profile might have been chosen. */
  readonly unanswered: number
  /** The chosen ones, most specific first. */
  readonly profiles: readonly Profile[]
}

/** Asks the device what it is, then asks every profile. Many boxes lie about sysObjectID, so probing objects count as much as it does. */
export async function matchProfiles(library: ProfileLibrary, source: VarbindSource, quick = false): Promise<Matching> {
  const facts = await readFacts(probesOf(library), source, quick)
  const own = new Map<string, Verdict>()
  for (const profile of library.profiles) own.set(profile.name, judge(profile, facts))
  const chosen = new Map<string, Verdict>()
  for (const verdict of own.values()) if (verdict.chosen) chosen.set(verdict.profile.name, verdict)
  for (const verdict of [...chosen.values()]) {
    for (const base of library.withBases(verdict.profile.name).slice(1)) {
      const known = chosen.get(base.name)
      if (!known)
        chosen.set(base.name, { profile: base, chosen: true, rank: base.priority, because: `extended by ${verdict.profile.name}` })
    }
  }
  raiseExtenders(library, chosen)
  exclude(chosen)
  const verdicts = [
    ...library.profiles.map((profile) => chosen.get(profile.name) ?? { ...(own.get(profile.name) as Verdict), chosen: false }),
  ]
  verdicts.sort((a, b) => Number(b.chosen) - Number(a.chosen) || b.rank - a.rank || (a.profile.name < b.profile.name ? -1 : 1))
  return {
    sysDescr: facts.sysDescr,
    sysObjectID: facts.sysObjectID,
    unanswered: facts.unanswered,
    verdicts,
    profiles: verdicts.filter((verdict) => verdict.chosen).map((verdict) => profileFor(verdict.profile, facts.sysObjectID)),
  }
}

/** Who extends a profile knows better than that profile. */
function raiseExtenders(library: ProfileLibrary, chosen: Map<string, Verdict>): void {
  for (const [name, verdict] of [...chosen]) {
    const bases = library.withBases(name).slice(1)
    const rank = Math.max(verdict.rank, ...bases.map((base) => (chosen.get(base.name)?.rank ?? -1) + 1))
    chosen.set(name, { ...verdict, rank })
  }
}

/** Profiles that a person named, as they are for this device: OIDs relative to its sysObjectID need asking for it. */
export async function namedProfiles(profiles: readonly Profile[], source: VarbindSource): Promise<readonly Profile[]> {
  if (!profiles.some((profile) => profile.relative)) return profiles
  const answer = await source.get([SYS_OBJECT_ID])
  const found = answer.varbinds.find((varbind) => varbind.oid === SYS_OBJECT_ID)
  const sysObjectID = normalizeOid(found ? textOf(found) : '') ?? ''
  return profiles.map((profile) => profileFor(profile, sysObjectID))
}

/** The higher rank may shut others out that are known to lie on its devices. */
function exclude(chosen: Map<string, Verdict>): void {
  const byRank = [...chosen.values()].sort((a, b) => b.rank - a.rank)
  for (const verdict of byRank) {
    if (!chosen.get(verdict.profile.name)?.chosen) continue
    for (const name of verdict.profile.excludes) {
      const victim = chosen.get(name)
      if (victim?.chosen && name !== verdict.profile.name) {
        chosen.set(name, { ...victim, chosen: false, because: `${victim.because}; excluded by ${verdict.profile.name}` })
      }
    }
  }
}

function probesOf(library: ProfileLibrary): Set<string> {
  const probes = new Set<string>()
  for (const profile of library.profiles)
    for (const condition of conditionsOf(profile)) for (const probe of listOf(condition.probe)) probes.add(oidOf(probe))
  return probes
}

function conditionsOf(profile: Profile): ConditionData[] {
  const { match } = profile
  return match === null || match === 'always' ? [] : [...(match.any ?? []), ...(match.all ?? []), ...(match.none ?? [])]
}

const oidOf = (probe: ProbeData): string => normalizeOid(typeof probe === 'string' ? probe : probe.oid) ?? ''

function judge(profile: Profile, facts: Facts): Verdict {
  const no = (because: string): Verdict => ({ profile, chosen: false, rank: 0, because })
  const { match } = profile
  if (match === null) return no('applies only when extended or named')
  if (match === 'always') return { profile, chosen: true, rank: profile.priority, because: 'applies to every device' }
  for (const condition of match.none ?? []) {
    const found = check(condition, facts)
    if (found.met) return no(`ruled out: ${found.because}`)
  }
  const all = (match.all ?? []).map((condition) => check(condition, facts))
  const failed = all.find((found) => !found.met)
  if (failed) return no(failed.because)
  const any = (match.any ?? []).map((condition) => check(condition, facts))
  const met = any.filter((found) => found.met).sort((a, b) => b.weight - a.weight)
  const [best] = met
  if (match.any && !best) return no(any.map((found) => found.because).join('; '))
  const weight = Math.max(0, ...all.map((found) => found.weight), best?.weight ?? 0)
  const because = [...all.map((found) => found.because), ...(best ? [best.because] : [])].join(' and ')
  return { profile, chosen: true, rank: profile.priority + weight, because }
}

interface Found {
  readonly met: boolean
  readonly weight: number
  readonly because: string
}

/** All keys of a condition must hold. Weight: arcs of the sysObjectID prefix; 8 for a probe that answers, 9 in a vendor's tree; 6 for words in sysDescr. */
function check(condition: ConditionData, facts: Facts): Found {
  const met: string[] = []
  let weight = 0
  const miss = (because: string): Found => ({ met: false, weight: 0, because })
  const ids = listOf(condition.sysObjectID).map((id) => normalizeOid(id) ?? '')
  if (ids.length > 0) {
    const id = ids.filter((prefix) => isUnder(facts.sysObjectID, prefix)).sort((a, b) => b.length - a.length)[0]
    if (id === undefined) return miss(`sysObjectID ${facts.sysObjectID || '(none)'} is not under ${ids.join(', ')}`)
    met.push(`sysObjectID is under ${id}`)
    weight = Math.max(weight, id.split('.').length)
  }
  const patterns = listOf(condition.sysDescr)
  if (patterns.length > 0) {
    const pattern = patterns.find((text) => new RegExp(text, 'iu').test(facts.sysDescr))
    if (pattern === undefined) return miss(`sysDescr does not match ${patterns.join(', ')}`)
    met.push(`sysDescr matches ${pattern}`)
    weight = Math.max(weight, 6)
  }
  const probes = listOf(condition.probe)
  if (probes.length > 0) {
    const probe = probes.find((item) => answers(item, facts))
    if (probe === undefined) return miss(`no answer at ${probes.map(oidOf).join(', ')}`)
    met.push(`${oidOf(probe)} answers`)
    weight = Math.max(weight, isUnder(oidOf(probe), ENTERPRISES) ? 9 : 8)
  }
  return { met: met.length > 0, weight, because: met.join(', ') || 'an empty condition' }
}

function answers(probe: ProbeData, facts: Facts): boolean {
  const found = facts.probe(oidOf(probe))
  if (!found) return false
  if (typeof probe === 'string') return true
  const text = textOf(found)
  if (probe.matches !== undefined && !new RegExp(probe.matches, 'iu').test(text)) return false
  return probe.not === undefined || !new RegExp(probe.not, 'iu').test(text)
}
