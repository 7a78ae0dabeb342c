import type { Sample } from '../../core/model/sample.ts'

const SECTOR = 512

interface Busy {
  readonly ioTime: number
  readonly at: number
}

/**
 * Counters of /proc/diskstats (Documentation/admin-guide/iostats.rst) for whole disks; times in ms since boot.
 * `io_util` is the share of time since the last reading in which something was in flight, percent.
 */
export class DiskIo {
  readonly #isDisk: (name: string) => boolean
  readonly #known = new Map<string, boolean>()
  readonly #last = new Map<string, Busy>()

  /** `isDisk` is asked once per name: whether it is a disk of its own, not a partition or a loop. */
  constructor(isDisk: (name: string) => boolean) {
    this.#isDisk = isDisk
  }

  read(diskstats: string, time: number, monotonicMs: number): Sample[] {
    const samples: Sample[] = []
    for (const line of diskstats.split('\n')) {
      const [, , name, ...values] = line.trim().split(/ +/)
      if (name === undefined || !this.#measures(name)) continue
      const at = (index: number): number => Number(values[index] ?? 0)
      const ioTime = at(9)
      const last = this.#last.get(name)
      this.#last.set(name, { ioTime, at: monotonicMs })
      const passed = last ? monotonicMs - last.at : 0
      samples.push({
        measurement: 'diskio',
        tags: { name },
        fields: {
          reads: at(0),
          merged_reads: at(1),
          read_bytes: at(2) * SECTOR,
          read_time: at(3),
          writes: at(4),
          merged_writes: at(5),
          write_bytes: at(6) * SECTOR,
          write_time: at(7),
          iops_in_progress: at(8),
          io_time: ioTime,
          weighted_io_time: at(10),
          ...(last && passed > 0 ? { io_util: Math.min(100, Math.max(0, ((ioTime - last.ioTime) * 100) / passed)) } : {}),
        },
        time,
      })
    }
    return samples
  }

  #measures(name: string): boolean {
    let known = this.#known.get(name)
    if (known === undefined) {
      known = !/^(loop|ram|zram|sr|fd|nbd|dm-)/.test(name) && this.#isDisk(name)
      this.#known.set(name, known)
    }
    return known
  }
}
