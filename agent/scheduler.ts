import type { Reason } from '../core/model/reason.ts'
import { createPhase, type Phase } from '../core/schedule/phase.ts'
import type { SliceDevice } from '../core/wire/payloads.ts'
import { type History, remember, skips } from './back-off.ts'
import { assumeRun, type CheckRun } from './check-run.ts'
import { type CheckDeps, ScheduledCheck } from './scheduled-check.ts'

export interface SchedulerDeps extends CheckDeps {
  /** Runs of remote checks at one time; local ones have their own lanes. */
  readonly maxConcurrent?: number
}

export interface Scheduler {
  /** Brings what runs in line: only checks whose content differs are started, stopped or restarted. Resolves when the old ones have ended. */
  apply(devices: readonly SliceDevice[]): Promise<void>
  /** Runs one check, or all of a device, now. Results are returned, not emitted. Empty when there is no such check here. */
  runNow(device: string, check: string | undefined, signal: AbortSignal): Promise<CheckRun[]>
  stop(): Promise<void>
  /** Grows as long as due checks are dealt with; a watchdog may rely on it. */
  progress(): number
}

interface Entry {
  readonly content: string
  readonly subject: ScheduledCheck
  readonly phase: Phase
  timer: NodeJS.Timeout | undefined
  dueAt: number
  /** Of its scheduled runs; `abandoned` until a run that ignored its deadline has really ended. */
  state: 'idle' | 'queued' | 'running' | 'abandoned'
  lastReason: Reason | null
}

interface Job {
  readonly entry: Entry
  readonly signal?: AbortSignal
  readonly done?: (run: CheckRun) => void
}

const HEARTBEAT_MS = 10_000
/** No check is run again sooner than this, whatever it asks for. */
const SOONEST_MS = 1_000
/** A check this late with nothing running means that the scheduler stands still. */
const STANDSTILL_MS = 30_000
/** Kinds that read the state a trap speaks of. */
const HINTED_KINDS: ReadonlySet<string> = new Set(['snmp', 'ipmi'])
/** A device that sends traps without end is not polled without end. */
const HINT_GAP_MS = 10_000

export function createScheduler(deps: SchedulerDeps): Scheduler {
  return new CheckScheduler(deps)
}

class CheckScheduler implements Scheduler {
  readonly #deps: SchedulerDeps
  readonly #maxConcurrent: number
  readonly #entries = new Map<string, Entry>()
  readonly #lanes = new Set<string>()
  /** When a device was last asked out of turn. */
  readonly #hinted = new Map<string, number>()
  readonly #heartbeat: NodeJS.Timeout
  #ready: Job[] = []
  #active = 0
  #progress = 0
  #stopped = false
  #applying: Promise<void> = Promise.resolve()

