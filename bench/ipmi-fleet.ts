import { createSocket } from 'node:dgram'
import { readdirSync, readlinkSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import * as v from 'valibot'
import { systemClock } from '../core/lifecycle/clock.ts'
import { Counters } from '../core/lifecycle/counters.ts'
import { silentLog } from '../core/log/log.ts'
import { ipmi } from '../probes/ipmi/ipmi.ts'
import { type IpmiOptions, ipmiKind } from '../probes/ipmi/options.ts'
import type { Probe } from '../probes/probe.ts'
import { SIM_PASSWORD, SIM_USER } from '../test/support/ipmi-sim.ts'
import { type Report, secondsOf } from './figure.ts'
import { type Peers, startPeers } from './ipmi-peers.ts'
import { rssMb } from './process-cost.ts'

const FLEET = 200
const DEAD = 20
const SLOW = 20
const SLOW_MS = 200
const GROUPS = 5
const ROUNDS = 3
const INTERVAL_S = 60

interface Round {
  /** How long each healthy BMC took, ms. */
  readonly walls: readonly number[]
  readonly failed: number
}

/**
 * 200 BMCs with 75 sensors each, polled by one process over one socket, 20 of them dead and 20 answering each request 200 ms late.
 * Time is compressed: a minute's round is spread over 20 s (`--seconds N`), so CPU is told per round and as a share of 60 s.
 */
export async function run(report: Report, args: readonly string[]): Promise<void> {
  const spreadMs = secondsOf(args, 20) * 1000
  const before = rssMb(process.pid)
  const healthy = await startPeers('bmcs', FLEET - DEAD - SLOW, GROUPS, 0, 0)
  const alone = await measure(report, 'healthy alone', healthy.ports, [], spreadMs, before)
  const slow = await startPeers('bmcs', SLOW, GROUPS, SLOW, SLOW_MS)
  const dead = await deadPorts()
  const mixed = await measure(report, 'with 20 dead, 20 slow', healthy.ports, [...slow.ports, ...dead.ports], spreadMs, before)
  report({
    bench: 'ipmi-fleet',
    name: 'healthy BMC, p99 wall, with dead and slow ones',
    value: mixed,
    unit: 'ms',
    peer: 'without them',
    ratio: mixed / alone,
  })
  await Promise.all([healthy.close(), slow.close(), dead.close()])
}

async function measure(
  report: Report,
  name: string,
  healthy: readonly number[],
  others: readonly number[],
  spreadMs: number,
  rssBefore: number,
): Promise<number> {
  const counters = new Counters()
  const socketsBefore = sockets()
  const good = healthy.map((port) => probe(port, counters))
  const rest = others.map((port) => probe(port, counters))
  await round(good, rest, spreadMs)
  const cpu = process.cpuUsage()
  const walls: number[] = []
  let failed = 0
  for (let i = 0; i < ROUNDS; i++) {
    const done = await round(good, rest, spreadMs)
    walls.push(...done.walls)
    failed += done.failed
  }
  const { user, system } = process.cpuUsage(cpu)
  if (failed > 0) throw new Error(`${failed} runs of healthy BMCs failed`)
  const seconds = (user + system) / 1e6 / ROUNDS
  walls.sort((a, b) => a - b)
  const at = (share: number): number => walls[Math.floor(share * (walls.length - 1))] ?? 0
  const figure = (what: string, value: number, unit: string): void => report({ bench: 'ipmi-fleet', name: `${name}: ${what}`, value, unit })
  figure('BMCs', good.length + rest.length, 'count')
  figure('CPU per round', seconds * 1000, 'ms')
  figure(`CPU at one round per ${INTERVAL_S} s`, (seconds / INTERVAL_S) * 100, '% of a core')
  figure('healthy BMC, p50 wall', at(0.5), 'ms')
  figure('healthy BMC, p99 wall', at(0.99), 'ms')
  figure('RSS grown since start', rssMb(process.pid) - rssBefore, 'MB')
  figure('sockets for all BMCs', sockets() - socketsBefore, 'count')
  await Promise.all([...good, ...rest].map((one) => one.close?.()))
  return at(0.99)
}

function probe(port: number, counters: Counters): Probe {
  const options = v.parse(ipmiKind.options, { port, username: SIM_USER, password: SIM_PASSWORD, cipher_suites: [3] }) as IpmiOptions
  const target = {
    site: 'bench',
    device: `bmc-${port}`,
    class: 'server',
    address: '127.0.0.1',
    check: 'ipmi',
    intervalMs: INTERVAL_S * 1000,
  }
  return ipmi.create(target, options, { log: silentLog, clock: systemClock, counters, profiles: [] })
}

/** Every BMC once, started evenly over the time, as the scheduler does. */
async function round(good: readonly Probe[], rest: readonly Probe[], spreadMs: number): Promise<Round> {
  const all = [...good, ...rest]
  const walls: number[] = []
  let failed = 0
  const isGood = new Set(good)
  await Promise.all(
    all.map(async (one, i) => {
      // Neighbours in time are of all kinds.
      await new Promise((resolve) => setTimeout(resolve, (((i * 7) % all.length) / all.length) * spreadMs))
      const started = performance.now()
      const reading = await one.run(AbortSignal.timeout(30_000)).catch(() => null)
      if (!isGood.has(one)) return
      if (!reading || reading.reason !== undefined) failed += 1
      walls.push(performance.now() - started)
    }),
  )
  return { walls, failed }
}

/** Ports that are bound and never answer. */
async function deadPorts(): Promise<Pick<Peers, 'ports' | 'close'>> {
  const sockets = Array.from({ length: DEAD }, () => createSocket('udp4').unref())
  await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))))
  return {
    ports: sockets.map((socket) => socket.address().port),
    async close() {
      for (const socket of sockets) socket.close()
    },
  }
}

const sockets = (): number =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:')
    } catch {
      return false
    }
  }).length
