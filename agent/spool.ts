import { randomBytes } from 'node:crypto'
import { mkdir, readdir, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../core/lifecycle/clock.ts'
import type { Counters } from '../core/lifecycle/counters.ts'
import type { Log } from '../core/log/log.ts'
import type { SpoolPayload } from './spool-record.ts'
import { SpoolSession } from './spool-session.ts'

export interface SpoolOptions {
  /** `<data>/spool` */
  readonly dir: string
  /** Name of the agent. */
  readonly agent: string
  readonly maxBytes: number
  /** The oldest data is dropped when the file system has less free than this. */
  readonly keepFreeBytes: number
  readonly clock: Clock
  readonly log: Log
  readonly counters: Counters
}

const SESSION_ID = /^[0-9a-z]{9}-[0-9a-f]{6}$/
const LARGEST_SEGMENT_BYTES = 4 * 1024 * 1024
const SMALLEST_SEGMENT_BYTES = 16 * 1024
const SEGMENTS_IN_BOUND = 8
/** How many bytes are appended between two looks at the free space. */
const CHECK_FREE_EVERY_BYTES = 1024 * 1024

/** Opens the spool of an agent and starts a new session in it; what earlier sessions still hold is kept. */
export async function openSpool(options: SpoolOptions): Promise<Spool> {
  await mkdir(options.dir, { recursive: true })
  const ids = (await readdir(options.dir)).filter((name) => SESSION_ID.test(name)).sort()
  const sessions: SpoolSession[] = []
  for (const id of ids.toReversed()) {
    const session = await openSession(options, id)
    if (session.count > 0) sessions.push(session)
    else await session.remove()
  }
  const current = await openSession(options, newSessionId(options.clock.now(), ids.at(-1)))
  return new Spool(options, [current, ...sessions])
}

/** Everything measured and not yet acknowledged, on disk (DESIGN §5, §10). */
export class Spool {
  readonly #o: SpoolOptions
  readonly #listeners = new Set<() => void>()
  /** Newest first. */
  #sessions: SpoolSession[]
  #lost = 0
  #sinceCheck = 0
  /** Appends, rotation and dropping don't overlap. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: SpoolOptions, sessions: SpoolSession[]) {
    this.#o = options
    this.#sessions = sessions
  }

  get current(): SpoolSession {
    const [current] = this.#sessions
    if (!current) throw new Error('a spool always has a session')
    return current
  }

  /** Newest first; the first is the one being written. */
  get sessions(): readonly SpoolSession[] {
    return this.#sessions
  }

  /** Samples lost since the spool was opened: dropped by its bound, or damaged on disk. */
  get lost(): number {
    return this.#sessions.reduce((sum, { damaged }) => sum + damaged, this.#lost)
  }

  get bytes(): number {
    return this.#sessions.reduce((sum, session) => sum + session.bytes, 0)
  }

  /** Messages that wait for their acknowledgement. */
  get backlog(): number {
    return this.#sessions.reduce((sum, session) => sum + session.count, 0)
  }

  /** When the oldest record was taken in, ms; null when there is none. */
  get oldest(): number | null {
    return this.#sessions.reduce<number | null>(
      (oldest, { oldest: own }) => (own !== null && (oldest === null || own < oldest) ? own : oldest),
      null,
    )
  }

  /** On disk when it resolves; rejects when the disk refuses even after room was made. */
  append(payload: SpoolPayload): Promise<void> {
    return this.#inTurn(async () => {
      await this.#keepBounds(payload.body.length)
      const at = this.#o.clock.now()
      try {
        await this.current.append(payload, at)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC' || !(await this.#dropOldest())) throw error
        await this.current.append(payload, at)
      }
      for (const listener of this.#listeners) listener()
    })
  }

  /** What is measured from now on goes into a new session. */
  rotate(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.current.next === 1) return
      const session = await openSession(this.#o, newSessionId(this.#o.clock.now(), this.current.id))
      this.#sessions = [session, ...this.#sessions]
      this.#o.log.info({ session: session.id, backlog: this.backlog }, 'new session, the older ones follow in the remaining share')
    })
  }

  ackTo(session: SpoolSession, seq: number): void {
    session.ackTo(seq, this.#o.clock.now())
    if (session.count > 0 || session === this.current) return
    this.#sessions = this.#sessions.filter((other) => other !== session)
    this.#lost += session.damaged
    void this.#inTurn(() => session.remove()).catch((error: unknown) => {
      this.#o.log.warn({ session: session.id, err: error }, 'could not remove a session that is done')
    })
  }

  onAppended(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async close(): Promise<void> {
    await this.#inTurn(async () => {
      for (const session of this.#sessions) await session.close()
    })
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  async #keepBounds(bytes: number): Promise<void> {
    while (this.bytes + bytes > this.#o.maxBytes) if (!(await this.#dropOldest())) break
    this.#sinceCheck += bytes
    if (this.#sinceCheck < CHECK_FREE_EVERY_BYTES) return
    this.#sinceCheck = 0
    while ((await freeBytes(this.#o.dir)) < this.#o.keepFreeBytes) if (!(await this.#dropOldest())) break
  }

  /** Oldest segment of the oldest session; false when only the segment being written is left. */
  async #dropOldest(): Promise<boolean> {
    const oldest = this.#sessions.at(-1)
    if (!oldest) return false
    let lost = await oldest.dropOldestSegment()
    if (lost === null) {
      if (oldest === this.current) return false
      lost = oldest.samples()
      this.#sessions = this.#sessions.filter((session) => session !== oldest)
      this.#lost += oldest.damaged
      await oldest.remove()
    }
    this.#lost += lost
    this.#o.counters.add('jifang_spool_lost_samples_total', lost)
    this.#o.log.warn({ session: oldest.id, samples: lost, lost: this.#lost }, 'the spool is full: dropped its oldest data')
    return true
  }
}

function openSession(o: SpoolOptions, id: string): Promise<SpoolSession> {
  const segmentBytes = Math.max(SMALLEST_SEGMENT_BYTES, Math.min(LARGEST_SEGMENT_BYTES, Math.floor(o.maxBytes / SEGMENTS_IN_BOUND)))
  return SpoolSession.open({ dir: join(o.dir, id), id, agent: o.agent, segmentBytes, log: o.log, counters: o.counters })
}

/** Sorts by age even when the clock was set back: never below the newest that exists. */
function newSessionId(now: number, newest: string | undefined): string {
  const after = newest ? Number.parseInt(newest.slice(0, 9), 36) + 1 : 0
  const time = Math.max(now, Number.isFinite(after) ? after : 0)
  return `${time.toString(36).padStart(9, '0')}-${randomBytes(3).toString('hex')}`
}

async function freeBytes(dir: string): Promise<number> {
  const { bavail, bsize } = await statfs(dir)
  return bavail * bsize
}
