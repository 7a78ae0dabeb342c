import { createHash } from 'node:crypto'
import type { Clock } from '../core/lifecycle/clock.ts'
import type { Counters } from '../core/lifecycle/counters.ts'
import type { Log } from '../core/log/log.ts'
import { severityRank } from '../core/model/severity.ts'
import { Allowance } from './allowance.ts'
import type { Channel, Delivery, Message } from './channel.ts'
import { type Ledger, noticeFor, type Owed } from './ledger.ts'
import type { Fate } from './ledger-entry.ts'
import type { NotifyConfig, Person } from './notify-file.ts'
import type { Outbox } from './outbox.ts'
import { afterDelivery, FIRST_WAY, type Pace, type Way } from './pace.ts'
import { channelsOf, recipientsOf } from './routes.ts'
import { Slot } from './slot.ts'
import { messageText } from './text.ts'
import type { TextSource } from './words.ts'

export interface DispatchDeps {
  readonly ledger: Ledger
  readonly outbox: Outbox
  readonly config: NotifyConfig
  readonly channels: ReadonlyMap<string, Channel>
  readonly source: TextSource
  readonly pace: Pace
  readonly log: Log
  readonly clock: Clock
  readonly counters: Counters
  /** After every attempt. */
  readonly onDelivery: (channel: string, delivery: Delivery) => void
}

export interface Dispatch {
  /** Looks for what is owed; called after every change of the ledger. */
  wake(): void
  /** Starts nothing new and gives what is under way `graceMs`; what is still open then counts as unknown at the next start. */
  stop(graceMs: number): Promise<void>
}

interface PersonState {
  busy: boolean
  readonly allowance: Allowance
  /** By list of channels: alarms of different routes go different ways. `notBefore` is monotonic. */
  readonly ways: Map<string, { way: Way; notBefore: number }>
}

interface Job {
  readonly person: Person
  readonly lane: string
  readonly names: readonly string[]
  readonly rank: number
}

/** Tells people what the ledger says they are owed: one message at a time and person, worst first, each attempt rendered when its channel is free. */
export function createDispatch(deps: DispatchDeps): Dispatch {
  return new LedgerDispatch(deps)
}

class LedgerDispatch implements Dispatch {
  readonly #deps: DispatchDeps
  readonly #people: ReadonlyMap<string, Person>
  readonly #states = new Map<string, PersonState>()
  readonly #slots: ReadonlyMap<string, Slot>
  readonly #abort = new AbortController()
  readonly #active = new Set<Promise<void>>()
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  constructor(deps: DispatchDeps) {
    this.#deps = deps
    this.#people = new Map(deps.config.people.map((person) => [person.name, person]))
    this.#slots = new Map([...deps.channels.keys()].map((name) => [name, new Slot()]))
    this.#remember()
  }

