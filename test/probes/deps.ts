import { systemClock } from '../../core/lifecycle/clock.ts'
import { Counters } from '../../core/lifecycle/counters.ts'
import { silentLog } from '../../core/log/log.ts'
import type { ProbeDeps, Target } from '../../probes/probe.ts'

export const probeDeps = (over: Partial<ProbeDeps> = {}): ProbeDeps => ({
  log: silentLog,
  clock: systemClock,
  counters: new Counters(),
  profiles: [],
  ...over,
})

export const target = (over: Partial<Target> = {}): Target => ({
  site: 'lab',
  device: 'dev-1',
  class: 'server',
  address: '127.0.0.1',
  check: 'c',
  intervalMs: 10_000,
  ...over,
})
