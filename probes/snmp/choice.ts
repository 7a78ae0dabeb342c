import { uptimeContinues } from '../../core/profile/counter.ts'
import type { ProfileLibrary } from '../../core/profile/library.ts'
import { matchProfiles, namedProfiles } from '../../core/profile/match.ts'
import type { Profile } from '../../core/profile/model.ts'
import type { VarbindSource } from '../../core/profile/varbind.ts'
import type { Identity } from '../../protocols/snmp/device.ts'

/** The profiles a device is read with, and why. */
export interface Choice {
  readonly profiles: readonly Profile[]
  readonly because: string
}

/** Identity as last seen, with when (monotonic ms). */
export interface Sighting {
  readonly identity: Identity
  readonly at: number
}

export async function chooseProfiles(wanted: string | readonly string[], library: ProfileLibrary, source: VarbindSource): Promise<Choice> {
  if (wanted !== 'auto') {
    const named = chooseNamed(typeof wanted === 'string' ? [wanted] : wanted, library)
    return { ...named, profiles: await namedProfiles(named.profiles, source) }
  }
  const matching = await matchProfiles(library, source)
  const chosen = matching.verdicts.filter((verdict) => verdict.chosen)
  return {
    profiles: matching.profiles,
    because: chosen.map((verdict) => `${verdict.profile.name} (${verdict.because})`).join(', ') || 'no profile fits',
  }
}

function chooseNamed(names: readonly string[], library: ProfileLibrary): Choice {
  const profiles: Profile[] = []
  for (const name of names) for (const profile of library.withBases(name)) if (!profiles.includes(profile)) profiles.push(profile)
  const unknown = names.filter((name) => !library.get(name))
  return { profiles, because: `named by the check: ${names.join(', ')}${unknown.length > 0 ? `; there is no ${unknown.join(', ')}` : ''}` }
}

/** Another box, another firmware or a restart: what was chosen and learnt may no longer hold. */
export function changedSince(before: Sighting | null, now: Sighting): boolean {
  if (!before) return true
  const { identity } = before
  if (identity.sysObjectID !== now.identity.sysObjectID || identity.sysDescr !== now.identity.sysDescr) return true
  if (identity.uptime === null || now.identity.uptime === null || identity.uptime === now.identity.uptime) return false
  return !uptimeContinues(identity.uptime, now.identity.uptime, now.at - before.at)
}
