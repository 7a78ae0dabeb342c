import { mkdir, open, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** A line that the database will never take. */
export interface DeadLetter {
  /** When it was given up, ms. */
  readonly at: number
  /** The database's words. */
  readonly reason: string
  readonly agent: string
  readonly session: string
  readonly seq: number
  readonly line: string
}

export interface DeadLetters {
  /** On disk when it resolves. */
  add(letters: readonly DeadLetter[]): Promise<void>
}

const DEFAULT_MAX_BYTES = 10 * 1024 * 1024

/**
 * `influx.jsonl` in `dir`, one letter per line; when it is full it becomes `influx.1.jsonl` and the older half of the letters is dropped.
 * `onDropped` is told the bytes.
 */
export async function openDeadLetters(dir: string, onDropped: (bytes: number) => void, maxBytes = DEFAULT_MAX_BYTES): Promise<DeadLetters> {
  await mkdir(dir, { recursive: true })
  const path = join(dir, 'influx.jsonl')
  const older = join(dir, 'influx.1.jsonl')
  return {
    async add(letters) {
      const text = letters.map((letter) => `${JSON.stringify(letter)}\n`).join('')
      const size = await sizeOf(path)
      if (size > 0 && size + Buffer.byteLength(text) > maxBytes / 2) {
        const dropped = await sizeOf(older)
        await rename(path, older)
        if (dropped > 0) onDropped(dropped)
      }
      const handle = await open(path, 'a', 0o640)
      try {
        await handle.appendFile(text)
        await handle.datasync()
      } finally {
        await handle.close()
      }
    },
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0
    throw error
  }
}
