import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Counters } from '../../core/lifecycle/counters.ts'
import type { Log } from '../../core/log/log.ts'
import { type Database, failureOf } from './database.ts'
import { DayFile, type DayMeta, type DayRole, fileName, parseFileName } from './day-file.ts'
import { DAY_MS } from './rows.ts'
import { moveAside, removeWithLog, sizeOf } from './set-aside.ts'

/** The files of one day. */
export interface Day {
  readonly day: number
  main: DayFile | null
  late: DayFile | null
  /** True while the main file is being rewritten: points go to the late file already. */
  sealing: boolean
}

export interface DaysDeps {
  readonly dir: string
  readonly db: Database
  readonly log: Log
  readonly counters: Counters
  /** `corrupt`: a file was set aside. */
  readonly onProblem: (kind: string, text: string) => void
}

/** All day files of the store, attached. Every method but `list` runs on the writing lane. */
export class Days {
  readonly #deps: DaysDeps
  readonly #days = new Map<number, Day>()
  /** Where ingest has to go back to, so that files that were set aside are filled again; null for nowhere. */
  #rewindTo: number | null = null

  constructor(deps: DaysDeps) {
    this.#deps = deps
  }

  /** Attaches what is in the folder; `position` is how far the journal had been read. */
  async open(position: number): Promise<void> {
    const { dir } = this.#deps
    await mkdir(dir, { recursive: true })
    const names = await readdir(dir)
    for (const name of names) if (/\.duckdb\.new(\.wal)?$/.test(name)) await rm(join(dir, name), { force: true })
    for (const name of names.sort()) {
      const found = parseFileName(name)
      if (found) await this.#attach(found.day, found.role, position)
    }
    for (const day of this.#days.values()) for (const file of filesOf(day)) if (file.refilling) this.#goBackTo(file.meta.applied)
  }

  /** Days by growing date. */
  list(): readonly Day[] {
    return [...this.#days.values()].sort((a, b) => a.day - b.day)
  }

  /** Takes the place where ingest has to read again from, if any. */
  takeRewind(): number | null {
    const rewind = this.#rewindTo
    this.#rewindTo = null
    return rewind
  }

  /** The file that takes points of a day, and up to which offset the day already has everything. */
  async target(dayNumber: number, position: number): Promise<{ file: DayFile; applied: number }> {
    const day = this.#dayOf(dayNumber)
    const refilling = filesOf(day).find((file) => file.refilling)
    if (refilling) return { file: refilling, applied: refilling.meta.applied }
    const role: DayRole = day.sealing || day.main?.meta.sealed ? 'late' : 'main'
    const file = day[role] ?? (await this.#attach(dayNumber, role, position))
    return { file, applied: Math.max(0, ...filesOf(day).map((each) => each.meta.applied)) }
  }

  /** Refilled files are whole once the journal has been read up to where they were set aside. */
  async finishRefills(position: number): Promise<void> {
    for (const day of this.#days.values()) {
      for (const file of filesOf(day)) {
        if (!file.refilling || position < file.meta.refillTo) continue
        await file.setMeta({ applied: position, refillTo: 0 })
        this.#deps.log.info({ file: file.path }, 'store file refilled from the journal')
      }
    }
  }

  /** The journal began anew: what the files say about its offsets means nothing any more. */
  async forgetOffsets(): Promise<void> {
    for (const day of this.#days.values()) for (const file of filesOf(day)) await file.setMeta({ applied: 0, refillTo: 0 })
  }

  /** Moves a file that can't be read out of the way and starts its replacement, to be filled from the journal. */
  async setAside(file: DayFile, error: unknown, position: number): Promise<void> {
    await this.#deps.db.withoutReaders(() => this.#detach(file))
    await this.#moveAway(file.path, error)
    await this.#attachNew(file.day, file.role, position)
  }

  /** Replaces a day's main file by a finished one, and drops its late file when that is contained in it. */
  async replaceMain(day: Day, finished: string, withLate: boolean): Promise<void> {
    await this.#deps.db.withoutReaders(async () => {
      const path = join(this.#deps.dir, fileName(day.day, 'main'))
      if (day.main) await this.#detach(day.main)
      await rename(finished, path)
      await rm(`${path}.wal`, { force: true })
      day.main = await DayFile.attach(this.#deps.db.writer, path, day.day, 'main')
      if (withLate && day.late) {
        const late = day.late.path
        await this.#detach(day.late)
        await removeWithLog(late)
      }
    })
  }

  /** Deletes the files of whole days before `oldest` (ms). */
  async dropBefore(oldest: number): Promise<void> {
    for (const day of this.list()) {
      if ((day.day + 1) * DAY_MS > oldest || day.sealing) continue
      await this.#deps.db.withoutReaders(async () => {
        for (const file of filesOf(day)) {
          await this.#detach(file)
          await removeWithLog(file.path)
          this.#deps.log.info({ file: file.path }, 'deleted a day beyond retention')
        }
      })
      this.#days.delete(day.day)
    }
  }

  /**
   * Moves what was committed since the last time from the write-ahead logs into the files. DuckDB passes over a damaged log without
   * a word, so only what is in the files themselves counts as read. False when a file has to wait for a running query.
   */
  async checkpoint(): Promise<boolean> {
    for (const day of this.#days.values()) {
      for (const file of filesOf(day)) {
        try {
          await file.checkpoint()
        } catch (error) {
          if (failureOf(error) !== 'refused') throw error
          this.#deps.log.debug({ file: file.path, err: error }, 'checkpoint has to wait')
          return false
        }
      }
    }
    return true
  }

  /** Bytes on disk, write-ahead logs included. */
  async bytes(): Promise<number> {
    let total = 0
    for (const day of this.#days.values()) {
      for (const file of filesOf(day)) for (const path of [file.path, `${file.path}.wal`]) total += await sizeOf(path)
    }
    return total
  }

  #dayOf(number: number): Day {
    let day = this.#days.get(number)
    if (!day) {
      day = { day: number, main: null, late: null, sealing: false }
      this.#days.set(number, day)
    }
    return day
  }

  async #attach(number: number, role: DayRole, position: number): Promise<DayFile> {
    const path = join(this.#deps.dir, fileName(number, role))
    try {
      return this.#keep(await DayFile.attach(this.#deps.db.writer, path, number, role))
    } catch (error) {
      if (failureOf(error) !== 'corrupt') throw error
      return (await this.#withoutWal(path, number, role, error, position)) ?? (await this.#replace(path, number, role, error, position))
    }
  }

  /** A flipped byte in the write-ahead log makes a file unopenable; without the log it is whole again as of its last checkpoint. */
  async #withoutWal(path: string, number: number, role: DayRole, error: unknown, position: number): Promise<DayFile | null> {
    const wal = `${path}.wal`
    if ((await sizeOf(wal)) === 0) return null
    await this.#moveAway(wal, error)
    try {
      const file = this.#keep(await DayFile.attach(this.#deps.db.writer, path, number, role))
      await file.setMeta({ refillTo: position })
      return file
    } catch (second) {
      if (failureOf(second) !== 'corrupt') throw second
      return null
    }
  }

  async #replace(path: string, number: number, role: DayRole, error: unknown, position: number): Promise<DayFile> {
    await this.#moveAway(path, error)
    return this.#attachNew(number, role, position)
  }

