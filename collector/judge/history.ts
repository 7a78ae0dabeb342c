import type { Alarm, AlarmEvent } from '../../core/model/alarm.ts'

const DAY = 24 * 3600_000

/** Closed alarms, newest episode state each, bounded in number and age. */
export class History {
  readonly #closed = new Map<string, Alarm>()
  readonly #max: number
  readonly #maxAgeMs: number

  constructor(max = 10_000, maxAgeMs = 30 * DAY) {
    this.#max = max
    this.#maxAgeMs = maxAgeMs
  }

  note(event: AlarmEvent): void {
    const { alarm } = event
    this.#closed.delete(alarm.id)
    if (alarm.resolved_at === null) return
    this.#closed.set(alarm.id, alarm)
    for (const [id, oldest] of this.#closed) {
      if (this.#closed.size <= this.#max && (oldest.resolved_at ?? 0) >= event.at - this.#maxAgeMs) break
      this.#closed.delete(id)
    }
  }

  get(id: string): Alarm | undefined {
    const known = this.#closed.get(id)
    if (known) return known
    const short = id.toUpperCase()
    let newest: Alarm | undefined
    for (const alarm of this.#closed.values()) if (alarm.short_id === short) newest = alarm
    return newest
  }

  has(id: string): boolean {
    return this.#closed.has(id)
  }

  all(): Iterable<Alarm> {
    return this.#closed.values()
  }
}
