import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Clock } from '../core/lifecycle/clock.ts'
import type { Counters } from '../core/lifecycle/counters.ts'
import type { Running } from '../core/lifecycle/stack.ts'
import type { Sample } from '../core/model/sample.ts'
import type { Spool } from './spool.ts'

export interface SelfDeps {
  readonly site: string
  /** Name of the agent, which is also its device. */
  readonly agent: string
  readonly spool: Spool
  readonly emit: (samples: readonly Sample[]) => void
  readonly clock: Clock
  readonly counters: Counters
}

const EVERY_MS = 60_000
const NS_PER_MS = 1e6
/** The monitor wakes the process this often: rarely, since each wake-up costs more than what it measures. */
const DELAY_RESOLUTION_MS = 1000

/** The agent as its own subject: measurement `jifang_agent` each minute. */
export function startSelfMonitoring(deps: SelfDeps): Running {
  const delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS })
  delay.enable()
  const measure = () => {
    const cpu = process.cpuUsage()
    const { counters, spool, clock } = deps
    deps.emit([
      {
        measurement: 'jifang_agent',
        tags: { site: deps.site, device: deps.agent },
        fields: {
          spool_bytes: spool.bytes,
          backlog_count: spool.backlog,
          lost_count: counters.get('jifang_spool_lost_samples_total'),
          samples_count: counters.get('jifang_agent_samples_total'),
          connects_count: counters.get('jifang_mqtt_connects_total'),
          oldest_age_ms: spool.oldest === null ? 0 : Math.max(0, clock.now() - spool.oldest),
          loop_lag_ms: Math.max(0, delay.percentile(99) / NS_PER_MS - DELAY_RESOLUTION_MS),
          rss_bytes: process.memoryUsage.rss(),
          cpu_ms: (cpu.user + cpu.system) / 1000,
        },
        time: clock.now(),
      },
    ])
    delay.reset()
  }
  const timer = setInterval(measure, EVERY_MS)
  return {
    async stop() {
      clearInterval(timer)
      delay.disable()
    },
  }
}
