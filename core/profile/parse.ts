import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type ConfigIssue, parseDocument, type YamlDocument } from '../config/document.ts'
import { checkShape } from '../config/shape.ts'
import { compileProfile } from './compile.ts'
import { createLibrary, type ProfileLibrary } from './library.ts'
import { type ProfileData, profileSchema } from './schema.ts'

/** Data of one profile file; undefined when it can't be used. Every error is on the document, as file:line:col. */
export function parseProfile(document: YamlDocument): ProfileData | undefined {
  const data = checkShape(document, profileSchema, document.value, [])
  if (!data) return undefined
  let broken = document.issues.some((issue) => issue.level === 'error')
  compileProfile(data, (path, message) => {
    broken = true
    document.error(path, message)
  })
  const expected = basename(document.file).replace(/\.ya?ml$/, '')
  if (data.profile !== expected) document.warn(['profile'], `the file is called ${expected}`)
  return broken ? undefined : data
}

export interface LoadedProfiles {
  readonly library: ProfileLibrary
  readonly data: readonly ProfileData[]
  readonly issues: readonly ConfigIssue[]
}

/**
 * All `*.yaml` of the folders; a later folder's profile replaces an earlier one of the same name, and all of them those of
 * `packed`, which are known to be good. A folder that does not exist is empty.
 */
export async function loadProfiles(folders: readonly string[], packed: readonly ProfileData[] = []): Promise<LoadedProfiles> {
  const documents = new Map<string, { document: YamlDocument; data: ProfileData }>()
  const issues: ConfigIssue[] = []
  for (const folder of folders) {
    const inFolder = new Map<string, string>()
    for (const file of await yamlFiles(folder)) {
      const path = join(folder, file)
      const document = parseDocument(await readFile(path, 'utf8'), path)
      const data = parseProfile(document)
      if (data) {
        const other = inFolder.get(data.profile)
        if (other !== undefined) document.error(['profile'], `"${data.profile}" is also in ${other}`)
        else documents.set(data.profile, { document, data })
        inFolder.set(data.profile, path)
      }
      issues.push(...document.issues)
    }
  }
  const own = [...documents.values()].map((item) => item.data)
  const kept = packed.filter(({ profile }) => !documents.has(profile))
  const { library, issues: crossed } = createLibrary(own, kept)
  for (const { profile, path, message } of crossed) {
    const document = documents.get(profile)?.document
    if (!document) continue
    const before = document.issues.length
    document.error(path, message)
    issues.push(...document.issues.slice(before))
  }
  return { library, data: [...kept, ...own], issues }
}

async function yamlFiles(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((file) => /\.ya?ml$/.test(file)).sort()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
