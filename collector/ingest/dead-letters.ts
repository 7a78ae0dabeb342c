import { mkdir, open, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Counters } from '../../core/lifecycle/counters.ts'
import type { Log } from '../../core/log/log.ts'

/** What came in and can't be understood. */
export interface DeadLetter {
  /** When it came, ms. */
  readonly at: number
  readonly reason: string
  readonly agent: string
  readonly session: string
  readonly seq: number
  /** A line; of a whole message that can't be unpacked its first bytes in base64. */
  readonly line: string
}

const MAX_BYTES = 10 * 1024 * 1024
const MAX_WAITING = 1_000
const LONGEST_LINE = 4_096

/** `<dir>/ingest.jsonl`, one letter per line; when full it becomes `ingest.1.jsonl` and the older half is dropped. */
export class DeadLetters {
  readonly #dir: string
  readonly #deps: { readonly log: Log; readonly counters: Counters }
  #waiting: DeadLetter[] = []
  #writing: Promise<void> | null = null

  constructor(dir: string, deps: { log: Log; counters: Counters }) {
    this.#dir = dir
    this.#deps = deps
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
      await mkdir(this.#dir, { recursive: true })
      while (this.#waiting.length > 0) {
        const letters = this.#waiting
        this.#waiting = []
        await this.#append(letters.map((letter) => `${JSON.stringify(letter)}\n`).join(''))
      }
    } catch (error) {
      this.#deps.log.warn({ dir: this.#dir, err: error }, 'dead letters could not be written')
    }
  }

  async #append(text: string): Promise<void> {
    const path = join(this.#dir, 'ingest.jsonl')
    const size = await sizeOf(path)
    if (size > 0 && size + Buffer.byteLength(text) > MAX_BYTES / 2) await rename(path, join(this.#dir, 'ingest.1.jsonl'))
    const handle = await open(path, 'a', 0o640)
    try {
      await handle.appendFile(text)
    } finally {
      await handle.close()
    }
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0
    throw error
  }
}
