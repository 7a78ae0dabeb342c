import type { Sample } from '../../core/model/sample.ts'

/** Jiffies as in /proc/stat (proc(5)); guest time is taken out of user and nice, which include it. */
export interface CpuTimes {
  readonly name: string
  readonly user: number
  readonly nice: number
  readonly system: number
  readonly idle: number
  readonly iowait: number
  readonly irq: number
  readonly softirq: number
  readonly steal: number
  readonly guest: number
  readonly guest_nice: number
}

const STATES = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal', 'guest', 'guest_nice'] as const

/** The `cpu` lines of /proc/stat, `cpu-total` first. */
export function parseCpuTimes(stat: string): CpuTimes[] {
  const found: CpuTimes[] = []
  for (const line of stat.split('\n')) {
    if (!line.startsWith('cpu')) break
    const [name = '', ...values] = line.split(/ +/)
    const at = (index: number): number => Number(values[index] ?? 0)
    const guest = at(8)
    const guestNice = at(9)
    found.push({
      name: name === 'cpu' ? 'cpu-total' : name,
      user: at(0) - guest,
      nice: at(1) - guestNice,
      system: at(2),
      idle: at(3),
      iowait: at(4),
      irq: at(5),
      softirq: at(6),
      steal: at(7),
      guest,
      guest_nice: guestNice,
    })
  }
  return found
}

/** Shares of the time between two readings, percent. A core that was not there before, or whose clock stood still, gives none. */
export function cpuSamples(before: readonly CpuTimes[], after: readonly CpuTimes[], perCore: boolean, time: number): Sample[] {
  const samples: Sample[] = []
  for (const now of perCore ? after : after.slice(0, 1)) {
    const then = before.find((times) => times.name === now.name)
    if (!then) continue
    const fields: Record<string, number> = {}
    let total = 0
    for (const state of STATES) {
      // iowait is known to run backwards (proc(5)); a negative share would be nonsense.
      const spent = Math.max(0, now[state] - then[state])
      fields[`usage_${state}`] = spent
      total += spent
    }
    if (total === 0) continue
    for (const key in fields) fields[key] = ((fields[key] ?? 0) * 100) / total
    fields.usage_active = 100 - (fields.usage_idle ?? 0) - (fields.usage_iowait ?? 0)
    samples.push({ measurement: 'cpu', tags: { cpu: now.name }, fields, time })
  }
  return samples
}
