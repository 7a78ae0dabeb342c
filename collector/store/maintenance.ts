import type { Clock } from '../../core/lifecycle/clock.ts'
import type { Log } from '../../core/log/log.ts'
import type { Database } from './database.ts'
import type { Day, Days } from './days.ts'
import { DAY_MS } from './rows.ts'
import { sealDay, sealHours } from './seal.ts'

const HOUR_MS = 3_600_000
/** Samples of an hour may come this much after its end and still be sealed with it. */
const HOUR_GRACE_MS = 5 * 60_000
const DAY_GRACE_MS = 15 * 60_000
/** A late file is merged into its day when nothing has come for this long. */
const LATE_QUIET_MS = HOUR_MS

export interface MaintenanceDeps {
  readonly dir: string
  readonly db: Database
  readonly days: Days
  readonly clock: Clock
  readonly retentionMs: number
  /** Everything received before this time (ms) is in the day files. */
  readonly coveredUntil: () => number
  readonly log: Log
}

/** Seals hours and days, merges late files, deletes what is beyond retention. One pass at a time. */
export class Maintenance {
  readonly #deps: MaintenanceDeps
  readonly #startedAt: number
  readonly #sealedTo = new Map<number, number>()

  constructor(deps: MaintenanceDeps) {
    this.#deps = deps
    this.#startedAt = deps.clock.now()
  }

  async pass(signal: AbortSignal): Promise<void> {
    const { db, days, clock, retentionMs } = this.#deps
    await db.writing.run(() => days.dropBefore(clock.now() - retentionMs))
    for (const day of days.list()) {
      if (signal.aborted) return
      if (this.#dayIsOver(day)) await this.#seal(day, false)
      else if (day.main && !day.main.meta.sealed) await this.#sealHours(day)
      else if (this.#lateIsQuiet(day)) await this.#seal(day, true)
    }
  }

  async #seal(day: Day, withLate: boolean): Promise<void> {
    const { db, clock, log } = this.#deps
    const started = clock.monotonic()
    const task = () => sealDay(this.#deps, day, withLate)
    await (withLate ? db.writing.run(task) : task())
    this.#sealedTo.delete(day.day)
    log.info({ file: day.main?.path, ms: Math.round(clock.monotonic() - started), withLate }, 'sealed a day')
  }

  async #sealHours(day: Day): Promise<void> {
    const { db, clock } = this.#deps
    const hour = Math.floor((Math.min(clock.now(), this.#deps.coveredUntil()) - HOUR_GRACE_MS - day.day * DAY_MS) / HOUR_MS)
    const before = Math.min(hour * HOUR_MS, DAY_MS)
    if (before <= (this.#sealedTo.get(day.day) ?? 0)) return
    await db.writing.run(async () => {
      if (day.main && !day.main.refilling) await sealHours(db, day.main, before)
    })
    this.#sealedTo.set(day.day, before)
  }

  #dayIsOver(day: Day): boolean {
    if (!day.main || day.main.meta.sealed || day.main.refilling || day.late?.refilling) return false
    const end = (day.day + 1) * DAY_MS + DAY_GRACE_MS
    return this.#deps.clock.now() > end && this.#deps.coveredUntil() > end
  }

  #lateIsQuiet(day: Day): boolean {
    if (!day.late || day.late.refilling || !day.main?.meta.sealed || day.main.refilling) return false
    return this.#deps.clock.now() - Math.max(day.late.writtenAt, this.#startedAt) > LATE_QUIET_MS
  }
}
