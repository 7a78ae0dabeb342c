import { mkdir, open, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** A line that was given up for good, kept as evidence. */
export interface DeadLetter {
  /** When it was given up, ms. */
  readonly at: number
  /** In the words of whoever refused it. */
  readonly reason: string
  readonly agent: string
  readonly session: string
  readonly seq: number
  /** A line; of a whole message that can't be unpacked its first bytes in base64. */
  readonly line: string
}

export interface DeadLetterFile {
  /** On disk when it resolves. */
  add(letters: readonly DeadLetter[]): Promise<void>
}

export interface DeadLetterOptions {
  readonly dir: string
  /** `<name>.jsonl`, one letter per line; when it is full it becomes `<name>.1.jsonl` and the older half of the letters is dropped. */
  readonly name: string
  /** Both files together; default 10 MB. */
  readonly maxBytes?: number
  /** Told the bytes that were dropped. */
  readonly onDropped?: (bytes: number) => void
}

const DEFAULT_MAX_BYTES = 10 * 1024 * 1024

/** Opens no file before there is a letter. One writer at a time: calls are not to overlap. */
export function deadLetterFile({ dir, name, maxBytes = DEFAULT_MAX_BYTES, onDropped }: DeadLetterOptions): DeadLetterFile {
  const path = join(dir, `${name}.jsonl`)
  const older = join(dir, `${name}.1.jsonl`)
  return {
    async add(letters) {
      await mkdir(dir, { recursive: true })
      const text = letters.map((letter) => `${JSON.stringify(letter)}\n`).join('')
      const size = await sizeOf(path)
      if (size > 0 && size + Buffer.byteLength(text) > maxBytes / 2) {
        const dropped = await sizeOf(older)
        await rename(path, older)
        if (dropped > 0) onDropped?.(dropped)
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
