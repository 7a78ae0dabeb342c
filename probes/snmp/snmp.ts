import { ProbeError } from '../../core/model/reason.ts'
import type { Sample } from '../../core/model/sample.ts'
import { evaluate, type GroupResult } from '../../core/profile/evaluate.ts'
import { createSampler } from '../../core/profile/samples.ts'
import { accessWarning } from '../../protocols/snmp/access.ts'
import { type Identity, openSnmpDevice } from '../../protocols/snmp/device.ts'
import type { GroupOutcome, Probe, ProbeDeps, ProbeKind, Reading, Target } from '../probe.ts'
import type { Choice, Sighting } from './choice.ts'
import { ProfileChooser } from './chooser.ts'
import { createGroupPlan } from './group-plan.ts'
import type { SnmpOptions } from './options.ts'
import { leaseSockets, libraryOf } from './shared.ts'

/** Rates across more than this many missed polls say nothing. */
const GAP_INTERVALS = 3

/** Interval of a UPS that runs on battery. */
const OFF_MAINS_MS = 5_000

/**
 * Reads a device by its profiles. One cheap GET first: a silent device costs that and no more, and is read in full in the very run it answers again.
 * Each group of a profile succeeds or fails alone; what answered is kept.
 */
export const snmp: ProbeKind<SnmpOptions> = {
  create(target: Target, options: SnmpOptions, deps: ProbeDeps): Probe {
    if (target.address === undefined) throw new ProbeError('config', 'an snmp check needs an address')
    const lease = leaseSockets(deps.counters)
    const device = openSnmpDevice({ address: target.address, access: options, sockets: lease.sockets })
    const sampler = createSampler(target.intervalMs * GAP_INTERVALS + 5000)
    const plan = createGroupPlan()
    const chooser = new ProfileChooser(options.profile, libraryOf(deps), deps.log)
    const warning = accessWarning(options)
    if (warning) deps.log.warn({}, warning)
    let silent = 0

    async function greet(signal: AbortSignal): Promise<Identity> {
      try {
        const identity = await device.identify(signal, silent === 0)
        silent = 0
        return identity
      } catch (error) {
        silent++
        throw error
      }
    }

    async function run(signal: AbortSignal): Promise<Reading> {
      const identity = await greet(signal)
      const now: Sighting = { identity, at: deps.clock.monotonic() }
      const source = await device.source(signal)
      if (chooser.outdated(now)) {
        if (chooser.choice) device.forget()
        plan.reset()
      }
      const choice = await chooser.choose(source, now, signal)
      if (chooser.choice === null) return { samples: [], reason: signal.aborted ? 'timeout' : 'no_data', detail: choice.because }
      const groups = choice.profiles.flatMap((profile) => profile.groups)
      const results = await evaluate(plan.due(groups, now.at), source)
      plan.learn(results, now.at)
      const time = deps.clock.now()
      const samples = sampler.samples(results, { time, at: now.at, uptime: identity.uptime })
      if (await chooser.doubt(source, identity, signal)) plan.reset()
      return { samples, groups: results.map(outcomeOf), ...verdict(results, choice), ...closeLook(samples) }
    }

    return {
      run,
      close() {
        device.close()
        lease.release()
      },
    }
  },
}

/** A UPS off mains is watched closely: what happens next is a matter of minutes. */
function closeLook(samples: readonly Sample[]): Pick<Reading, 'againMs'> {
  const offMains = samples.some(({ measurement, fields }) => measurement === 'ups' && String(fields.status).split(' ').includes('OB'))
  return offMains ? { againMs: OFF_MAINS_MS } : {}
}

function outcomeOf({ group, reason, detail }: GroupResult): GroupOutcome {
  return { name: `${group.profile}.${group.name}`, reason, ...(detail === undefined ? {} : { detail }) }
}

/** Groups a device does not have are no failure as long as others answer. */
function verdict(results: readonly GroupResult[], choice: Choice): Pick<Reading, 'reason' | 'detail'> {
  const failed = results.filter(({ reason }) => reason !== 'ok' && reason !== 'no_such' && reason !== 'no_data')
  const good = results.some(({ reason }) => reason === 'ok' || reason === 'partial')
  const [first] = failed
  if (!first) return { reason: good || results.length === 0 ? 'ok' : 'no_data', detail: choice.because }
  const told = failed.map(({ group, reason, detail }) => `${group.profile}.${group.name}: ${detail ?? reason}`).join('; ')
  return { reason: good ? 'partial' : first.reason, detail: told.slice(0, 500) }
}
