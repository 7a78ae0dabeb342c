import type { Sample } from '../../core/model/sample.ts'
import type { ProcReader } from './proc-reader.ts'

export interface DeclaredProcess {
  readonly name: string
  readonly match?: string | undefined
}

/** A walk over every /proc/PID costs 20 µs a process: states are counted this often, the rest comes out of two files each run. */
const WALK_EVERY_MS = 60_000

/** Letters of proc_pid_stat(5) in Telegraf's words. */
const STATE: Readonly<Record<string, string>> = {
  R: 'running',
  S: 'sleeping',
  D: 'blocked',
  Z: 'zombies',
  T: 'stopped',
  t: 'stopped',
  I: 'idle',
}

interface Found {
  readonly pid: string
  /** Jiffies after boot: with the pid it names one process for ever. */
  readonly start: string
}

/** Counts processes, and looks for the declared ones. A declared one that is lost is looked for at once, in every run. */
export class Processes {
  readonly #proc: ProcReader
  readonly #declared: readonly DeclaredProcess[]
  #walkedAt = Number.NEGATIVE_INFINITY
  #states: Record<string, number> = {}
  #found = new Map<string, Found[]>()

  constructor(proc: ProcReader, declared: readonly DeclaredProcess[]) {
    this.#proc = proc
    this.#declared = declared
  }

  read(loadavg: string, stat: string, time: number, monotonicMs: number): Sample[] {
    const pids = this.#proc.names('/proc').filter((name) => /^\d+$/.test(name))
    const fresh = monotonicMs - this.#walkedAt >= WALK_EVERY_MS
    if (fresh || !this.#declaredStillRun()) this.#walk(pids, monotonicMs)
    const counted = (key: string): number => Number(new RegExp(`^${key} (\\d+)$`, 'm').exec(stat)?.[1] ?? 0)
    const threads = Number(/\/(\d+)/.exec(loadavg)?.[1] ?? 0)
    const fields = fresh
      ? { ...this.#states, total: pids.length, total_threads: threads }
      : { running: counted('procs_running'), blocked: counted('procs_blocked'), total: pids.length, total_threads: threads }
    return [{ measurement: 'processes', tags: {}, fields, time }, ...this.#declared.map((declared) => this.#presence(declared, time))]
  }

  #presence({ name }: DeclaredProcess, time: number): Sample {
    const count = this.#found.get(name)?.length ?? 0
    return { measurement: 'process', tags: { process: name }, fields: { running: count > 0, count }, time }
  }

  #declaredStillRun(): boolean {
    return this.#declared.every(({ name }) => {
      const found = this.#found.get(name)
      return found && found.length > 0 && found.every(({ pid, start }) => this.#identity(pid)?.start === start)
    })
  }

  #walk(pids: readonly string[], monotonicMs: number): void {
    this.#walkedAt = monotonicMs
    const states: Record<string, number> = { running: 0, sleeping: 0, blocked: 0, zombies: 0, stopped: 0, idle: 0, unknown: 0 }
    const found = new Map<string, Found[]>()
    for (const pid of pids) {
      const identity = this.#identity(pid)
      if (!identity) continue
      const state = STATE[identity.state] ?? 'unknown'
      states[state] = (states[state] ?? 0) + 1
      if (identity.state === 'Z') continue
      for (const declared of this.#declared) {
        if (!this.#fits(declared, pid, identity.comm)) continue
        const list = found.get(declared.name) ?? []
        list.push({ pid, start: identity.start })
        found.set(declared.name, list)
      }
    }
    this.#states = states
    this.#found = found
  }

  /** The kernel keeps 15 bytes of a program's name; a longer declared name is compared with the command line's first word. */
  #fits({ name, match }: DeclaredProcess, pid: string, comm: string): boolean {
    if (match === undefined && comm === name) return true
    if (match === undefined && name.length <= 15) return false
    const command = Buffer.from(this.#proc.text(`/proc/${pid}/cmdline`) ?? '', 'latin1').toString('utf8')
    if (match === undefined) return (command.split('\0')[0] ?? '').split('/').at(-1) === name
    return command.replaceAll('\0', ' ').includes(match)
  }

  /** `pid (comm) state … starttime`: the name may hold blanks and brackets, so the fields count from the last `)`. */
  #identity(pid: string): { comm: string; state: string; start: string } | null {
    const text = this.#proc.text(`/proc/${pid}/stat`)
    if (text === null) return null
    const end = text.lastIndexOf(')')
    const fields = text.slice(end + 2).split(' ')
    return { comm: text.slice(text.indexOf('(') + 1, end), state: fields[0] ?? '', start: fields[19] ?? '' }
  }
}
