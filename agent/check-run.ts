import type { Clock } from '../core/lifecycle/clock.ts'
import { ProbeError, type Reason, reasonOf } from '../core/model/reason.ts'
import type { Sample } from '../core/model/sample.ts'
import type { GroupOutcome, Probe, Reading } from '../probes/probe.ts'

/** One finished run of one check. */
export interface CheckRun {
  readonly device: string
  readonly check: string
  readonly kind: string
  readonly reason: Reason
  /** In words; never a secret. */
  readonly detail?: string
  /** Start, ms since 1970. */
  readonly at: number
  readonly durationMs: number
  /** What was measured and the run's own `check` samples, with `site` and `device`. */
  readonly samples: readonly Sample[]
  /** The check asks to be run again sooner than at its next interval, ms. */
  readonly againMs?: number
  /** Set after an overrun: settles when the abandoned run has really ended. */
  readonly abandoned?: Promise<void>
}

/** Whose run it is. */
export interface CheckIdentity {
  readonly site: string
  readonly device: string
  readonly check: string
  readonly kind: string
}

export interface RunLimits {
  /** After this the run's signal aborts, ms. */
  readonly timeoutMs: number
  /** After this much more the run is given up on, ms. */
  readonly graceMs?: number
  /** Aborts the run from outside: the program stops, or the asker has gone. */
  readonly signal?: AbortSignal
}

/** A run that minds its signal ends within this, ms. */
const GRACE_MS = 1_000

/**
 * The one wrapper around every run: deadline, duration, reason, tags, `check` samples. Never throws.
 * `subject` is a function so that making the probe (import, options, secrets) fails like a run.
 */
export async function runCheck(
  identity: CheckIdentity,
  subject: () => Promise<Probe> | Probe,
  limits: RunLimits,
  clock: Clock,
): Promise<CheckRun> {
  const at = clock.now()
  const started = clock.monotonic()
  const graceMs = limits.graceMs ?? GRACE_MS
  const deadline = openDeadline(limits)
  const running = attempt(subject, deadline.signal).finally(deadline.close)
  const outcome = await Promise.race([running, overrun(deadline.signal, graceMs, running)])
  const durationMs = clock.monotonic() - started
  if (outcome !== 'overrun') return finish(identity, outcome, at, durationMs)
  const detail = `the run did not end ${graceMs} ms after its deadline of ${limits.timeoutMs} ms`
  const run = finish(identity, { samples: [], reason: 'overrun', detail }, at, durationMs)
  return { ...run, abandoned: running.then(() => undefined) }
}

/** A run that was not made: `reason` stands for what is known without asking (DESIGN §6: absence is never silence). */
export function assumeRun(identity: CheckIdentity, reason: Reason, detail: string, at: number): CheckRun {
  const run = finish(identity, { samples: [], reason, detail }, at, 0)
  return { ...run, samples: run.samples.map((sample) => ({ ...sample, fields: { ...sample.fields, assumed: true } })) }
}

/** Settles always with a reading; what is thrown becomes its reason. */
async function attempt(subject: () => Promise<Probe> | Probe, signal: AbortSignal): Promise<Reading> {
  try {
    const probe = await subject()
    signal.throwIfAborted()
    return await probe.run(signal)
  } catch (error) {
    return { samples: [], reason: reasonIn(error, signal), detail: error instanceof Error ? error.message : String(error) }
  }
}

/** An unknown error after the deadline is its consequence, whatever the library made of the abort. */
function reasonIn(error: unknown, signal: AbortSignal): Reason {
  const reason = reasonOf(error)
  return reason === 'internal' && signal.aborted && !(error instanceof ProbeError) ? 'timeout' : reason
}

/** Not AbortSignal.any: on Node 20 a signal that lives long keeps everything that was ever derived from it. */
function openDeadline(limits: RunLimits): { readonly signal: AbortSignal; close(): void } {
  const controller = new AbortController()
  const outer = limits.signal
  const abort = (): void => controller.abort(outer?.reason)
  const timer = setTimeout(() => controller.abort(new DOMException('the deadline has passed', 'TimeoutError')), limits.timeoutMs)
  if (outer?.aborted) abort()
  else outer?.addEventListener('abort', abort, { once: true })
  return {
    signal: controller.signal,
    close() {
      clearTimeout(timer)
      outer?.removeEventListener('abort', abort)
    },
  }
}

function overrun(signal: AbortSignal, graceMs: number, running: Promise<unknown>): Promise<'overrun'> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined
    const late = (): void => {
      timer = setTimeout(resolve, graceMs, 'overrun')
    }
    if (signal.aborted) late()
    else signal.addEventListener('abort', late, { once: true })
    void running.then(() => {
      signal.removeEventListener('abort', late)
      clearTimeout(timer)
    })
  })
}

function finish(identity: CheckIdentity, reading: Reading, at: number, durationMs: number): CheckRun {
  const { site, device, check, kind } = identity
  const reason = reading.reason ?? 'ok'
  const owner = { site, device }
  const samples: Sample[] = reading.samples.map((sample) => ({ ...sample, tags: { ...owner, ...sample.tags } }))
  const outcomes: readonly (GroupOutcome | null)[] = [null, ...(reading.groups ?? [])]
  for (const group of outcomes) {
    const result = group?.reason ?? reason
    const took = group ? group.durationMs : durationMs
    samples.push({
      measurement: 'check',
      tags: { ...owner, check, kind, ...(group ? { group: group.name } : {}) },
      fields: { up: result === 'ok', reason: result, ...(took === undefined ? {} : { duration_ms: took }) },
      time: at,
    })
  }
  const { detail, againMs } = reading
  return {
    device,
    check,
    kind,
    reason,
    at,
    durationMs,
    samples,
    ...(detail === undefined ? {} : { detail }),
    ...(againMs === undefined ? {} : { againMs }),
  }
}
