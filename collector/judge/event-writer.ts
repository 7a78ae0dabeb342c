import type { Counters } from '../../core/lifecycle/counters.ts'
import type { Log } from '../../core/log/log.ts'
import type { AlarmEvent } from '../../core/model/alarm.ts'
import { type EventId, type EventsFile, parseEventId } from './events-file.ts'

/** Events that wait for the disk; more are only told. */
const MAX_UNWRITTEN = 50_000

/**
 * Writes events, then tells them. While the disk refuses they are told all the same (a full disk must not silence a
 * smoke alarm) and written before the next ones as soon as it takes them again.
 */
export class EventWriter {
  readonly #file: EventsFile
  readonly #log: Log
  readonly #counters: Counters
  readonly #listeners = new Set<(event: AlarmEvent) => void>()
  #unwritten: AlarmEvent[] = []
  #newest: EventId | null
  #tail: Promise<void> = Promise.resolve()

  constructor(file: EventsFile, log: Log, counters: Counters, first: (event: AlarmEvent) => void) {
    this.#file = file
    this.#log = log
    this.#counters = counters
    this.#listeners.add(first)
    this.#newest = file.last
  }

  /** Id of the last event that was told, on disk or not; null when there was none. */
  get newest(): EventId | null {
    return this.#newest
  }

  /** True while events are told that are not on disk: no snapshot may be taken. */
  get behind(): boolean {
    return this.#unwritten.length > 0
  }

  onEvent(listener: (event: AlarmEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Resolves when the events are on disk, or told from memory because the disk refuses. Calls are served in order. */
  write(events: readonly AlarmEvent[]): Promise<void> {
    if (events.length === 0 && !this.behind) return this.#tail
    this.#tail = this.#tail.then(() => this.#write(events))
    return this.#tail
  }

  async #write(events: readonly AlarmEvent[]): Promise<void> {
    const batch = [...this.#unwritten, ...events]
    try {
      await this.#file.append(batch)
      if (this.behind) this.#log.info({ events: this.#unwritten.length }, 'alarm events can be written again')
      this.#unwritten = []
      await this.#trim()
    } catch (error) {
      if (!this.behind && events.length > 0)
        this.#log.error({ err: String(error) }, 'alarms.jsonl can not be written: alarms are told from memory')
      this.#counters.add('jifang_judge_write_errors_total')
      const dropped = Math.max(0, batch.length - MAX_UNWRITTEN)
      if (dropped > 0) this.#counters.add('jifang_judge_unwritten_lost_total', dropped)
      this.#unwritten = batch.slice(dropped)
    }
    this.#counters.add('jifang_alarm_events_total', events.length)
    this.#newest = parseEventId(events.at(-1)?.id ?? '') ?? this.#newest
    for (const event of events) for (const listener of this.#listeners) this.#tell(listener, event)
  }

  async #trim(): Promise<void> {
    try {
      if (await this.#file.trim()) this.#log.info({}, 'the oldest events were dropped from alarms.jsonl')
    } catch (error) {
      this.#log.warn({ err: String(error) }, 'alarms.jsonl can not be shortened, it goes on growing')
    }
  }

  #tell(listener: (event: AlarmEvent) => void, event: AlarmEvent): void {
    try {
      listener(event)
    } catch (error) {
      this.#log.error({ event: event.id, err: error }, 'a listener of alarm events failed')
    }
  }
}
