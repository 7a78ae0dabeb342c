import type { Sample } from '../../core/model/sample.ts'

export interface SystemText {
  readonly loadavg: string
  readonly uptime: string
  readonly stat: string
  /** /run/utmp as latin1; null where nobody keeps one. */
  readonly utmp: string | null
}

/** Load per minute, 5, 15; seconds since boot; processors on line; people logged in. */
export function systemSample(text: SystemText, time: number): Sample {
  const [load1 = 0, load5 = 0, load15 = 0] = text.loadavg.split(' ').map(Number)
  const cpus = text.stat.match(/^cpu\d+ /gm)?.length ?? 0
  return {
    measurement: 'system',
    tags: {},
    fields: {
      load1,
      load5,
      load15,
      uptime: Math.floor(Number.parseFloat(text.uptime)),
      n_cpus: cpus,
      ...(cpus > 0 ? { load1_per_cpu: load1 / cpus } : {}),
      ...(text.utmp === null ? {} : { n_users: countUsers(text.utmp) }),
    },
    time,
  }
}

/** Counters since boot out of /proc/stat. */
export function kernelSample(stat: string, time: number): Sample {
  const at = (key: string): number => Number(new RegExp(`^${key} (\\d+)`, 'm').exec(stat)?.[1] ?? 0)
  return {
    measurement: 'kernel',
    tags: {},
    fields: { boot_time: at('btime'), context_switches: at('ctxt'), interrupts: at('intr'), processes_forked: at('processes') },
    time,
  }
}

const UTMP_RECORD = 384
const USER_PROCESS = 7

/** utmp(5): records of 384 bytes on Linux of every architecture with 32-bit time there; the first short is the type. */
function countUsers(utmp: string): number {
  let users = 0
  for (let at = 0; at + UTMP_RECORD <= utmp.length; at += UTMP_RECORD) {
    if (utmp.charCodeAt(at) === USER_PROCESS && utmp.charCodeAt(at + 1) === 0) users++
  }
  return users
}
