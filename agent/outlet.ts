import type { Counters } from '../core/lifecycle/counters.ts'
import { pause } from '../core/lifecycle/pause.ts'
import type { Running } from '../core/lifecycle/stack.ts'
import { encodeSample } from '../core/line/encode.ts'
import type { Log } from '../core/log/log.ts'
import type { Sample } from '../core/model/sample.ts'
import type { Spool } from './spool.ts'
import { packBody } from './spool-record.ts'

export interface OutletDeps {
  readonly spool: Pick<Spool, 'append'>
  /** Version of the configuration in force. */
  readonly config: () => number
  readonly log: Log
  readonly counters: Counters
}

export interface Outlet extends Running {
  /** Takes samples that carry their `site` and `device` tags. Never waits. */
  emit(samples: readonly Sample[]): void
  /** What was emitted is in the spool when it resolves. */
  flush(): Promise<void>
}

const QUIET_MS = 200
const LONGEST_WAIT_MS = 1_000
const FULL_BYTES = 64 * 1024
/** One line can't be larger: it would not fit into a message. */
const LARGEST_LINE_BYTES = 128 * 1024
/** Samples that wait in memory while the disk refuses. */
const WAITING_BYTES = 8 * 1024 * 1024
const RETRY_MS = 1_000

interface Batch {
  readonly config: number
  lines: string
  samples: number
}

/** Gathers samples into messages and puts them into the spool, one message after the other. */
export function createOutlet(deps: OutletDeps): Outlet {
  return new BatchingOutlet(deps)
}

class BatchingOutlet implements Outlet {
  readonly #deps: OutletDeps
  readonly #stopping = new AbortController()
  /** The last one is being filled. */
  readonly #batches: Batch[] = []
  #waitingBytes = 0
  #quiet: NodeJS.Timeout | null = null
  #latest: NodeJS.Timeout | null = null
  #draining: Promise<void> | null = null
  #failing = false

  constructor(deps: OutletDeps) {
    this.#deps = deps
  }

  emit(samples: readonly Sample[]): void {
    for (const sample of samples) {
      const line = encodeSample(sample)
      if (line === null) continue
      if (Buffer.byteLength(line) > LARGEST_LINE_BYTES || this.#waitingBytes + line.length > WAITING_BYTES) this.#lose(1)
      else this.#add(`${line}\n`)
    }
    const filling = this.#batches.at(-1)
    if (!filling) return
    if (this.#batches.length > 1 || filling.lines.length >= FULL_BYTES) void this.flush()
    else this.#schedule()
  }

  flush(): Promise<void> {
    this.#unschedule()
    this.#draining ??= this.#drain().finally(() => {
      this.#draining = null
      if (this.#batches.length > 0 && !this.#stopping.signal.aborted) this.#schedule()
    })
    return this.#draining
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#draining
    await this.flush()
    const left = this.#batches.reduce((sum, batch) => sum + batch.samples, 0)
    if (left > 0) this.#lose(left)
  }

  #add(line: string): void {
    const config = this.#deps.config()
    const last = this.#batches.at(-1)
    const fits = last && last.config === config && last.lines.length + line.length <= FULL_BYTES
    const batch = fits ? last : { config, lines: '', samples: 0 }
    if (!fits) this.#batches.push(batch)
    batch.lines += line
    batch.samples++
    this.#waitingBytes += line.length
  }

  #schedule(): void {
    if (this.#quiet) clearTimeout(this.#quiet)
    this.#quiet = setTimeout(() => void this.flush(), QUIET_MS)
    this.#latest ??= setTimeout(() => void this.flush(), LONGEST_WAIT_MS)
  }

  #unschedule(): void {
    if (this.#quiet) clearTimeout(this.#quiet)
    if (this.#latest) clearTimeout(this.#latest)
    this.#quiet = null
    this.#latest = null
  }

  /** Never rejects: what the disk refuses stays in front and is tried again. */
  async #drain(): Promise<void> {
    for (;;) {
      const batch = this.#batches.shift()
      if (!batch) return
      try {
        await this.#deps.spool.append({ config: batch.config, samples: batch.samples, body: packBody(batch.lines) })
        this.#waitingBytes -= batch.lines.length
        this.#deps.counters.add('jifang_agent_samples_total', batch.samples)
        this.#recovered()
      } catch (error) {
        this.#batches.unshift(batch)
        this.#refused(error)
        if (this.#stopping.signal.aborted) return
        await pause(RETRY_MS, this.#stopping.signal)
      }
    }
  }

  #refused(error: unknown): void {
    if (!this.#failing) this.#deps.log.error({ err: error }, 'the spool can not be written; samples wait in memory, make room on its disk')
    this.#failing = true
    this.#deps.counters.set('jifang_spool_failing', 1)
  }

  #recovered(): void {
    if (this.#failing) this.#deps.log.info({}, 'the spool can be written again')
    this.#failing = false
    this.#deps.counters.set('jifang_spool_failing', 0)
  }

  #lose(samples: number): void {
    this.#deps.counters.add('jifang_spool_lost_samples_total', samples)
  }
}
