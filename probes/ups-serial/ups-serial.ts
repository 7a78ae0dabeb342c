import { ProbeError } from '../../core/model/reason.ts'
import {
  type Identity,
  parseIdentity,
  parseQ1,
  parseQ6,
  parseRatings,
  type Q1,
  type Q6,
  type Ratings,
} from '../../protocols/megatec/codec.ts'
import { leaseMegatecLine, megatecAsk, UnknownCommand } from '../../protocols/megatec/session.ts'
import type { Probe, ProbeDeps, ProbeKind, Target } from '../probe.ts'
import type { UpsSerialOptions } from './options.ts'
import { upsSamples } from './samples.ts'

/** What never changes, and commands that the UPS did not know, are asked for again after this, ms. */
const ASK_AGAIN_MS = 3_600_000

interface Kept<T> {
  readonly value: T | null
  readonly until: number
}

/** A UPS on a serial line: Q1 for its state, Q6 where it knows it, I and F for what it is. */
export const upsSerial: ProbeKind<UpsSerialOptions> = {
  create(target: Target, options: UpsSerialOptions, deps: ProbeDeps): Probe {
    const lease = leaseMegatecLine(deps.counters, options, target.address)
    const line = lease.value
    let identity: Kept<Identity> | null = null
    let ratings: Kept<Ratings> | null = null
    let knowsQ6 = false
    let noQ6Until = options.protocol === 'q1' ? Number.POSITIVE_INFINITY : 0

    /** Noise breaks single frames: a bad one is asked for again. */
    async function ask<T>(command: string, parse: (text: string) => T | string, signal: AbortSignal, retries: number): Promise<T> {
      for (let left = retries; ; left--) {
        try {
          const parsed = parse(await megatecAsk(line, command, options.request_timeout, signal))
          if (typeof parsed !== 'string') return parsed
          throw new ProbeError('protocol', `${line.name}: bad answer to ${command}: ${parsed}`)
        } catch (error) {
          if (left <= 0 || signal.aborted || error instanceof UnknownCommand) throw error
        }
      }
    }

    /** Kept for an hour, also that there is none; a UPS that is silent is asked again next time. */
    async function once<T>(
      kept: Kept<T> | null,
      command: string,
      parse: (text: string) => T | string,
      signal: AbortSignal,
    ): Promise<Kept<T>> {
      const now = deps.clock.monotonic()
      if (kept && now < kept.until) return kept
      try {
        return { value: await ask(command, parse, signal, 0), until: now + ASK_AGAIN_MS }
      } catch (error) {
        if (!(error instanceof ProbeError)) throw error
        deps.log.debug({ device: target.device, command, problem: error.message }, 'the UPS does not tell what it is')
        return { value: kept?.value ?? null, until: now + ASK_AGAIN_MS }
      }
    }

    async function readQ6(signal: AbortSignal): Promise<Q6 | null> {
      const now = deps.clock.monotonic()
      if (now < noQ6Until) return null
      try {
        const q6 = await ask('Q6', parseQ6, signal, options.protocol === 'q6' ? options.retries : 0)
        knowsQ6 = true
        return q6
      } catch (error) {
        if (options.protocol === 'q6' || !(error instanceof ProbeError)) throw error
        // One that it has answered before got lost; what it doesn't know it answers at once or never.
        if (!knowsQ6) noQ6Until = now + ASK_AGAIN_MS
        return null
      }
    }

    return {
      async run(signal) {
        const q1: Q1 = await ask('Q1', parseQ1, signal, options.retries)
        const q6 = await readQ6(signal)
        identity = await once(identity, 'I', parseIdentity, signal)
        ratings = await once(ratings, 'F', parseRatings, signal)
        const nominal = ratings.value?.batteryVolt ?? null
        const cells = options.cells ?? (nominal === null || nominal < 4 ? null : Math.round(nominal / 2))
        const samples = upsSamples({ q1, q6, identity: identity.value, ratings: ratings.value, cells }, deps.clock.now())
        return { samples, ...(q1.bits.utilityFail ? { againMs: options.fast } : {}) }
      },
      close: () => lease.release(),
    }
  },
}