  wake(): void {
    if (this.#stopped) return
    clearTimeout(this.#timer)
    let soonest = Number.POSITIVE_INFINITY
    for (const name of this.#deps.ledger.people()) {
      const next = this.#consider(name)
      if (typeof next === 'number') soonest = Math.min(soonest, next)
      else this.#start(next)
    }
    const waitMs = Math.max(1, Math.min(soonest - this.#deps.clock.monotonic(), 60_000))
    if (soonest !== Number.POSITIVE_INFINITY) this.#timer = setTimeout(() => this.wake(), waitMs)
  }

  async stop(graceMs: number): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    const grace = setTimeout(() => this.#abort.abort(new Error('stopping')), graceMs)
    await Promise.allSettled(this.#active)
    clearTimeout(grace)
  }

  /** The job that is due for a person now, or when to look again. */
  #consider(name: string): Job | number {
    const person = this.#people.get(name)
    const state = this.#state(name)
    if (!person || state.busy) return Number.POSITIVE_INFINITY
    const now = this.#deps.clock.monotonic()
    let soonest = Number.POSITIVE_INFINITY
    for (const [lane, items] of this.#lanes(name)) {
      const at = Math.max(state.ways.get(lane)?.notBefore ?? 0, state.allowance.next(items))
      const rank = Math.max(...items.map((item) => severityRank(item.entry.alarm.severity)))
      if (at <= now) return { person, lane, names: lane.split('\n'), rank }
      soonest = Math.min(soonest, at)
    }
    return soonest
  }

  #lanes(name: string): Map<string, Owed[]> {
    const lanes = new Map<string, Owed[]>()
    for (const item of this.#deps.ledger.owed(name)) {
      const lane = laneOf(this.#deps, name, item)
      if (lane === '') continue
      const items = lanes.get(lane)
      if (items) items.push(item)
      else lanes.set(lane, [item])
    }
    return lanes
  }

  /** The limits hold over a restart: the ledger knows when whom was told what. */
  #remember(): void {
    const { clock, ledger } = this.#deps
    const ago = (at: number) => clock.monotonic() - Math.max(0, clock.now() - at)
    for (const entry of ledger.entries()) {
      for (const notice of entry.notices) {
        if (notice.state === 'sent') this.#state(entry.person).allowance.used([{ about: notice.about, entry }], ago(notice.at))
      }
    }
  }

  #state(name: string): PersonState {
    let state = this.#states.get(name)
    if (!state) {
      state = { busy: false, allowance: new Allowance(this.#deps.config.minIntervalMs), ways: new Map() }
      this.#states.set(name, state)
    }
    return state
  }

  #start(job: Job): void {
    const state = this.#state(job.person.name)
    state.busy = true
    const work = this.#run(job, state)
      .catch((error: unknown) => this.#deps.log.error({ person: job.person.name, err: String(error) }, 'notice could not be handled'))
      .finally(() => {
        state.busy = false
        this.#active.delete(work)
        this.wake()
      })
    this.#active.add(work)
  }

  async #run(job: Job, state: PersonState): Promise<void> {
    const { way } = state.ways.get(job.lane) ?? { way: FIRST_WAY }
    const name = job.names[way.index] ?? ''
    const channel = this.#deps.channels.get(name)
    const free = await this.#slots.get(name)?.take(job.rank)
    try {
      // Only now: what ended while waiting is not told any more, what came up meanwhile is.
      const items = this.#lanes(job.person.name).get(job.lane) ?? []
      if (this.#stopped || items.length === 0 || !channel) return
      await saved(this.#deps, this.#deps.ledger.begin(items))
      const delivery = await attempt(this.#deps, channel, job.person, items, this.#abort.signal)
      if (this.#abort.signal.aborted && delivery.result !== 'sent') return
      await conclude(this.#deps, { job, items, delivery, channel: name, way, state })
    } finally {
      free?.()
    }
  }
}

/** The channels of a notice, as one key. */
function laneOf(deps: DispatchDeps, person: string, item: Owed): string {
  const { alarm } = item.entry
  const routed = recipientsOf(deps.config, alarm, deps.source.device(alarm.device)?.class).get(person)
  return (routed ?? channelsOf(deps.config, person)).filter((name) => deps.channels.has(name)).join('\n')
}

async function attempt(deps: DispatchDeps, channel: Channel, person: Person, items: readonly Owed[], stop: AbortSignal): Promise<Delivery> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(deps.pace.sendMs)])
  try {
    const notices = items.map(noticeFor)
    const message: Message = { key: keyOf(person, items), text: messageText(notices, person.language, deps.source), notices }
    return await channel.send(message, person, signal)
  } catch (error) {
    deps.log.error({ channel: channel.name, err: String(error) }, 'channel broke its contract')
    return { result: 'failed', reason: String(error), permanent: false, uncertain: true }
  }
}

interface Conclusion {
  readonly job: Job
  readonly items: readonly Owed[]
  readonly delivery: Delivery
  readonly channel: string
  readonly way: Way
  readonly state: PersonState
}

async function conclude(deps: DispatchDeps, { job, items, delivery, channel, way, state }: Conclusion): Promise<void> {
  const now = deps.clock.monotonic()
  const step = afterDelivery(way, delivery, job.names.length, deps.pace)
  state.ways.set(job.lane, { way: step.way, notBefore: now + step.waitMs })
  if (delivery.result === 'sent') state.allowance.used(items, now)
  deps.counters.add('jifang_notify_deliveries_total', 1, { channel, result: delivery.result })
  const facts = {
    person: job.person.name,
    channel,
    notices: items.length,
    ...(delivery.result === 'sent' ? {} : { reason: delivery.reason }),
  }
  if (delivery.result === 'sent') deps.log.info(facts, 'notice sent')
  else deps.log.warn({ ...facts, waitMs: step.waitMs }, step.refused ? 'notice can not be delivered' : 'notice not delivered, goes on')
  if (step.refused) deps.counters.add('jifang_notify_undeliverable_total', items.length)
  const fate: Fate = delivery.result === 'sent' ? 'sent' : step.refused ? 'refused' : delivery.uncertain ? 'unknown' : 'unsent'
  const changed = deps.ledger.settle(items, fate, channel, deps.clock.now())
  deps.onDelivery(channel, delivery)
  await saved(deps, changed)
}

/** A disk that refuses must not keep an alarm from being told; the outbox writes everything again when it can. */
async function saved(deps: DispatchDeps, entries: Parameters<Outbox['save']>[0]): Promise<void> {
  try {
    await deps.outbox.save(entries)
  } catch (error) {
    deps.log.error({ err: String(error) }, 'outbox can not be written, telling people all the same')
  }
}

function keyOf(person: Person, items: readonly Owed[]): string {
  const content = items.map((item) => [item.entry.alarm.id, item.about, item.entry.alarm.severity, item.entry.event])
  return createHash('sha256')
    .update(JSON.stringify([person.name, content]))
    .digest('hex')
    .slice(0, 32)
}
