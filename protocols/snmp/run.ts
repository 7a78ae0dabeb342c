import type { SourceFailure } from '../../core/profile/varbind.ts'
import { SnmpFailure } from './failure.ts'
import type { SnmpSession } from './session.ts'
import type { Tuning } from './tuning.ts'

export interface LiveOptions {
  readonly session: SnmpSession
  readonly tuning: Tuning
  /** The device's deadline: what was read until then is kept. */
  readonly signal: AbortSignal
  readonly timeoutMs: number
  /** Requests after the first that got no answer. */
  readonly retries: number
  /** Accept a walk whose OIDs do not increase, as long as none comes twice. */
  readonly nonincreasing?: boolean
}

/** Silences in a row after which the rest is not tried: a device that died half-way must not cost its whole deadline. */
const MAX_SILENCES = 8

/** State of one run against one device. */
export interface Run extends LiveOptions {
  silences: number
  /** A failure that every further request would meet: wrong credentials, deadline over, too much silence. */
  fatal: SnmpFailure | null
}

/** One request with its retries. Credentials that are refused, the deadline and lasting silence end the run. */
export async function attempt<T>(run: Run, ask: () => Promise<T>, retries: number = run.retries): Promise<T> {
  for (let left = retries; ; left--) {
    if (run.fatal) throw run.fatal
    try {
      const answer = await ask()
      run.silences = 0
      return answer
    } catch (error) {
      const failure = asFailure(error)
      if (failure.kind === 'auth' || failure.kind === 'aborted' || failure.reason === 'unreachable') run.fatal = failure
      if (failure.kind === 'timeout' && ++run.silences >= MAX_SILENCES) run.fatal = failure
      if (failure.kind !== 'timeout' || left <= 0) throw failure
    }
  }
}

export function asFailure(error: unknown): SnmpFailure {
  return error instanceof SnmpFailure ? error : new SnmpFailure('other', 'internal', error instanceof Error ? error.message : String(error))
}

export function failedOid(oid: string, { reason, message }: SnmpFailure): SourceFailure {
  return { oid, reason, detail: message }
}
