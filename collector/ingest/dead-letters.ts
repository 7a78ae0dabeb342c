import type { Counters } from '../../core/lifecycle/counters.ts'
import type { Log } from '../../core/log/log.ts'
import { type DeadLetter, type DeadLetterFile, deadLetterFile } from '../../core/segment/dead-letters.ts'

const MAX_WAITING = 1_000
const LONGEST_LINE = 4_096

/** What came in and can't be understood, in `<dir>/ingest.jsonl`. */
export class DeadLetters {
  readonly #dir: string
  readonly #file: DeadLetterFile
  readonly #deps: { readonly log: Log; readonly counters: Counters }
  #waiting: DeadLetter[] = []
  #writing: Promise<void> | null = null

  constructor(dir: string, deps: { log: Log; counters: Counters }) {
    this.#dir = dir
    this.#deps = deps
    this.#file = deadLetterFile({
      dir,
      name: 'ingest',
      onDropped: (bytes) => deps.counters.add('jifang_ingest_dead_letters_dropped_bytes_total', bytes),
    })
  }

  /** Never waits and never fails its caller: dead letters are evidence, not data. */
  add(letter: DeadLetter): void {
    this.#deps.counters.add('jifang_ingest_dead_letters_total')
    if (this.#waiting.length >= MAX_WAITING) {
      this.#deps.counters.add('jifang_ingest_dead_letters_dropped_total')
      return
    }
    this.#waiting.push({ ...letter, line: letter.line.slice(0, LONGEST_LINE) })
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null
    })
  }

  async close(): Promise<void> {
    await this.#writing
  }

  async #write(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const letters = this.#waiting
        this.#waiting = []
        await this.#file.add(letters)
      }
    } catch (error) {
      this.#deps.log.warn({ dir: this.#dir, err: error }, 'dead letters could not be written')
    }
  }
}
