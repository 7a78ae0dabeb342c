import type { Clock } from '../core/lifecycle/clock.ts'
import type { Log } from '../core/log/log.ts'
import type { Sample } from '../core/model/sample.ts'
import type { Channel, ChannelReport, Delivery } from './channel.ts'

/** How a channel is, for the API and for `jifang status`. Times in ms since 1970. */
export interface ChannelHealth {
  readonly name: string
  readonly kind: string
  /** Null before the first check or delivery. */
  readonly up: boolean | null
  readonly detail: string
  readonly checkedAt: number | null
  readonly sentAt: number | null
  readonly sent: number
  readonly failed: number
}

export interface ChannelWatch {
  delivered(channel: string, delivery: Delivery): void
  all(): ChannelHealth[]
  stop(): void
}

export interface WatchOptions {
  readonly channels: readonly Channel[]
  readonly everyMs: number
  readonly checkMs: number
  readonly clock: Clock
  readonly log: Log
  readonly pending: () => number
  /** Samples of the pseudo-device of notification; the receiver adds site and device. */
  readonly onHealth: (samples: readonly Sample[]) => void
}

/** Each channel is a monitored thing itself: checked at once and every `everyMs`, told as samples, so that rules can alarm through the others. */
export function watchChannels(options: WatchOptions): ChannelWatch {
  const health = new Map<string, ChannelHealth>()
  for (const { name, kind } of options.channels)
    health.set(name, { name, kind, up: null, detail: '', checkedAt: null, sentAt: null, sent: 0, failed: 0 })
  let stopped = false
  let running = false

  const round = async (): Promise<void> => {
    if (running) return
    running = true
    await Promise.all(options.channels.map((channel) => checkOne(channel)))
    running = false
  }
  const checkOne = async (channel: Channel): Promise<void> => {
    const report = await ask(channel, options.checkMs)
    if (stopped) return
    if (report) note(channel, report)
    options.onHealth(samplesOf(channel, report, health.get(channel.name), options))
  }
  const note = (channel: Channel, report: ChannelReport): void => {
    const before = health.get(channel.name)
    if (!before) return
    if (before.up !== report.up) {
      const facts = { channel: channel.name, detail: report.detail }
      if (report.up) options.log.info(facts, 'channel works')
      else options.log.error(facts, 'channel does not work')
    }
    health.set(channel.name, { ...before, up: report.up, detail: report.detail, checkedAt: options.clock.now() })
  }

  const timer = setInterval(() => void round(), options.everyMs)
  void round()
  return {
    delivered: (name, delivery) => {
      const before = health.get(name)
      if (!before) return
      if (delivery.result === 'sent')
        health.set(name, { ...before, up: true, detail: 'delivered', sentAt: options.clock.now(), sent: before.sent + 1 })
      else
        health.set(name, {
          ...before,
          up: before.up === true && delivery.result === 'failed' && delivery.permanent,
          detail: delivery.reason,
          failed: before.failed + 1,
        })
    },
    all: () => [...health.values()],
    stop: () => {
      stopped = true
      clearInterval(timer)
    },
  }
}

async function ask(channel: Channel, checkMs: number): Promise<ChannelReport | null> {
  if (!channel.check) return null
  try {
    return await channel.check(AbortSignal.timeout(checkMs))
  } catch (error) {
    return { up: false, detail: error instanceof Error ? error.message : String(error) }
  }
}

function samplesOf(channel: Channel, report: ChannelReport | null, health: ChannelHealth | undefined, options: WatchOptions): Sample[] {
  const time = options.clock.now()
  const tags = { channel: channel.name }
  const samples: Sample[] = []
  if (report?.measurement && report.fields) samples.push({ measurement: report.measurement, tags, fields: report.fields, time })
  if (health) {
    const up = health.up === null ? {} : { up: Number(health.up) }
    const fields = { ...up, sent_count: health.sent, failed_count: health.failed, pending_count: options.pending() }
    samples.push({ measurement: 'notify_channel', tags, fields, time })
  }
  return samples
}
