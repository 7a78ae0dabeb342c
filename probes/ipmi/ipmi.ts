import type { Counters } from '../../core/lifecycle/counters.ts'
import { ProbeError } from '../../core/model/reason.ts'
import { createIpmiClient } from '../../protocols/ipmi/client.ts'
import { chooseSuites } from '../../protocols/ipmi/login.ts'
import { createUdpHub, type UdpHub } from '../../protocols/ipmi/udp.ts'
import type { Probe, ProbeDeps, ProbeKind, Target } from '../probe.ts'
import { createToolProbe } from './freeipmi.ts'
import { createNativeProbe } from './native.ts'
import type { IpmiOptions } from './options.ts'

/** One UDP hub per program: all BMCs share its socket. A program is known by its counters, and its hub ends with it. */
const hubs = new WeakMap<Counters, UdpHub>()

function hubOf(deps: ProbeDeps): UdpHub {
  let hub = hubs.get(deps.counters)
  if (!hub) {
    hub = createUdpHub()
    hubs.set(deps.counters, hub)
  }
  return hub
}

export const ipmi: ProbeKind<IpmiOptions> = {
  create(target, options, deps) {
    if (options.driver === 'local') return createToolProbe(null, options, target.intervalMs, deps)
    if (!target.address) throw new ProbeError('config', 'ipmi needs the address of the BMC: give the check one')
    if (options.driver === 'freeipmi') return createToolProbe(target.address, options, target.intervalMs, deps)
    return native(target.address, options, deps)
  },
}

/** In-band, whatever `driver` says. */
export const ipmiLocal: ProbeKind<IpmiOptions> = {
  create: (target: Target, options, deps) => createToolProbe(null, { ...options, driver: 'local' }, target.intervalMs, deps),
}

function native(address: string, options: IpmiOptions, deps: ProbeDeps): Probe {
  const client = createIpmiClient(
    {
      address,
      port: options.port,
      username: options.username,
      password: options.password,
      ...(options.kg === undefined ? {} : { kg: options.kg }),
      privilege: options.privilege,
      suites: chooseSuites(options.cipher_suites, options.allow_weak),
      version: options.version,
      window: options.window,
      timeoutMs: options.request_timeout,
      retries: options.retries,
      keepAliveMs: options.keep_alive,
    },
    { hub: hubOf(deps), clock: deps.clock, log: deps.log },
  )
  return createNativeProbe(client, options, deps)
}
