import type { SeriesAnswer, SeriesQuery } from '../../core/model/api.ts'
import { type Database, failureOf } from './database.ts'
import type { Days } from './days.ts'
import { DayReadError, querySeries } from './query.ts'
import { MAX_QUERIES, QUERY_DEADLINE_MS } from './settings.ts'

export interface QueriesDeps {
  readonly db: Database
  readonly days: Days
  /** How far the journal has been read. */
  readonly position: () => number
  readonly onFatal: (error: unknown) => void
}

/** Answers queries one at a time, each within its deadline; a file found damaged is set aside. */
export interface Queries {
  series(query: SeriesQuery, signal: AbortSignal, stopping: AbortSignal): Promise<SeriesAnswer>
}

export function createQueries({ db, days, position, onFatal }: QueriesDeps): Queries {
  async function run(query: SeriesQuery, deadline: AbortSignal): Promise<SeriesAnswer> {
    deadline.throwIfAborted()
    const interrupt = () => db.reader.interrupt()
    deadline.addEventListener('abort', interrupt, { once: true })
    try {
      return await querySeries(db.reader, days.list(), query, deadline)
    } finally {
      deadline.removeEventListener('abort', interrupt)
    }
  }

  async function setAsideDamaged(error: unknown): Promise<void> {
    const failure = failureOf(error)
    if (failure === 'fatal') onFatal(error)
    if (failure !== 'corrupt' || !(error instanceof DayReadError) || !error.file) return
    const { file } = error
    await db.writing.run(async () => {
      const attached = days.list().some((day) => day.main === file || day.late === file)
      if (attached) await days.setAside(file, error, position())
    })
  }

  return {
    async series(query, signal, stopping) {
      if (stopping.aborted) throw new Error('the store is stopping')
      if (db.reading.length >= MAX_QUERIES) throw new Error(`the store is busy: ${db.reading.length} queries wait; try again later`)
      const deadline = AbortSignal.any([signal, stopping, AbortSignal.timeout(QUERY_DEADLINE_MS)])
      try {
        return await db.reading.run(() => run(query, deadline))
      } catch (error) {
        if (signal.aborted) throw new Error('the query was given up by its caller', { cause: error })
        if (stopping.aborted) throw new Error('the store is stopping', { cause: error })
        if (deadline.aborted)
          throw new Error(`the query took longer than ${QUERY_DEADLINE_MS / 1000} s; ask for less, or with a step`, { cause: error })
        await setAsideDamaged(error)
        throw error
      }
    },
  }
}
