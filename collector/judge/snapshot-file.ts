import { readFile, rename } from 'node:fs/promises'
import type { EngineSnapshot } from '../../alarm/snapshot.ts'
import type { Log } from '../../core/log/log.ts'
import { writeDurably } from '../../core/segment/durable-file.ts'

export interface StoredSnapshot {
  /** The next journal record to judge. */
  readonly offset: number
  readonly engine: EngineSnapshot
}

export const saveSnapshot = (path: string, snapshot: StoredSnapshot): Promise<void> => writeDurably(path, JSON.stringify(snapshot))

/** null when there is none. One that can't be read is set aside: judging then starts from the oldest record of the journal. */
export async function loadSnapshot(path: string, log: Log): Promise<StoredSnapshot | null> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  try {
    const stored = JSON.parse(text) as StoredSnapshot
    if (!Number.isSafeInteger(stored.offset) || typeof stored.engine !== 'object') throw new Error('it holds no offset or no states')
    return stored
  } catch (error) {
    await rename(path, `${path}.bad`)
    log.error({ file: path, err: String(error) }, 'alarm snapshot can not be read: set aside, judging again from the oldest journal record')
    return null
  }
}
