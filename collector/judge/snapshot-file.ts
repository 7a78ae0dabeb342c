import { readFile, rename } from 'node:fs/promises'
import type { Engine } from '../../alarm/engine.ts'
import { type EngineSnapshot, takeSnapshot } from '../../alarm/snapshot.ts'
import type { Clock } from '../../core/lifecycle/clock.ts'
import type { Counters } from '../../core/lifecycle/counters.ts'
import type { Log } from '../../core/log/log.ts'
import { writeDurably } from '../../core/segment/durable-file.ts'

export interface StoredSnapshot {
  /** The next journal record to judge. */
  readonly offset: number
  readonly engine: EngineSnapshot
}

const EVERY_MS = 60_000

interface KeeperDeps {
  readonly log: Log
  readonly counters: Counters
  readonly clock: Clock
  readonly snapshotMs?: number
}

/** Writes the states now and then. The caller sees to it that their events are on disk before. */
export class SnapshotKeeper {
  readonly #path: string
  readonly #deps: KeeperDeps
  #at: number
  #offset: number

  constructor(path: string, offset: number, deps: KeeperDeps) {
    this.#path = path
    this.#deps = deps
    this.#offset = offset
    this.#at = deps.clock.monotonic()
  }

  /** Durable when it resolves, if it was due or forced; a failure is counted and told, the last one stays. */
  async keep(engine: Engine, offset: number, force: boolean): Promise<void> {
    const { log, counters, clock, snapshotMs } = this.#deps
    const now = clock.monotonic()
    if (!force && (now - this.#at < (snapshotMs ?? EVERY_MS) || this.#offset === offset)) return
    try {
      const stored: StoredSnapshot = { offset, engine: takeSnapshot(engine) }
      await writeDurably(this.#path, JSON.stringify(stored))
      this.#at = now
      this.#offset = offset
    } catch (error) {
      counters.add('jifang_judge_snapshot_errors_total')
      log.error({ err: String(error) }, 'the alarm snapshot could not be written')
    }
  }
}

/** null when there is none. One that can't be read is set aside: judging then starts from the oldest record of the journal. */
export async function loadSnapshot(path: string, log: Log): Promise<StoredSnapshot | null> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  try {
    const stored = JSON.parse(text) as StoredSnapshot
    if (!Number.isSafeInteger(stored.offset) || typeof stored.engine !== 'object') throw new Error('it holds no offset or no states')
    return stored
  } catch (error) {
    await rename(path, `${path}.bad`)
    log.error({ file: path, err: String(error) }, 'alarm snapshot can not be read: set aside, judging again from the oldest journal record')
    return null
  }
}
