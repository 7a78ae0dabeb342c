import type { Clock } from '../../../core/lifecycle/clock.ts'
import type { EventDesk } from '../event-desk.ts'

/** Sources are spoken of this often, ms. */
const EVERY_MS = 60_000
const MAX_SOURCES = 4096

interface Source {
  readonly source: string
  readonly device: string | null
  count: number
  /** When something was last told of it, ms of the steady clock. */
  toldAt: number
}

/** Counts what is not told one by one. A source that sent such messages, and of which nothing else was told for a minute, gets one event `activity`. */
export class Activity {
  readonly #desk: EventDesk
  readonly #clock: Clock
  readonly #sources = new Map<string, Source>()

  constructor(desk: EventDesk, clock: Clock) {
    this.#desk = desk
    this.#clock = clock
  }

  count(source: string, device: string | null): void {
    this.#of(source, device).count++
  }

  told(source: string, device: string | null): void {
    this.#of(source, device).toldAt = this.#clock.monotonic()
  }

  /** `all`: whatever is counted, at the end of the program. */
  flush(all = false): void {
    const now = this.#clock.monotonic()
    for (const [key, entry] of this.#sources) {
      if (!all && now - entry.toldAt < EVERY_MS) continue
      if (entry.count > 0) this.#tell(entry, now)
      else this.#sources.delete(key)
    }
  }

  #tell(entry: Source, now: number): void {
    const { source, device, count } = entry
    entry.count = 0
    entry.toldAt = now
    const text = `${count} 条未单独记录的消息 / ${count} messages not told one by one`
    this.#desk.take({ source, device, event: 'activity', name: 'activity', severity: 'info', text, same: `activity ${now}`, count })
  }

  /** A new source is spoken of at the first flush: it is alive. */
  #of(source: string, device: string | null): Source {
    const key = `${source}|${device ?? ''}`
    const known = this.#sources.get(key)
    if (known) return known
    if (this.#sources.size >= MAX_SOURCES) this.#forgetOldest()
    const made: Source = { source, device, count: 0, toldAt: Number.NEGATIVE_INFINITY }
    this.#sources.set(key, made)
    return made
  }

  #forgetOldest(): void {
    for (const [key, entry] of this.#sources) {
      this.#sources.delete(key)
      if (entry.count > 0) this.#tell(entry, this.#clock.monotonic())
      return
    }
  }
}
