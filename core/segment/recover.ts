import { open } from 'node:fs/promises'
import { decodeRecord, findRecord } from './codec.ts'
import type { SegmentFile } from './files.ts'

/**
 * Cuts what a crash left unfinished at the end of the newest segment: everything behind its last valid record.
 * Damage with a valid record behind it stays, readers step over it.
 * @returns valid length and number of bytes cut
 */
export async function cutTornTail(segment: SegmentFile): Promise<{ bytes: number; cut: number }> {
  const handle = await open(segment.path, 'r+')
  try {
    const buffer = await handle.readFile()
    let valid = 0
    let at = 0
    while (at < buffer.length) {
      const decoded = decodeRecord(buffer, at, segment.base)
      if (decoded.kind === 'record') {
        at += decoded.bytes
        valid = at
        continue
      }
      const following = findRecord(buffer, at + 1)
      if (following < 0) break
      at = following
    }
    const cut = buffer.length - valid
    if (cut > 0) await handle.truncate(valid)
    await handle.datasync() // what a killed process left in the page cache counts as written from here on
    return { bytes: valid, cut }
  } finally {
    await handle.close()
  }
}
