import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** One segment file; it is named by the log offset of its first byte. */
export interface SegmentFile {
  readonly path: string
  readonly base: number
  readonly bytes: number
}

const NAME = /^(\d{16})\.seg$/

export const segmentPath = (dir: string, base: number): string => join(dir, `${String(base).padStart(16, '0')}.seg`)

/** All segments of a folder, oldest first. Files that vanish while listing (retention) are left out. */
export async function listSegments(dir: string): Promise<SegmentFile[]> {
  const found: SegmentFile[] = []
  for (const name of (await readdir(dir)).sort()) {
    const match = NAME.exec(name)
    if (!match) continue
    const path = join(dir, name)
    try {
      found.push({ path, base: Number(match[1]), bytes: (await stat(path)).size })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  return found
}

/** Makes creations, renames and deletions in a folder durable. */
export async function syncDir(dir: string): Promise<void> {
  if (process.platform === 'win32') return // a folder can't be opened there, NTFS journals names itself
  const handle = await open(dir, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
