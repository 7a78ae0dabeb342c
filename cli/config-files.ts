import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type ConfigIssue, parseDocument, type YamlDocument } from '../core/config/document.ts'

const FILES = ['jifang.yaml', 'devices.yaml', 'alarms.yaml', 'notify.yaml'] as const
export type FileName = (typeof FILES)[number]
export const ALL_FILES: readonly FileName[] = FILES

/** The files of one configuration folder, parsed; those that are not there or not wanted are empty documents. */
export interface FoundFiles {
  readonly documents: Readonly<Record<FileName, YamlDocument>>
  readonly present: ReadonlySet<FileName>
  readonly unreadable: ReadonlySet<FileName>
  readonly fingerprint: string
  readonly issues: readonly ConfigIssue[]
}

/** Never throws for what is in the folder. */
export async function readFiles(dir: string, wanted: readonly FileName[] = ALL_FILES): Promise<FoundFiles> {
  const issues: ConfigIssue[] = []
  const present = new Set<FileName>()
  const unreadable = new Set<FileName>()
  const hash = createHash('sha256')
  const documents: Partial<Record<FileName, YamlDocument>> = {}
  if (!(await isFolder(dir))) issues.push({ file: dir, line: 1, col: 1, path: '', message: 'there is no such folder', level: 'error' })
  for (const name of FILES) {
    const file = join(dir, name)
    const { bytes, problem } = wanted.includes(name) ? await read(file) : NOTHING
    if (bytes) present.add(name)
    hash.update(`${name}\0${bytes?.length ?? -1}\0`).update(bytes ?? '')
    const { text, wrong } = decode(bytes)
    const message = problem ?? wrong
    if (message !== undefined) {
      unreadable.add(name)
      issues.push({ file, line: 1, col: 1, path: '', message, level: 'error' })
    }
    documents[name] = parseDocument(text, file)
  }
  return { documents: documents as Record<FileName, YamlDocument>, present, unreadable, fingerprint: hash.digest('hex'), issues }
}

const NOTHING: Content = {}

async function isFolder(dir: string): Promise<boolean> {
  try {
    return (await stat(dir)).isDirectory()
  } catch {
    return false
  }
}

interface Content {
  readonly bytes?: Buffer
  readonly problem?: string
}

async function read(file: string): Promise<Content> {
  try {
    return { bytes: await readFile(file) }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'ENOENT' || code === 'ENOTDIR' ? {} : { problem: `can not be read (${code ?? 'unknown'})` }
  }
}

function decode(bytes: Buffer | undefined): { text: string; wrong?: string } {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch {
    return { text: '', wrong: 'is not UTF-8 (GBK?): save it as UTF-8' }
  }
}
