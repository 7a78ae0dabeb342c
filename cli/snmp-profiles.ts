import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { formatIssue } from '../core/config/document.ts'
import type { ProfileLibrary } from '../core/profile/library.ts'
import { type LoadedProfiles, loadProfiles } from '../core/profile/parse.ts'
import type { ProfileData } from '../core/profile/schema.ts'
import { defaultConfigDir } from './options.ts'
import { packageRoot } from './version.ts'

/** Shipped profiles, then the operator's own in `<config>/profiles`, which replace those of the same name. */
export function profileFolders(configDir: string): string[] {
  const shipped = fileURLToPath(new URL('config/profiles', packageRoot))
  const own = join(configDir, 'profiles')
  return own === shipped ? [shipped] : [shipped, own]
}

export function loadAllProfiles(configDir: string = defaultConfigDir()): Promise<LoadedProfiles> {
  return loadProfiles(profileFolders(configDir))
}

/** Only the operator's own: what the collector hands to agents, which ship the others themselves. */
export async function loadOwnProfiles(configDir: string): Promise<readonly ProfileData[]> {
  const [, own] = profileFolders(configDir)
  return own === undefined ? [] : (await loadProfiles([own])).data
}

/** For commands: what is wrong with a profile goes to stderr, the others are used. */
export async function libraryForCommands(configDir?: string): Promise<ProfileLibrary> {
  const { library, issues } = await loadAllProfiles(configDir)
  for (const issue of issues) if (issue.level === 'error') process.stderr.write(`${formatIssue(issue)}\n`)
  return library
}