  async #attachNew(number: number, role: DayRole, position: number): Promise<DayFile> {
    const path = join(this.#deps.dir, fileName(number, role))
    const file = this.#keep(await DayFile.attach(this.#deps.db.writer, path, number, role))
    const meta: Partial<DayMeta> = { applied: 0, refillTo: position }
    await file.setMeta(meta)
    this.#goBackTo(0)
    return file
  }

  async #moveAway(path: string, error: unknown): Promise<void> {
    const to = await moveAside(this.#deps.dir, path, Date.now())
    const reason = error instanceof Error ? error.message : String(error)
    this.#deps.counters.add('jifang_store_set_aside_total')
    this.#deps.onProblem('corrupt', `${path} does not open and was moved to ${to}; it is filled again from the journal: ${reason}`)
  }

  #keep(file: DayFile): DayFile {
    this.#dayOf(file.day)[file.role] = file
    return file
  }

  async #detach(file: DayFile): Promise<void> {
    const day = this.#dayOf(file.day)
    if (day[file.role] === file) day[file.role] = null
    await file.detach()
  }

  #goBackTo(offset: number): void {
    this.#rewindTo = Math.min(this.#rewindTo ?? offset, offset)
  }
}

export const filesOf = (day: Day): DayFile[] => [day.main, day.late].filter((file) => file !== null)
