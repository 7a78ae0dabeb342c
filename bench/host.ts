import * as v from 'valibot'
import { systemClock } from '../core/lifecycle/clock.ts'
import { Counters } from '../core/lifecycle/counters.ts'
import { encodeSample } from '../core/line/encode.ts'
import { silentLog } from '../core/log/log.ts'
import { host } from '../probes/host/host.ts'
import { type HostOptions, hostKind } from '../probes/host/options.ts'
import { createProcReader } from '../probes/host/proc-reader.ts'
import type { Report } from './figure.ts'

const RUNS = 300
/** systeminformation keeps answers for half a second: asked more often it measures its cache. */
const PEER_RUNS = 4
const PEER_PAUSE_MS = 1_100

const FILES = ['stat', 'meminfo', 'loadavg', 'uptime', 'diskstats', 'net/dev', 'self/mountinfo'].map((name) => `/proc/${name}`)

/** CPU of one run of the host probe, beside bare reads of the same files and systeminformation's nearest calls. */
export async function run(report: Report): Promise<void> {
  const options = v.parse(hostKind.options, {}) as HostOptions
  const target = { site: 'bench', device: 'host', class: 'host', check: 'host', intervalMs: 10_000 }
  const probe = host.create(target, options, { log: silentLog, clock: systemClock, counters: new Counters(), profiles: [] })
  const signal = new AbortController().signal
  let lines = 0
  const once = async (): Promise<void> => {
    const { samples } = await probe.run(signal)
    lines = Math.max(lines, samples.map((sample) => encodeSample(sample)).length)
  }
  const reader = createProcReader()
  const floor = await cpuPerRun(RUNS, async () => {
    for (const file of FILES) reader.text(file)
  })
  const own = await cpuPerRun(RUNS, once)
  const peer = await peerCost()
  report({ bench: 'host', name: 'bare reads of the files', value: floor, unit: 'µs CPU' })
  report({ bench: 'host', name: `probe run to ${lines} lines`, value: own, unit: 'µs CPU', peer: 'bare reads', ratio: own / floor })
  report({ bench: 'host', name: 'systeminformation, own process only', value: peer, unit: 'µs CPU', peer: 'probe', ratio: peer / own })
  report({ bench: 'host', name: 'share of a core at 10 s', value: (own / 1e7) * 100, unit: '%' })
}

async function cpuPerRun(runs: number, once: () => Promise<void>): Promise<number> {
  for (let warm = 0; warm < runs / 3; warm++) await once()
  const before = process.cpuUsage()
  for (let at = 0; at < runs; at++) await once()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / runs
}

async function peerCost(): Promise<number> {
  const { currentLoad, mem, fsSize, disksIO, networkStats } = await import('systeminformation')
  let spent = 0
  for (let at = 0; at < PEER_RUNS; at++) {
    const before = process.cpuUsage()
    await Promise.all([currentLoad(), mem(), fsSize(), disksIO(), networkStats('*')])
    const { user, system } = process.cpuUsage(before)
    if (at > 0) spent += user + system
    await new Promise((resolve) => setTimeout(resolve, PEER_PAUSE_MS))
  }
  return spent / (PEER_RUNS - 1)
}
