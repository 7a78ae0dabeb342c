import { statfs } from 'node:fs/promises'
import type { Sample } from '../../core/model/sample.ts'
import type { GroupOutcome } from '../probe.ts'
import type { Mount } from './mounts.ts'

export interface DiskReading {
  readonly samples: readonly Sample[]
  /** One per mount that gave no answer. */
  readonly failures: readonly GroupOutcome[]
}

/** A local disk answers at once or is broken, ms. */
const STATFS_DEADLINE_MS = 2_000

/** Measures mounts. A mount that hangs keeps one pool thread and is not asked again until it answers. */
export class DiskSpace {
  readonly #hanging = new Set<string>()
  readonly #deadlineMs: number
  readonly #statfs: typeof statfs

  constructor(deadlineMs = STATFS_DEADLINE_MS, call: typeof statfs = statfs) {
    this.#deadlineMs = deadlineMs
    this.#statfs = call
  }

  async read(mounts: readonly Mount[], time: number): Promise<DiskReading> {
    const samples: Sample[] = []
    const failures: GroupOutcome[] = []
    await Promise.all(
      mounts.map(async (mount) => {
        const outcome = await this.#ask(mount, time)
        if ('measurement' in outcome) samples.push(outcome)
        else failures.push(outcome)
      }),
    )
    return { samples, failures }
  }

  async #ask(mount: Mount, time: number): Promise<Sample | GroupOutcome> {
    const name = `disk ${mount.path}`
    if (this.#hanging.has(mount.path)) return { name, reason: 'timeout', detail: 'still waiting for the file system' }
    this.#hanging.add(mount.path)
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<null>((resolve) => {
      timer = setTimeout(resolve, this.#deadlineMs, null)
    })
    const asked = this.#statfs(mount.path).finally(() => this.#hanging.delete(mount.path))
    try {
      const stats = await Promise.race([asked, late])
      if (stats) return diskSample(mount, stats, time)
      asked.catch(() => {}) // told as a timeout already
      return { name, reason: 'timeout', detail: 'the file system does not answer' }
    } catch (error) {
      return { name, reason: 'permission', detail: error instanceof Error ? error.message : String(error) }
    } finally {
      clearTimeout(timer)
    }
  }
}

/** What `statfs` gives of a file system. */
export interface SpaceCounts {
  readonly bsize: number
  readonly blocks: number
  readonly bfree: number
  readonly bavail: number
  readonly files: number
  readonly ffree: number
}

/** `used_percent` as `df` has it: of what ordinary users can use, so root's reserve is not counted as free. */
export function diskSample(mount: Mount, stats: SpaceCounts, time: number): Sample {
  const used = (stats.blocks - stats.bfree) * stats.bsize
  const free = stats.bavail * stats.bsize
  const usable = used + free
  const inodesUsed = stats.files - stats.ffree
  return {
    measurement: 'disk',
    tags: { path: mount.path, fstype: mount.fstype },
    fields: {
      total: stats.blocks * stats.bsize,
      used,
      free,
      used_percent: usable > 0 ? (used * 100) / usable : 0,
      inodes_total: stats.files,
      inodes_used: inodesUsed,
      inodes_free: stats.ffree,
      // btrfs and vfat have no fixed number of inodes: nothing to be full of.
      ...(stats.files > 0 ? { inodes_used_percent: (inodesUsed * 100) / stats.files } : {}),
      read_only: mount.readOnly,
    },
    time,
  }
}
