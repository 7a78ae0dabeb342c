import { setTimeout as sleep } from 'node:timers/promises'
import { Command } from 'commander'
import { parseDuration } from '../core/config/duration.ts'
import type { AlarmEvent } from '../core/model/alarm.ts'
import type { DeviceSummary } from '../core/model/api.ts'
import { type Client, ClientError } from './client.ts'
import { readEvents } from './event-stream.ts'
import { clientOf, languageOf, type ReadingOptions, withReading } from './options.ts'
import { EVENT_TITLE, type Language, localTime, pad, paint, severityBadge, shown, span } from './text.ts'

const DEFAULT_LINES = 20
const MAX_WAIT_MS = 10_000

interface TailOptions extends ReadingOptions {
  readonly follow?: boolean
  readonly since?: string
  readonly lines?: string
}

export function command(): Command {
  return withReading(new Command('tail'))
    .option('-f, --follow', 'stay and show what happens; reconnects by itself')
    .option('--since <span>', 'show what happened within this span, e.g. 2h')
    .option('-n, --lines <n>', `without --since: the last n events (default ${DEFAULT_LINES})`)
    .action(async (options: TailOptions) => {
      const stop = new AbortController()
      process.once('SIGINT', () => stop.abort())
      process.once('SIGTERM', () => stop.abort())
      process.stdout.on('error', () => stop.abort()) // the reader of the pipe has gone
      await tail(await clientOf(options), options, stop.signal)
    })
}

async function tail(client: Client, options: TailOptions, signal: AbortSignal): Promise<void> {
  const spanMs = options.since === undefined ? null : parseDuration(options.since)
  if (options.since !== undefined && spanMs === null) {
    process.stderr.write(`--since: not a span: ${options.since} (use 30m, 2h, 1d)\n`)
    process.exitCode = 2
    return
  }
  const printer = new Printer(client, options)
  const past: AlarmEvent[] = []
  const keep = Number(options.lines ?? DEFAULT_LINES)
  const oldest = spanMs === null ? 0 : Date.now() - spanMs
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
          if (!live && spanMs === null && past.length > keep) past.shift()
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
  #titles = new Map<string, string>()

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

  async #titleOf(device: string): Promise<string> {
    const known = this.#titles.get(device)
    if (known !== undefined) return known
    const { devices } = await this.#client.get<{ devices: DeviceSummary[] }>('/api/v1/devices')
    this.#titles = new Map(devices.map((d) => [d.name, d.title]))
    const title = this.#titles.get(device) ?? device
    this.#titles.set(device, title)
    return title
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
  const value = alarm.value === null ? '' : ` ${shown(alarm.value)}${alarm.threshold === null ? '' : ` (${alarm.threshold})`}`
  const by = event.by === undefined ? '' : ` ${event.by}${event.text ? `: ${event.text}` : ''}`
  const late = event.late === true ? ` ${language === 'zh' ? '迟到' : 'late'}` : ''
  const cause = alarm.caused_by === null ? '' : ` ${language === 'zh' ? '因' : 'caused by'} ${alarm.caused_by}`
  return [
    paint('gray', localTime(event.at)),
    severityBadge(alarm.severity, language),
    paint(kind.style, pad(kind[language], language === 'zh' ? 4 : 9)),
    pad(title, 22),
    `${alarm.title[language]}${value}${lasted}${by}${late}${cause}`,
    paint('gray', `#${alarm.short_id}`),
  ].join(' ')
}
