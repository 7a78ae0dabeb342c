import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Running } from '../core/lifecycle/stack.ts'

/** Another process works on the same folder; the message is for the operator. */
export class DataInUse extends Error {}

/**
 * Makes sure that one process owns a data folder. A lock left by a killed process is taken over: it names the process
 * and its start time, so that a later process with the same number is not mistaken for it.
 * @returns the function that gives it back
 */
export function lockData(dir: string): () => void {
  mkdirSync(dir, { recursive: true })
  const path = join(dir, 'lock')
  const mine = `${process.pid} ${startTimeOf(process.pid) ?? '?'}\n`
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      writeFileSync(path, mine, { flag: 'wx' })
      return () => rmSync(path, { force: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const owner = livingOwner(path)
    if (owner !== null && !hasEnded(owner))
      throw new DataInUse(`jifang already runs here (pid ${owner}, data folder ${dir}): stop it first, or give another --data`)
    rmSync(path, { force: true })
  }
  throw new DataInUse(`the data folder ${dir} is being taken by another jifang at this moment`)
}

/** Does a jifang work on this data folder now? */
export function runsIn(dir: string): boolean {
  const owner = livingOwner(join(dir, 'lock'))
  return owner !== null && statOf(owner)?.[0] !== 'Z'
}

/** Runs a service that owns a folder: given back when it does not start, and when it has stopped. */
export async function owning<T extends Running>(dir: string, start: () => Promise<T>): Promise<T> {
  const unlock = lockData(dir)
  try {
    const service = await start()
    const stop = async (): Promise<void> => {
      await service.stop()
      unlock()
    }
    return { ...service, stop }
  } catch (error) {
    unlock()
    throw error
  }
}

function livingOwner(path: string): number | null {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    return null // given back in between
  }
  const [pid = Number.NaN, started = '?'] = [Number(text.split(' ')[0]), text.trim().split(' ')[1]]
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return null
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return null
  }
  const now = startTimeOf(pid)
  return now === null || started === '?' || now === started ? pid : null
}

/** How long a killed process may take until its files and ports are free, ms. */
const ENDING_MS = 3000
const LOOK_MS = 50
/** Flag of the kernel in stat(5), field 9: the process is ending. */
const PF_EXITING = 4

/** Waits for a process that was killed a moment ago. A zombie counts as ended: only its parent has not asked for it yet. */
function hasEnded(pid: number): boolean {
  const sleeper = new Int32Array(new SharedArrayBuffer(4))
  for (let waited = 0; waited < ENDING_MS; waited += LOOK_MS) {
    const stat = statOf(pid)
    if (stat === null) return existsSync('/proc/self/stat')
    const zombie = stat[0] === 'Z' || stat[0] === 'X'
    if (zombie && threadsOf(pid) <= 1) return true
    if (!zombie && (Number(stat[6]) & PF_EXITING) === 0) return false
    Atomics.wait(sleeper, 0, 0, LOOK_MS)
  }
  return false
}

function threadsOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/task`).length
  } catch {
    return 0
  }
}

/** Fields of proc(5) stat from the third on; null where there is no such process or no /proc. */
function statOf(pid: number): readonly string[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return null
  }
}

/** Clock ticks since boot at which a process started (field 22); null where there is no /proc. */
const startTimeOf = (pid: number): string | null => statOf(pid)?.[19] ?? null
