import { mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { writeDurably } from './durable-file.ts'

/** How far a consumer has come, kept over restarts. */
export interface Cursor {
  readonly offset: number
  /** Durable when it resolves. Saving the same offset again writes nothing. */
  save(offset: number): Promise<void>
}

/**
 * Opens a cursor file; a missing one starts at 0.
 * @throws when the file is there but does not hold an offset: starting over would send everything twice
 */
export async function openCursor(path: string): Promise<Cursor> {
  await mkdir(dirname(path), { recursive: true })
  let offset = await readOffset(path)
  return {
    get offset() {
      return offset
    },
    async save(next) {
      if (next === offset) return
      await writeDurably(path, `${next}\n`)
      offset = next
    },
  }
}

async function readOffset(path: string): Promise<number> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0
    throw error
  }
  if (!/^\d{1,15}\n?$/.test(text))
    throw new Error(`${path}: not a cursor (expected one number); delete the file to start from the beginning`)
  return Number(text)
}
