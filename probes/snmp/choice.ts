import { uptimeContinues } from '../../core/profile/counter.ts'
import type { ProfileLibrary } from '../../core/profile/library.ts'
import { matchProfiles, namedProfiles } from '../../core/profile/match.ts'
import type { Profile } from '../../core/profile/model.ts'
import type { Varbind, VarbindSource } from '../../core/profile/varbind.ts'
import type { Identity } from '../../protocols/snmp/device.ts'

/** The profiles a device is read with, and why. */
export interface Choice {
  readonly profiles: readonly Profile[]
  readonly because: string
  /** Questions that the device left without an answer while the profiles were chosen. */
  readonly unanswered: number
}

/** Identity as last seen, with when (monotonic ms). */
export interface Sighting {
  readonly identity: Identity
  readonly at: number
}

/** `quick`: of a device whose order can't be trusted, only what is likely is asked; `unanswered` counts the rest. */
export async function chooseProfiles(
  wanted: string | readonly string[],
  library: ProfileLibrary,
  source: VarbindSource,
  quick = false,
): Promise<Choice> {
  if (wanted !== 'auto') {
    const named = chooseNamed(typeof wanted === 'string' ? [wanted] : wanted, library)
    return { ...named, profiles: await namedProfiles(named.profiles, source) }
  }
  const matching = await matchProfiles(library, source, quick)
  const chosen = matching.verdicts.filter((verdict) => verdict.chosen)
  return {
    profiles: matching.profiles,
    because: chosen.map((verdict) => `${verdict.profile.name} (${verdict.because})`).join(', ') || 'no profile fits',
    unanswered: matching.unanswered,
  }
}

function chooseNamed(names: readonly string[], library: ProfileLibrary): Choice {
  const profiles: Profile[] = []
  for (const name of names) for (const profile of library.withBases(name)) if (!profiles.includes(profile)) profiles.push(profile)
  const unknown = names.filter((name) => !library.get(name))
  return {
    profiles,
    unanswered: 0,
    because: `named by the check: ${names.join(', ')}${unknown.length > 0 ? `; there is no ${unknown.join(', ')}` : ''}`,
  }
}

/** Another box, another firmware or a restart: what was chosen and learnt may no longer hold. */
export function changedSince(before: Sighting | null, now: Sighting): boolean {
  if (!before) return true
  const { identity } = before
  if (identity.sysObjectID !== now.identity.sysObjectID || identity.sysDescr !== now.identity.sysDescr) return true
  if (identity.uptime === null || now.identity.uptime === null || identity.uptime === now.identity.uptime) return false
  return !uptimeContinues(identity.uptime, now.identity.uptime, now.at - before.at)
}

/** What a device answered while its profiles are chosen: a slow one is asked on in the next run, not from the beginning. */
export class ProbeMemory {
  readonly #answered = new Map<string, Varbind | null>()
  #whose = ''

  /** The source with this memory before it; what another box answered is forgotten. */
  over(source: VarbindSource, { sysObjectID, sysDescr }: Identity): VarbindSource {
    const whose = `${sysObjectID} ${sysDescr}`
    if (whose !== this.#whose) this.#answered.clear()
    this.#whose = whose
    return { get: (oids) => source.get(oids), columns: (roots) => source.columns(roots), next: (oids) => this.#next(source, oids) }
  }

  clear(): void {
    this.#answered.clear()
  }

  async #next(source: VarbindSource, oids: readonly string[]) {
    const unknown = oids.filter((oid) => !this.#answered.has(oid))
    const answer = await source.next(unknown)
    const failed = new Set(answer.failed.map(({ oid }) => oid))
    for (const oid of unknown) if (!failed.has(oid)) this.#answered.set(oid, answer.following.get(oid) ?? null)
    const following = new Map<string, Varbind>()
    for (const oid of oids) {
      const known = this.#answered.get(oid)
      if (known) following.set(oid, known)
    }
    return { ...answer, following }
  }
}
