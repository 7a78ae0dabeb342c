import { fork } from 'node:child_process'
import { once } from 'node:events'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createScheduler } from '../agent/scheduler.ts'
import { createSecretResolver } from '../core/config/secrets.ts'
import { systemClock } from '../core/lifecycle/clock.ts'
import { Counters } from '../core/lifecycle/counters.ts'
import { silentLog } from '../core/log/log.ts'
import type { Sample } from '../core/model/sample.ts'
import type { SliceDevice } from '../core/wire/payloads.ts'
import { probes } from '../probes/index.ts'
import { kinds } from '../probes/kinds.ts'
import { type Report, secondsOf } from './figure.ts'
import { addressOf, type Manner, mannerOf } from './snmp-fleet-devices.ts'

const DEVICES = 500
const INTERVAL_MS = 20_000
const PORT = 21_610

/**
 * 500 simulated UPS polled by the agent's own scheduler: 5 % dead, 5 % answering after 3 s, 5 % losing 30 % of packets.
 * What counts: every healthy one is polled on time in every cycle. The devices run in a process of their own.
 */
export async function run(report: Report, args: readonly string[]): Promise<void> {
  const seconds = secondsOf(args, 600)
  const child = fork(fileURLToPath(new URL('./snmp-fleet-devices.js', import.meta.url)), ['serve-fleet', String(DEVICES), String(PORT)])
  const polls = new Map<string, { at: number; up: boolean }[]>()
  let fields = 0
  const scheduler = createScheduler({
    site: 'bench',
    probes,
    kinds,
    log: silentLog,
    clock: systemClock,
    counters: new Counters(),
    profiles: [],
    secrets: createSecretResolver({ env: {}, baseDir: '.', paths: [] }),
    emit: (samples) => {
      for (const sample of samples) {
        note(polls, sample)
        fields += Object.keys(sample.fields).length
      }
    },
  })
  try {
    await once(child, 'message')
    const lag = monitorEventLoopDelay({ resolution: 10 })
    await scheduler.apply(Array.from({ length: DEVICES }, (_, n) => device(n)))
    // The first cycle chooses profiles and compiles; the steady state is measured.
    await delay(INTERVAL_MS * 1.5)
    lag.enable()
    polls.clear()
    fields = 0
    const cpu = process.cpuUsage()
    const started = Date.now()
    await delay(seconds * 1000)
    const used = process.cpuUsage(cpu)
    tell(report, polls, Date.now() - started)
    const figure = (name: string, value: number, unit: string) => report({ bench: 'snmp-fleet', name, value, unit })
    figure('CPU per value stored', (used.user + used.system) / fields, 'us')
    figure(`CPU for ${DEVICES} devices at ${INTERVAL_MS / 1000} s`, (used.user + used.system) / (seconds * 10_000), '% of a core')
    figure('event loop delay, 99th percentile', lag.percentile(99) / 1e6, 'ms')
    figure('RSS', process.memoryUsage().rss / 1_048_576, 'MB')
  } finally {
    await scheduler.stop()
    child.disconnect()
  }
}

function device(n: number): SliceDevice {
  const options = { community: 'public', port: PORT, retries: 2, ...(mannerOf(n) === 'slow' ? { request_timeout: '5s' } : {}) }
  const check = { name: 'snmp', kind: 'snmp', interval_ms: INTERVAL_MS, timeout_ms: INTERVAL_MS - 1000, enabled: true, options }
  return { name: `ups-${n}`, title: `ups-${n}`, class: 'ups', address: addressOf(n), checks: [check] }
}

function note(polls: Map<string, { at: number; up: boolean }[]>, sample: Sample): void {
  const name = sample.tags.device
  if (sample.measurement !== 'check' || name === undefined || sample.tags.group !== undefined || sample.fields.up === undefined) return
  const list = polls.get(name) ?? []
  list.push({ at: sample.time, up: Number(sample.fields.up) === 1 })
  polls.set(name, list)
}

function tell(report: Report, polls: ReadonlyMap<string, { at: number; up: boolean }[]>, elapsedMs: number): void {
  const cycles = Math.floor(elapsedMs / INTERVAL_MS)
  for (const manner of ['healthy', 'slow', 'lossy', 'dead'] as const satisfies readonly Manner[]) {
    const members = Array.from({ length: DEVICES }, (_, n) => n).filter((n) => mannerOf(n) === manner)
    let good = 0
    let latest = 0
    for (const n of members) {
      const own = polls.get(`ups-${n}`) ?? []
      good += Math.min(cycles, own.filter((poll) => poll.up).length)
      own.forEach((poll, i) => {
        const before = own[i - 1]
        if (before) latest = Math.max(latest, poll.at - before.at - INTERVAL_MS)
      })
    }
    report({
      bench: 'snmp-fleet',
      name: `${manner} devices: polls that answered in full`,
      value: (100 * good) / (members.length * cycles),
      unit: '%',
    })
    if (manner === 'healthy')
      report({ bench: 'snmp-fleet', name: 'healthy devices: latest poll, behind its time', value: latest, unit: 'ms' })
  }
}
