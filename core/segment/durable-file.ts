import { open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncDir } from './files.ts'

/** Replaces a file's content so that a crash leaves either the old or the new one, never a mixture. */
export async function writeDurably(path: string, content: string | Buffer, mode = 0o640): Promise<void> {
  const temporary = `${path}.new`
  const handle = await open(temporary, 'w', mode)
  try {
    await handle.writeFile(content)
    await handle.datasync()
  } finally {
    await handle.close()
  }
  await rename(temporary, path)
  await syncDir(dirname(path))
}
