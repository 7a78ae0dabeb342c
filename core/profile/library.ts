import { compileProfile, profileOf } from './compile.ts'
import type { Path } from './group-context.ts'
import type { Profile } from './model.ts'
import type { ProfileData } from './schema.ts'

/** All profiles of a program by name. Built once from the shipped files and the operator's own, which replace shipped ones of the same name. */
export interface ProfileLibrary {
  readonly profiles: readonly Profile[]
  get(name: string): Profile | undefined
  /** The named profile and all it extends, itself first. Unknown names are left out (told when the library was made). */
  withBases(name: string): readonly Profile[]
}

export interface LibraryIssue {
  readonly profile: string
  readonly path: Path
  readonly message: string
}

/** `packed` are known to be good, and are compiled when a device first needs them; `data` replace those of the same name. */
export function createLibrary(
  data: readonly ProfileData[],
  packed: readonly ProfileData[] = [],
): { library: ProfileLibrary; issues: LibraryIssue[] } {
  const issues: LibraryIssue[] = []
  const byName = new Map<string, Profile>()
  for (const item of packed) byName.set(item.profile, profileOf(item))
  for (const item of data) {
    const found: LibraryIssue[] = []
    const profile = compileProfile(item, (path, message) => found.push({ profile: item.profile, path, message }))
    issues.push(...found)
    if (found.length === 0) byName.set(item.profile, profile)
  }
  for (const profile of byName.values()) {
    profile.extends.forEach((base, i) => {
      if (!byName.has(base)) issues.push({ profile: profile.name, path: ['extends', i], message: `no profile "${base}"` })
      else if (basesOf(byName, base).some((other) => other.name === profile.name))
        issues.push({ profile: profile.name, path: ['extends', i], message: `"${base}" extends this profile in turn` })
    })
  }
  return {
    issues,
    library: { profiles: [...byName.values()], get: (name) => byName.get(name), withBases: (name) => basesOf(byName, name) },
  }
}

function basesOf(byName: ReadonlyMap<string, Profile>, name: string): Profile[] {
  const found: Profile[] = []
  const visit = (wanted: string): void => {
    const profile = byName.get(wanted)
    if (!profile || found.includes(profile)) return
    found.push(profile)
    for (const base of profile.extends) visit(base)
  }
  visit(name)
  return found
}
