import { access } from 'node:fs/promises'
import { cpus, freemem, loadavg, platform, totalmem, uptime } from 'node:os'
import type { Sample } from '../../core/model/sample.ts'
import type { Probe, ProbeDeps, Reading } from '../probe.ts'
import { type CpuTimes, cpuSamples } from './cpu.ts'
import { DiskSpace } from './disk.ts'
import type { Mount } from './mounts.ts'
import type { HostOptions } from './options.ts'
import { createNameFilter } from './proc-reader.ts'

const DRIVES = 'CDEFGHIJKLMNOPQRSTUVWXYZ'
const SEARCH_EVERY_MS = 600_000

/** What Node itself can tell on every system: cpu, memory, fixed drives, uptime. For Windows and others without /proc. */
export class PortableHost implements Probe {
  readonly #options: HostOptions
  readonly #clock: ProbeDeps['clock']
  readonly #ignoresMount: (path: string) => boolean
  readonly #space = new DiskSpace()
  #cpuBefore: readonly CpuTimes[] = []
  #mounts: readonly Mount[] = []
  #searchedAt = Number.NEGATIVE_INFINITY

  constructor(options: HostOptions, deps: ProbeDeps) {
    this.#options = options
    this.#clock = deps.clock
    this.#ignoresMount = createNameFilter(options.ignore_mounts)
  }

  async run(): Promise<Reading> {
    const time = this.#clock.now()
    const now = readCpuTimes()
    const samples: Sample[] = [
      ...cpuSamples(this.#cpuBefore, now, this.#options.per_core, time),
      memory(time),
      system(now.length - 1, time),
    ]
    this.#cpuBefore = now
    if (this.#clock.monotonic() - this.#searchedAt >= SEARCH_EVERY_MS) {
      this.#searchedAt = this.#clock.monotonic()
      this.#mounts = (await findDrives()).filter(({ path }) => !this.#ignoresMount(path))
    }
    const disks = await this.#space.read(this.#mounts, time)
    samples.push(...disks.samples)
    if (disks.failures.length === 0) return { samples }
    return { samples, reason: 'partial', groups: disks.failures }
  }
}

function memory(time: number): Sample {
  const total = totalmem()
  const available = freemem()
  const used = total - available
  const fields = {
    total,
    available,
    free: available,
    used,
    used_percent: (used * 100) / total,
    available_percent: (available * 100) / total,
  }
  return { measurement: 'mem', tags: {}, fields, time }
}

/** Windows has no load average: Node answers zeros there, which would be a lie. */
function system(cores: number, time: number): Sample {
  const [load1 = 0, load5 = 0, load15 = 0] = loadavg()
  const load = platform() === 'win32' ? {} : { load1, load5, load15 }
  return { measurement: 'system', tags: {}, fields: { ...load, uptime: Math.floor(uptime()), n_cpus: cores }, time }
}

/** The cores of os.cpus() (ms), with their sum in front as /proc/stat has it. */
function readCpuTimes(): CpuTimes[] {
  const none = { nice: 0, iowait: 0, softirq: 0, steal: 0, guest: 0, guest_nice: 0 }
  const cores = cpus().map(({ times }, index) => {
    return { ...none, name: `cpu${index}`, user: times.user, nice: times.nice, system: times.sys, idle: times.idle, irq: times.irq }
  })
  const sum = (state: 'user' | 'nice' | 'system' | 'idle' | 'irq'): number => cores.reduce((total, core) => total + core[state], 0)
  const total = {
    ...none,
    name: 'cpu-total',
    user: sum('user'),
    nice: sum('nice'),
    system: sum('system'),
    idle: sum('idle'),
    irq: sum('irq'),
  }
  return [total, ...cores]
}

/** Drive letters that answer; a mapped network drive is asked like the others, under the same deadline. */
async function findDrives(): Promise<Mount[]> {
  if (platform() !== 'win32') return [{ path: '/', fstype: 'local', readOnly: false }]
  const found = await Promise.all(
    [...DRIVES].map((letter) =>
      access(`${letter}:\\`).then(
        () => letter,
        () => null,
      ),
    ),
  )
  return found.filter((letter) => letter !== null).map((letter) => ({ path: `${letter}:`, fstype: 'local', readOnly: false }))
}