  constructor(deps: SchedulerDeps) {
    this.#deps = { ...deps, hint: (device) => this.#hint(device) }
    this.#maxConcurrent = deps.maxConcurrent ?? 32
    this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT_MS)
    this.#heartbeat.unref()
  }

  /** One at a time: a later call sees what an earlier one has made of the checks. */
  apply(devices: readonly SliceDevice[]): Promise<void> {
    const applied = this.#applying.then(() => this.#bringInLine(devices))
    this.#applying = applied.catch(() => {})
    return applied
  }

  async #bringInLine(devices: readonly SliceDevice[]): Promise<void> {
    if (this.#stopped) return
    const profiles = typeof this.#deps.profiles === 'function' ? this.#deps.profiles() : this.#deps.profiles
    const wanted = new Map<string, { content: string; device: SliceDevice; check: SliceDevice['checks'][number] }>()
    for (const device of devices) {
      for (const check of device.checks) {
        const content = JSON.stringify([device.class, device.address, check, profiles])
        wanted.set(`${device.name}/${check.name}`, { content, device, check })
      }
    }
    const gone = [...this.#entries].filter(([key, entry]) => wanted.get(key)?.content !== entry.content)
    await Promise.all(gone.map(([key]) => this.#remove(key)))
    for (const [key, { content, device, check }] of wanted) {
      if (this.#stopped || this.#entries.has(key)) continue
      const subject = new ScheduledCheck(device, check, this.#deps)
      const phase = createPhase(key, check.interval_ms)
      const entry: Entry = { content, subject, phase, timer: undefined, dueAt: 0, state: 'idle', lastReason: null }
      this.#entries.set(key, entry)
      this.#arm(entry, phase.first(this.#deps.clock.monotonic()))
    }
  }

  async runNow(device: string, check: string | undefined, signal: AbortSignal): Promise<CheckRun[]> {
    const chosen = [...this.#entries.values()].filter(
      ({ subject }) => subject.device.name === device && (check === undefined || subject.check.name === check),
    )
    return await Promise.all(
      chosen.map(
        (entry) =>
          new Promise<CheckRun>((done) => {
            const job: Job = { entry, signal, done }
            signal.addEventListener('abort', () => this.#giveUp(job), { once: true })
            this.#ready.unshift(job)
            this.#pump()
          }),
      ),
    )
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearInterval(this.#heartbeat)
    await Promise.all([...this.#entries.keys()].map((key) => this.#remove(key)))
  }

  progress(): number {
    return this.#progress
  }

  async #remove(key: string): Promise<void> {
    const entry = this.#entries.get(key)
    if (!entry) return
    this.#entries.delete(key)
    clearTimeout(entry.timer)
    const waiting = this.#ready.filter((job) => job.entry === entry)
    this.#ready = this.#ready.filter((job) => job.entry !== entry)
    for (const job of waiting) job.done?.(this.#assume(entry, 'config', 'the check was removed'))
    await entry.subject.close()
  }

  /** The asker has gone before its turn came. */
  #giveUp(job: Job): void {
    if (!this.#ready.includes(job)) return
    this.#ready = this.#ready.filter((other) => other !== job)
    job.done?.(this.#assume(job.entry, 'busy', 'another run on the same device did not end in time'))
  }

  /** What tells the state of a device that a trap came from is asked now, however often traps come. */
  #hint(device: string): void {
    const now = this.#deps.clock.monotonic()
    if (now - (this.#hinted.get(device) ?? Number.NEGATIVE_INFINITY) < HINT_GAP_MS) return
    for (const entry of this.#entries.values()) {
      const { subject } = entry
      if (subject.device.name !== device || !HINTED_KINDS.has(subject.check.kind) || entry.state !== 'idle') continue
      this.#hinted.set(device, now)
      this.#deps.counters.add('jifang_polls_hinted_total')
      subject.history.losses = 0
      this.#arm(entry, now)
    }
  }

  #arm(entry: Entry, dueAt: number): void {
    entry.dueAt = dueAt
    clearTimeout(entry.timer)
    entry.timer = setTimeout(() => this.#due(entry), Math.max(0, dueAt - this.#deps.clock.monotonic()))
  }

  #due(entry: Entry): void {
    this.#arm(entry, entry.phase.next(this.#deps.clock.monotonic()))
    const { history, where } = entry.subject
    if (entry.state !== 'idle') {
      this.#deps.counters.add('jifang_check_skipped_total', 1, { why: entry.state })
      // A run within its deadline tells its own end.
      if (entry.state === 'abandoned') this.#tell(this.#assume(entry, 'overrun', 'the run before has not ended'))
      if (entry.state === 'queued') this.#tell(this.#assume(entry, 'busy', 'another run on the same device has not ended'))
    } else if (where === 'remote' && skips(history, this.#histories(entry.subject.peer))) {
      this.#deps.counters.add('jifang_check_skipped_total', 1, { why: 'back_off' })
      this.#tell(this.#assume(entry, history.reason, 'not asked this time: nobody answers there'))
    } else {
      entry.state = 'queued'
      this.#ready.push({ entry })
      this.#pump()
    }
  }

  /** Starts what may start: lanes keep two runs of one protocol off one device, the bound keeps the machine usable. */
  #pump(): void {
    const waiting: Job[] = []
    for (const job of this.#ready) {
      const { lane, where } = job.entry.subject
      const remote = where === 'remote'
      if (this.#lanes.has(lane) || (remote && this.#active >= this.#maxConcurrent)) waiting.push(job)
      else void this.#run(job, lane, remote)
    }
    this.#ready = waiting
  }

  async #run({ entry, signal, done }: Job, lane: string, remote: boolean): Promise<void> {
    this.#lanes.add(lane)
    if (remote) this.#active++
    if (!done) entry.state = 'running'
    const run = await entry.subject.run(signal)
    if (remote) this.#active--
    this.#progress++
    const release = (): void => {
      this.#lanes.delete(lane)
      if (!done) entry.state = 'idle'
      this.#pump()
    }
    if (run.abandoned) {
      this.#deps.counters.add('jifang_check_overrun_total', 1, { kind: run.kind })
      if (!done) entry.state = 'abandoned'
      void run.abandoned.then(release)
    } else release()
    if (done) return done(run)
    if (this.#entries.get(`${run.device}/${run.check}`) !== entry) return
    this.#learn(entry, run)
    this.#tell(run)
    if (run.againMs !== undefined) this.#sooner(entry, run.againMs)
  }

  /** A turn between those of the interval; never later than the next of them. */
  #sooner(entry: Entry, againMs: number): void {
    const at = this.#deps.clock.monotonic() + Math.max(SOONEST_MS, againMs)
    if (at < entry.dueAt) this.#arm(entry, at)
  }

  #learn(entry: Entry, run: CheckRun): void {
    const { history, identity, peer, where } = entry.subject
    const cameBack = history.losses > 0 && run.reason === 'ok'
    remember(history, run.reason)
    if (entry.lastReason !== run.reason) {
      const facts = { device: identity.device, check: identity.check }
      if (run.reason === 'ok') this.#deps.log.info(facts, entry.lastReason === null ? 'check answers' : 'check answers again')
      else this.#deps.log.warn({ ...facts, reason: run.reason, detail: run.detail }, 'check fails')
      entry.lastReason = run.reason
    }
    if (!cameBack || where !== 'remote') return
    // Its device is back: what was left out is asked at once.
    for (const other of this.#entries.values()) {
      if (other === entry || other.subject.peer !== peer || other.subject.history.losses === 0 || other.state !== 'idle') continue
      other.subject.history.losses = 0
      this.#arm(other, this.#deps.clock.monotonic())
    }
  }

  *#histories(peer: string): Iterable<History> {
    for (const { subject } of this.#entries.values()) if (subject.peer === peer && subject.where === 'remote') yield subject.history
  }

  #assume(entry: Entry, reason: Reason, detail: string): CheckRun {
    return assumeRun(entry.subject.identity, reason, detail, this.#deps.clock.now())
  }

  #tell(run: CheckRun): void {
    this.#progress++
    try {
      this.#deps.emit(run.samples)
    } catch (error) {
      this.#deps.counters.add('jifang_samples_lost_total', run.samples.length, { why: 'emit' })
      this.#deps.log.error({ device: run.device, check: run.check, err: error }, 'samples could not be handed on')
    }
  }

  /** Nothing to do is progress too; being late is not. */
  #beat(): void {
    const now = this.#deps.clock.monotonic()
    for (const entry of this.#entries.values()) if (now - entry.dueAt > STANDSTILL_MS) return
    this.#progress++
  }
}
