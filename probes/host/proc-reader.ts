import { closeSync, openSync, readdirSync, readSync } from 'node:fs'

/** Reads the kernel's small text files. Synchronous on purpose: they are made in memory, and a pool thread costs ten times more. */
export interface ProcReader {
  /** The whole file; null when it is not there or may not be read. */
  text(path: string): string | null
  /** Names in a folder; empty when it is not there. */
  names(path: string): readonly string[]
}

/** `root` is `/`, or a folder with recorded files. The buffer grows to the largest file and is used again. */
export function createProcReader(root = ''): ProcReader {
  let buffer = Buffer.allocUnsafe(16 * 1024)
  return {
    text(path) {
      let fd: number
      try {
        fd = openSync(root + path, 'r')
      } catch {
        return null
      }
      try {
        let length = 0
        for (;;) {
          if (length === buffer.length) buffer = Buffer.concat([buffer, Buffer.allocUnsafe(buffer.length)])
          const read = readSync(fd, buffer, length, buffer.length - length, null)
          if (read === 0) return buffer.toString('latin1', 0, length)
          length += read
        }
      } catch {
        // A process that ended between open and read (ESRCH), a sensor that is asleep (EAGAIN, ENODATA).
        return null
      } finally {
        closeSync(fd)
      }
    },
    names(path) {
      try {
        return readdirSync(root + path)
      } catch {
        return []
      }
    },
  }
}

/** Whether a name fits one of the patterns, in which `*` stands for any run of characters. */
export function createNameFilter(patterns: readonly string[]): (name: string) => boolean {
  if (patterns.length === 0) return () => false
  const escaped = patterns.map((pattern) => pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*'))
  const regex = new RegExp(`^(?:${escaped.join('|')})$`)
  return (name) => regex.test(name)
}
