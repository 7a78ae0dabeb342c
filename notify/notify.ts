import type { SecretResolver } from '../core/config/secrets.ts'
import type { Clock } from '../core/lifecycle/clock.ts'
import type { Counters } from '../core/lifecycle/counters.ts'
import { type Running, StopStack } from '../core/lifecycle/stack.ts'
import type { Log } from '../core/log/log.ts'
import type { Alarm, AlarmEvent, NoticeSummary } from '../core/model/alarm.ts'
import type { Sample } from '../core/model/sample.ts'
import type { ModemTiming } from '../protocols/gsm/modem.ts'
import type { OpenTransport } from '../protocols/gsm/transport.ts'
import type { Channel, Delivery } from './channel.ts'
import { createChannel } from './channel-kinds.ts'
import { type ChannelHealth, watchChannels } from './channel-watch.ts'
import { createDispatch } from './dispatch.ts'
import { followEvents } from './events-file.ts'
import { Ledger } from './ledger.ts'
import type { NotifyConfig } from './notify-file.ts'
import { openOutbox, type Position } from './outbox.ts'
import { PACE, type Pace } from './pace.ts'
import { channelsOf, recipientsOf } from './routes.ts'
import { testText } from './text.ts'
import type { DeviceWords, TextSource } from './words.ts'

export interface NotifyOptions {
  /** Folder of the outbox; belongs to one process. */
  readonly dir: string
  /** alarms.jsonl; may not exist yet. */
  readonly eventsFile: string
  readonly config: NotifyConfig
  /** Asked at every use, so it follows a reload of the inventory. */
  readonly titles: (device: string) => DeviceWords | undefined
  readonly unit?: (alarm: Alarm) => string
  readonly secrets: SecretResolver
  readonly log: Log
  readonly counters: Counters
  readonly clock: Clock
  readonly openTransport?: OpenTransport
  readonly modemTiming?: Partial<ModemTiming>
  readonly pace?: Partial<Pace>
  /** Samples about the channels, each `pace.checkMs`. */
  readonly onHealth?: (samples: readonly Sample[]) => void
}

export interface TestResult {
  readonly channel: string
  readonly delivery: Delivery
}

export interface Notify extends Running {
  /** Who was told what about an alarm and who will be; empty for unknown alarms. */
  summary(alarmId: string): NoticeSummary[]
  /** Notices owed or under way. */
  pending(): number
  channels(): ChannelHealth[]
  /** Sends a test message through every channel of the person, past queue and limits. Rejects for a person that is not configured. */
  test(person: string): Promise<TestResult[]>
}

const GRACE_MS = 2500

/** Consumes alarms.jsonl and tells people. A changed configuration takes effect by stopping this and starting anew: nothing is lost in between. */
export async function startNotify(options: NotifyOptions): Promise<Notify> {
  const { log, clock, counters } = options
  const stack = new StopStack(log)
  const pace: Pace = { ...PACE, ...options.pace }
  const ledger = new Ledger()
  const source: TextSource = { device: options.titles, ...(options.unit ? { unit: options.unit } : {}) }
  const { outbox, entries } = await openOutbox({ dir: options.dir, all: () => ledger.entries(), log, counters })
  stack.push('outbox', () => outbox.close())
  ledger.put(entries)
  await recover(options, ledger, outbox.save.bind(outbox))

  const channels = new Map(options.config.channels.map((config) => [config.name, createChannel(config, options)]))
  for (const channel of channels.values()) stack.push(`channel ${channel.name}`, () => channel.close())
  const watch = watchChannels({
    channels: [...channels.values()],
    everyMs: pace.checkMs,
    checkMs: pace.sendMs,
    clock,
    log,
    pending: () => ledger.pending(),
    onHealth: (samples) => options.onHealth?.(samples),
  })
  stack.push('channel watch', () => watch.stop())
  const onDelivery = watch.delivered
  const dispatch = createDispatch({ ledger, outbox, config: options.config, channels, source, pace, log, clock, counters, onDelivery })
  stack.push('dispatch', () => dispatch.stop(GRACE_MS))

  const onEvents = async (events: readonly AlarmEvent[], position: Position): Promise<void> => {
    const changed = new Set(
      events.flatMap((event) => ledger.event(event, whoHears(options, event.alarm)).map((entry) => `${entry.person}\n${entry.alarm.id}`)),
    )
    ledger.prune(clock.now())
    const rows = [...ledger.entries()].filter((entry) => changed.has(`${entry.person}\n${entry.alarm.id}`))
    counters.set('jifang_notify_pending', ledger.pending())
    await outbox
      .save(rows, position)
      .catch((error: unknown) => log.error({ err: String(error) }, 'outbox can not be written, telling people all the same'))
  }
  const follower = followEvents({
    path: options.eventsFile,
    from: outbox.position,
    onEvents: async (events, position) => {
      await onEvents(events, position)
      if (caughtUp) dispatch.wake()
    },
    log,
    counters,
  })
  stack.push('events', () => follower.stop())
  // History first: what began and ended while nobody was told collapses before the first message.
  let caughtUp = false
  await follower.catchUp()
  caughtUp = true
  dispatch.wake()

  return {
    stop: () => stack.stop(),
    summary: (alarmId) => ledger.summary(alarmId),
    pending: () => ledger.pending(),
    channels: () => watch.all(),
    test: (person) => sendTest(options, channels, person),
  }
}

const whoHears = (options: NotifyOptions, alarm: Alarm): ReadonlySet<string> =>
  new Set(recipientsOf(options.config, alarm, options.titles(alarm.device)?.class).keys())

/** Settles what an earlier run left behind. */
async function recover(
  options: NotifyOptions,
  ledger: Ledger,
  save: (entries: ReturnType<Ledger['recover']>) => Promise<void>,
): Promise<void> {
  const doubtful = ledger.recover(options.clock.now())
  if (doubtful.length > 0) {
    options.counters.add('jifang_notify_possible_duplicates_total', doubtful.length)
    options.log.warn({ notices: doubtful.length }, 'stopped in the middle of a message: it may be sent a second time')
  }
  const forsaken = ledger.forsake(new Set(options.config.people.map((person) => person.name)))
  if (forsaken.length > 0) {
    options.counters.add('jifang_notify_undeliverable_total', forsaken.length)
    options.log.warn({ notices: forsaken.length }, 'people who are owed an end are no longer in notify.yaml')
  }
  await save([...doubtful, ...forsaken]).catch((error: unknown) => options.log.error({ err: String(error) }, 'outbox can not be written'))
}

async function sendTest(options: NotifyOptions, channels: ReadonlyMap<string, Channel>, name: string): Promise<TestResult[]> {
  const person = options.config.people.find((known) => known.name === name)
  if (!person) throw new Error(`no person is named "${name}" in notify.yaml`)
  const now = options.clock.now()
  const message = { key: now.toString(16).padStart(32, '0'), text: testText(person.title, person.language, now), notices: [] }
  const results: TestResult[] = []
  for (const channel of channelsOf(options.config, name).flatMap((known) => channels.get(known) ?? [])) {
    const delivery = await channel.send(message, person, AbortSignal.timeout(PACE.sendMs))
    results.push({ channel: channel.name, delivery })
  }
  return results
}
