import type { Sample } from '../../core/model/sample.ts'

/** /proc/meminfo in bytes. */
export function parseMeminfo(text: string): ReadonlyMap<string, number> {
  const values = new Map<string, number>()
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':')
    if (colon < 0) continue
    const number = Number.parseInt(line.slice(colon + 1), 10)
    if (!Number.isNaN(number)) values.set(line.slice(0, colon), line.endsWith('kB') ? number * 1024 : number)
  }
  return values
}

/** `used` is total − available, as `free` of procps 4 counts it: what programs can't have without swapping. */
export function memorySample(meminfo: ReadonlyMap<string, number>, time: number): Sample | null {
  const total = meminfo.get('MemTotal')
  if (total === undefined || total === 0) return null
  const at = (key: string): number => meminfo.get(key) ?? 0
  const cached = at('Cached') + at('SReclaimable')
  const available = meminfo.get('MemAvailable') ?? at('MemFree') + at('Buffers') + cached
  const used = Math.max(0, total - available)
  return {
    measurement: 'mem',
    tags: {},
    fields: {
      total,
      used,
      free: at('MemFree'),
      available,
      buffered: at('Buffers'),
      cached,
      shared: at('Shmem'),
      slab: at('Slab'),
      sreclaimable: at('SReclaimable'),
      sunreclaim: at('SUnreclaim'),
      active: at('Active'),
      inactive: at('Inactive'),
      dirty: at('Dirty'),
      write_back: at('Writeback'),
      committed_as: at('Committed_AS'),
      commit_limit: at('CommitLimit'),
      huge_pages_total: at('HugePages_Total'),
      huge_pages_free: at('HugePages_Free'),
      used_percent: (used * 100) / total,
      available_percent: (available * 100) / total,
    },
    time,
  }
}

/** `vmstat` is asked for only when there is swap: it is the dearest file of them all. `in`, `out` are bytes since boot. */
export function swapSample(meminfo: ReadonlyMap<string, number>, vmstat: () => string | null, time: number): Sample {
  const total = meminfo.get('SwapTotal') ?? 0
  const free = meminfo.get('SwapFree') ?? 0
  const used = Math.max(0, total - free)
  const moved = total > 0 ? (vmstat() ?? '') : ''
  const pages = (key: string): number => Number(new RegExp(`^${key} (\\d+)$`, 'm').exec(moved)?.[1] ?? 0) * 4096
  return {
    measurement: 'swap',
    tags: {},
    fields: {
      total,
      used,
      free,
      used_percent: total > 0 ? (used * 100) / total : 0,
      ...(total > 0 ? { in: pages('pswpin'), out: pages('pswpout') } : {}),
    },
    time,
  }
}
