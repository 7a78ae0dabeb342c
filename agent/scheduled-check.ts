import * as v from 'valibot'
import { resolveDeep, type SecretResolver } from '../core/config/secrets.ts'
import type { Clock } from '../core/lifecycle/clock.ts'
import type { Counters } from '../core/lifecycle/counters.ts'
import type { Log } from '../core/log/log.ts'
import { ProbeError } from '../core/model/reason.ts'
import type { SliceCheck, SliceDevice } from '../core/wire/payloads.ts'
import type { KindSpec } from '../probes/kind-spec.ts'
import type { Emit, ListenerKind, Probe, ProbeKind, Target } from '../probes/probe.ts'
import { type History, newHistory } from './back-off.ts'
import { type CheckIdentity, type CheckRun, runCheck } from './check-run.ts'
import { createListenerProbe } from './listener-probe.ts'

/** What a check needs to come to life; the composition root hands it in. */
export interface CheckDeps {
  readonly site: string
  /** Pull kinds, loaded when first needed. */
  readonly probes: Readonly<Record<string, () => Promise<ProbeKind<unknown>>>>
  /** Push kinds. */
  readonly listeners?: Readonly<Record<string, () => Promise<ListenerKind<unknown>>>>
  readonly kinds: Readonly<Record<string, KindSpec>>
  readonly emit: Emit
  readonly log: Log
  readonly clock: Clock
  readonly counters: Counters
  /** SNMP profiles of the slice in force. */
  readonly profiles: readonly unknown[] | (() => readonly unknown[])
  readonly secrets: SecretResolver
  /** A listener heard of a device; the scheduler puts it in. */
  readonly hint?: (device: string) => void
}

/** One check of one device as it runs: makes its probe at the first run, and anew when its secrets may have changed. */
export class ScheduledCheck {
  readonly device: SliceDevice
  readonly check: SliceCheck
  readonly identity: CheckIdentity
  readonly where: KindSpec['where']
  /** Equal for checks that must not talk to their device at one time. */
  readonly lane: string
  /** Equal for the checks of one address. */
  readonly peer: string
  readonly history: History
  readonly #deps: CheckDeps
  readonly #stopping = new AbortController()
  #probe: Probe | null = null
  #last: Promise<unknown> = Promise.resolve()

  constructor(device: SliceDevice, check: SliceCheck, deps: CheckDeps) {
    this.device = device
    this.check = check
    this.#deps = deps
    this.identity = { site: deps.site, device: device.name, check: check.name, kind: check.kind }
    this.where = deps.kinds[check.kind]?.where ?? 'local'
    const address = check.address ?? device.address ?? device.name
    this.peer = address
    this.lane = `${address}:${String(check.options.port ?? '')}|${check.kind}`
    this.history = newHistory(check.kind)
  }

  /** Never throws. `signal` is the asker's; the check's own end aborts the run too. */
  async run(signal?: AbortSignal): Promise<CheckRun> {
    const outer = new AbortController()
    const abort = (): void => outer.abort()
    for (const source of [this.#stopping.signal, signal]) {
      if (source?.aborted) abort()
      else source?.addEventListener('abort', abort, { once: true })
    }
    const running = runCheck(
      this.identity,
      () => this.#open(),
      { timeoutMs: this.check.timeout_ms, signal: outer.signal },
      this.#deps.clock,
    )
    this.#last = running
    const run = await running
    for (const source of [this.#stopping.signal, signal]) source?.removeEventListener('abort', abort)
    if (run.reason === 'auth_failed' || run.reason === 'config') await this.#drop()
    return run
  }

  /** Aborts what runs, waits for it, closes the probe. */
  async close(): Promise<void> {
    this.#stopping.abort()
    await this.#last
    await this.#drop()
  }

  async #open(): Promise<Probe> {
    this.#probe ??= await this.#create()
    return this.#probe
  }

  async #drop(): Promise<void> {
    const probe = this.#probe
    this.#probe = null
    try {
      await probe?.close?.()
    } catch (error) {
      this.#deps.log.warn({ ...this.identity, err: error }, 'probe did not close')
    }
  }

  async #create(): Promise<Probe> {
    const { kind } = this.check
    const spec = this.#deps.kinds[kind]
    const pull = this.#deps.probes[kind]
    const push = this.#deps.listeners?.[kind]
    if (!spec || !(pull ?? push)) throw new ProbeError('unsupported', `this agent does not know the kind ${kind}: update it`)
    const options = this.#options(spec)
    const target = this.#target()
    const { log, clock, counters, profiles, hint = () => {} } = this.#deps
    const deps = {
      log: log.child({ device: target.device, check: target.check }),
      clock,
      counters,
      profiles: typeof profiles === 'function' ? profiles() : profiles,
    }
    if (pull) return (await pull()).create(target, options, deps)
    if (!push) throw new ProbeError('unsupported', `this agent does not know the kind ${kind}: update it`)
    const owner = { site: this.identity.site, device: this.identity.device }
    const emit: Emit = (samples) => this.#deps.emit(samples.map((sample) => ({ ...sample, tags: { ...owner, ...sample.tags } })))
    return createListenerProbe((await push()).create(target, options, emit, { ...deps, hint }))
  }

  #options(spec: KindSpec): unknown {
    const parsed = v.safeParse(spec.options, resolveDeep(this.check.options, this.#deps.secrets))
    if (parsed.success) return parsed.output
    // Paths only: what stands there may be a secret.
    const places = parsed.issues.map((issue) => v.getDotPath(issue) ?? 'options').join(', ')
    throw new ProbeError('unsupported', `this agent can't use ${places} of the kind ${this.check.kind}: update it, or correct the option`)
  }

  #target(): Target {
    const { device, check } = this
    const address = this.where === 'local' ? undefined : (check.address ?? device.address)
    const common = { site: this.identity.site, device: device.name, class: device.class, check: check.name, intervalMs: check.interval_ms }
    return address === undefined ? common : { ...common, address }
  }
}
