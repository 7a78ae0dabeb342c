import * as v from 'valibot'
import { type Clock, systemClock } from '../../core/lifecycle/clock.ts'
import { Counters } from '../../core/lifecycle/counters.ts'
import { silentLog } from '../../core/log/log.ts'
import type { Sample } from '../../core/model/sample.ts'
import { ipmi } from '../../probes/ipmi/ipmi.ts'
import { type IpmiOptions, ipmiKind } from '../../probes/ipmi/options.ts'
import type { Probe } from '../../probes/probe.ts'
import { SIM_PASSWORD, SIM_USER } from './ipmi-sim.ts'

export function ipmiOptions(given: Record<string, unknown>): IpmiOptions {
  return v.parse(ipmiKind.options, { username: SIM_USER, password: SIM_PASSWORD, ...given }) as IpmiOptions
}

/** A probe of a BMC on loopback as the agent would make it. */
export function ipmiProbe(port: number, given: Record<string, unknown> = {}, parts: { clock?: Clock; counters?: Counters } = {}): Probe {
  const target = { site: 'test', device: 'server', class: 'server', address: '127.0.0.1', check: 'ipmi', intervalMs: 60_000 }
  const deps = { log: silentLog, clock: parts.clock ?? systemClock, counters: parts.counters ?? new Counters(), profiles: [] }
  return ipmi.create(target, ipmiOptions({ port, ...given }), deps)
}

/** Sensor samples by their `name` tag. */
export function byName(samples: readonly Sample[]): Map<string, Sample> {
  return new Map(samples.filter((sample) => sample.measurement === 'ipmi_sensor').map((sample) => [sample.tags.name ?? '', sample]))
}
