import { setTimeout as sleep } from 'node:timers/promises'
import { Command } from 'commander'
import { parseDuration } from '../core/config/duration.ts'
import type { AlarmEvent } from '../core/model/alarm.ts'
import type { DeviceSummary } from '../core/model/api.ts'
import { type Client, ClientError } from './client.ts'
import { readEvents } from './event-stream.ts'
import { clientOf, languageOf, type ReadingOptions, withReading } from './options.ts'
import { EVENT_TITLE, isNarrow, type Language, localTime, measured, pad, paint, severityBadge, span } from './text.ts'

const DEFAULT_LINES = 20
const MAX_WAIT_MS = 10_000
/** A device without a known title is looked up again no sooner. */
const ASK_AGAIN_MS = 10_000

interface TailOptions extends ReadingOptions {
  readonly follow?: boolean
  readonly since?: string
  readonly lines?: string
}

export function command(): Command {
  return withReading(new Command('tail'))
    .option('-f, --follow', 'stay and show what happens; reconnects by itself')
    .option('--since <span>', 'show what happened within this span, e.g. 2h')
    .option('-n, --lines <n>', `at most the last n events (default ${DEFAULT_LINES}, with --since all)`)
    .action(async (options: TailOptions) => {
      const stop = new AbortController()
      process.once('SIGINT', () => stop.abort())
      process.once('SIGTERM', () => stop.abort())
      const past = pastOf(options)
      if (typeof past === 'string') {
        process.stderr.write(`${past}\n`)
        process.exitCode = 2
        return
      }
      await tail(await clientOf(options), options, past, stop.signal)
    })
}

/** Which events of before are shown: so many of the newest, and none older than that (ms). */
interface Past {
  readonly keep: number
  readonly oldest: number
}

/** In words what is wrong with the options, if something is. */
function pastOf({ since, lines }: TailOptions): Past | string {
  const spanMs = since === undefined ? null : parseDuration(since)
  if (since !== undefined && spanMs === null) return `--since: not a span: ${since} (use 30m, 2h, 1d)`
  if (lines !== undefined && !/^\d{1,9}$/.test(lines)) return `--lines: not a number: ${lines}`
  const keep = lines === undefined ? (spanMs === null ? DEFAULT_LINES : Number.POSITIVE_INFINITY) : Number(lines)
  return { keep, oldest: spanMs === null ? 0 : Date.now() - spanMs }
}

async function tail(client: Client, options: TailOptions, { keep, oldest }: Past, signal: AbortSignal): Promise<void> {
  const printer = new Printer(client, options)
  const past: AlarmEvent[] = []
  let lastId: string | null = null
  let live = false
  for (let wait = 500; !signal.aborted; wait = Math.min(wait * 2, MAX_WAIT_MS)) {
    try {
      for await (const item of readEvents(client, lastId, true, signal)) {
        wait = 500
        if (item.kind === 'event') {
          lastId = item.event.id
          if (live) await printer.print(item.event)
          else if (item.event.at >= oldest) past.push(item.event)
          if (!live && past.length > keep) past.shift()
          continue
        }
        if (!live) for (const event of past.splice(0)) await printer.print(event)
        live = true
        if (!options.follow) return
      }
    } catch (error) {
      if (signal.aborted) return
      if (!options.follow || !live) throw error
      process.stderr.write(
        paint('gray', `… ${error instanceof ClientError ? error.message : 'the connection broke'}; trying again\n`, process.stderr),
      )
    }
    await sleep(wait, undefined, { signal }).catch(() => undefined)
  }
}

/** One line per event: columns on a terminal and in a pipe, the event itself with --json. */
class Printer {
  readonly #client: Client
  readonly #json: boolean
  readonly #language: Language
  #titles: ReadonlyMap<string, string> = new Map()
  #asked = Number.NEGATIVE_INFINITY

  constructor(client: Client, options: TailOptions) {
    this.#client = client
    this.#json = options.json === true
    this.#language = languageOf(options)
  }

  async print(event: AlarmEvent): Promise<void> {
    process.stdout.write(
      `${this.#json ? JSON.stringify(event) : renderEvent(event, await this.#titleOf(event.alarm.device), this.#language)}\n`,
    )
  }

  /** The name where the title can't be had: an event is never kept back for it. */
  async #titleOf(device: string): Promise<string> {
    const known = this.#titles.get(device)
    if (known !== undefined || performance.now() - this.#asked < ASK_AGAIN_MS) return known ?? device
    this.#asked = performance.now()
    try {
      const { devices } = await this.#client.get<{ devices: DeviceSummary[] }>('/api/v1/devices')
      this.#titles = new Map(devices.map((d) => [d.name, d.title]))
    } catch (error) {
      if (!(error instanceof ClientError)) throw error
    }
    return this.#titles.get(device) ?? device
  }
}

/** `07-21 14:05:03 ▲ 紧急 告警 应用服务器 1  CPU 使用率  95 (> 90)  #a3f9`. */
export function renderEvent(event: AlarmEvent, title: string, language: Language): string {
  const { alarm } = event
  const kind = EVENT_TITLE[event.kind]
  const lasted =
    event.kind === 'resolved' || event.kind === 'withdrawn'
      ? ` ${language === 'zh' ? '持续' : 'lasted'} ${span(event.at - alarm.since)}`
      : ''
  const value = measured(alarm.value, alarm.threshold)
  const by = event.by === undefined ? '' : ` ${event.by}${event.text ? `: ${event.text}` : ''}`
  const late = event.late === true ? ` ${language === 'zh' ? '迟到' : 'late'}` : ''
  const cause = alarm.caused_by === null ? '' : ` ${language === 'zh' ? '因' : 'caused by'} ${alarm.caused_by}`
  return [
    paint('gray', localTime(event.at)),
    severityBadge(alarm.severity, language),
    paint(kind.style, pad(kind[language], language === 'zh' ? 4 : 9)),
    pad(title, isNarrow() ? 14 : 22),
    `${alarm.title[language]}${value}${lasted}${by}${late}${cause}`,
    paint('gray', `#${alarm.short_id}`),
  ].join(' ')
}
