import { readdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { formatIssue } from '../core/config/document.ts'
import type { ProfileLibrary } from '../core/profile/library.ts'
import { type LoadedProfiles, loadProfiles } from '../core/profile/parse.ts'
import type { ProfileData } from '../core/profile/schema.ts'
import { shippedProfiles } from '../core/profile/shipped.ts'
import { defaultConfigDir } from './options.ts'
import { packageRoot } from './version.ts'

/** Shipped profiles, then the operator's own in `<config>/profiles`, which replace those of the same name. */
export function profileFolders(configDir: string): string[] {
  const shipped = fileURLToPath(new URL('config/profiles', packageRoot))
  const own = resolve(configDir, 'profiles')
  return own === shipped ? [shipped] : [shipped, own]
}

/** The shipped ones as the build packed them: reading their YAML takes seconds, and every reload would. */
export async function loadAllProfiles(configDir: string = defaultConfigDir()): Promise<LoadedProfiles> {
  const [shipped, own] = profileFolders(configDir)
  if (!(await packIsFresh(shipped ?? ''))) return loadProfiles(profileFolders(configDir))
  return loadProfiles(own === undefined ? [] : [own], shippedProfiles())
}

/** False in a checkout where somebody works on the shipped profiles, and where nothing is built. */
async function packIsFresh(folder: string): Promise<boolean> {
  try {
    const packed = await stat(fileURLToPath(new URL('dist/profiles.json', packageRoot)))
    const files = (await readdir(folder)).filter((file) => /\.ya?ml$/.test(file))
    const changed = await Promise.all(files.map(async (file) => (await stat(join(folder, file))).mtimeMs))
    return files.length === shippedProfiles().length && changed.every((at) => at <= packed.mtimeMs)
  } catch {
    return false // what is wrong with the folder is told by reading it
  }
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
