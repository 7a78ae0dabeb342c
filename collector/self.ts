import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Clock } from '../core/lifecycle/clock.ts'
import type { Counters } from '../core/lifecycle/counters.ts'
import type { Running } from '../core/lifecycle/stack.ts'
import type { Log } from '../core/log/log.ts'
import type { Sample } from '../core/model/sample.ts'
import { PSEUDO_AGENT } from '../core/wire/topics.ts'

/** The device that the collector's own measurements are about. */
export const SELF = PSEUDO_AGENT

export interface SelfParts {
  readonly connected: () => boolean
  readonly journalFailing: () => boolean
  /** End of the journal on disk. */
  readonly synced: () => number
  /** Bytes of the journal that a consumer has not come to. */
  readonly lags: Readonly<Record<string, () => number>>
  readonly noticesPending: () => number
  readonly write: (samples: readonly Sample[]) => Promise<void>
  readonly clock: Clock
  readonly counters: Counters
  readonly log: Log
}

const EVERY_MS = 10_000
/** The monitor wakes the process this often. */
const DELAY_RESOLUTION_MS = 100

/**
 * How old the newest data is that a consumer has come to. The journal grows without a pause, so a healthy consumer is
 * seldom at its very end: what counts is when it reached what had been the end before.
 */
export class Behind {
  #reached: number
  #mark: { readonly at: number; readonly synced: number } | null = null

  constructor(now: number) {
    this.#reached = now
  }

  /** 0 when at the end; else good to within two measurements. */
  seconds(now: number, synced: number, lag: number): number {
    if (lag === 0) {
      this.#reached = now
      this.#mark = null
      return 0
    }
    if (this.#mark && synced - lag >= this.#mark.synced) {
      this.#reached = this.#mark.at
      this.#mark = null
    }
    this.#mark ??= { at: now, synced }
    return (now - this.#reached) / 1000
  }
}

/** Measures the collector itself, on the same path as everything else (measurement `jifang_collector`). */
export function startSelfMonitoring(parts: SelfParts): Running {
  const { clock, counters } = parts
  const delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS })
  delay.enable()
  const behind = new Map<string, Behind>()
  let cpu = process.cpuUsage()
  const measure = (): Sample => {
    const now = clock.now()
    const fields: Record<string, number> = {
      broker_connected: parts.connected() ? 1 : 0,
      journal_failing: parts.journalFailing() ? 1 : 0,
      notices_pending: parts.noticesPending(),
      overtaken_bytes: overtaken(counters),
      loop_delay_ms: Math.max(0, delay.percentile(99) / 1e6 - DELAY_RESOLUTION_MS),
      rss_bytes: process.memoryUsage.rss(),
    }
    for (const [name, lag] of Object.entries(parts.lags)) {
      const bytes = lag()
      const since = behind.get(name) ?? new Behind(now)
      behind.set(name, since)
      fields[`${name}_behind_bytes`] = bytes
      fields[`${name}_behind_seconds`] = since.seconds(now, parts.synced(), bytes)
    }
    const used = process.cpuUsage(cpu)
    cpu = process.cpuUsage()
    fields.cpu_percent = (used.user + used.system) / 10 / EVERY_MS
    delay.reset()
    for (const [key, value] of Object.entries(fields)) counters.set(`jifang_collector_${key}`, value)
    return { measurement: 'jifang_collector', tags: { device: SELF }, fields, time: now }
  }
  const tell = (): void => {
    parts.write([measure()]).catch((error: unknown) => parts.log.debug({ err: error }, 'own measurements could not be journalled'))
  }
  const timer = setInterval(tell, EVERY_MS)
  tell()
  return {
    async stop() {
      clearInterval(timer)
      delay.disable()
    },
  }
}

function overtaken(counters: Counters): number {
  return counters
    .all()
    .filter(({ name }) => /overtaken_bytes_total$/.test(name))
    .reduce((sum, { value }) => sum + value, 0)
}
