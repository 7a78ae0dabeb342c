import type { Clock } from '../core/lifecycle/clock.ts'
import type { Counters } from '../core/lifecycle/counters.ts'
import type { Log } from '../core/log/log.ts'
import type { Reason } from '../core/model/reason.ts'
import type { Sample } from '../core/model/sample.ts'

/** What a check is about. Options that hold secrets arrive already resolved. */
export interface Target {
  readonly site: string
  readonly device: string
  readonly class: string
  /** Host name or IP without port; undefined for local checks. */
  readonly address?: string
  /** Name of the check, unique within the device. */
  readonly check: string
  readonly intervalMs: number
}

/** What the program lends to probes. */
export interface ProbeDeps {
  readonly log: Log
  readonly clock: Clock
  readonly counters: Counters
  /** SNMP profiles as loaded from the slice or the configuration; empty when none. Shape: core/profile. */
  readonly profiles: readonly unknown[]
}

/** Outcome of one part of a run (a profile's group, a sub-request); written as `check` with tag `group`. */
export interface GroupOutcome {
  readonly name: string
  readonly reason: Reason
  readonly durationMs?: number
  /** In words, for `jifang probe` and the log; never a secret. */
  readonly detail?: string
}

/** What one run found. Samples carry neither `site` nor `device` unless they are about another device. */
export interface Reading {
  readonly samples: readonly Sample[]
  /** Default `ok`. A failure that still measured something (ping with 100 % loss, http 500) gives its samples and its reason. */
  readonly reason?: Reason
  readonly detail?: string
  readonly groups?: readonly GroupOutcome[]
  /** Run again after this rather than at the next interval, ms, at least 1000: something has to be confirmed or watched closely. */
  readonly againMs?: number
}

/** A pull check. `run` may throw ProbeError (or anything: the wrapper maps it); it must end soon after `signal` aborts. */
export interface Probe {
  run(signal: AbortSignal): Promise<Reading>
  close?(): Promise<void> | void
}

/** `create` checks its options and does no I/O. */
export interface ProbeKind<Options> {
  create(target: Target, options: Options, deps: ProbeDeps): Probe
}

/** A push check (trap, syslog, logfile): emits samples whenever it likes until closed; those about another device carry its `device` tag. */
export interface Listener {
  start(signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

export type Emit = (samples: readonly Sample[]) => void

export interface ListenerDeps extends ProbeDeps {
  /** Something happened to a device: what this agent polls of it is asked at once, not more often than the scheduler allows. */
  hint(device: string): void
}

export interface ListenerKind<Options> {
  create(target: Target, options: Options, emit: Emit, deps: ListenerDeps): Listener
}
