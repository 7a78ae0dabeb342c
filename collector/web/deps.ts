import type { Clock } from '../../core/lifecycle/clock.ts'
import type { Counters } from '../../core/lifecycle/counters.ts'
import type { Log } from '../../core/log/log.ts'
import type { Alarm, AlarmEvent } from '../../core/model/alarm.ts'
import type { AgentView, DeviceDetail, DeviceSummary, SeriesAnswer, SeriesQuery } from '../../core/model/api.ts'
import type { AgentReply } from '../../core/wire/payloads.ts'

export type Role = 'viewer' | 'operator' | 'admin'

export interface WebToken {
  readonly person: string
  readonly role: Role
  /** Already resolved. */
  readonly token: string
}

/** What a person does to an alarm. Journalled as record kind `command` before anything changes. */
export interface AlarmCommand {
  readonly command: 'ack' | 'unack' | 'note' | 'close' | 'reset' | 'mark' | 'mute'
  /** Alarm id or short id. */
  readonly alarm: string
  readonly by: string
  readonly at: number
  readonly note?: string
  /** ms since 1970; for ack and mute */
  readonly until?: number
  /** For mark. */
  readonly milestone?: string
}

/** A declared contact, such as a siren, to be switched by a person. */
export interface OutputSwitch {
  readonly device: string
  readonly point: string
  readonly on: boolean
  /** How long it stays on; the output's own `max` bounds it. */
  readonly seconds: number
  readonly by: string
}

export interface WriteResult {
  readonly accepted: number
  readonly refused: readonly { readonly line: string; readonly message: string }[]
}

/** Everything the HTTP side needs of the collector; handed in by collector.ts. */
export interface WebDeps {
  readonly site: string
  readonly version: string
  readonly log: Log
  readonly clock: Clock
  readonly counters: Counters
  devices(): readonly DeviceSummary[]
  device(name: string): DeviceDetail | undefined
  agents(): readonly AgentView[]
  alarms(state: 'open' | 'all', since: number): readonly Alarm[]
  /** By id or short id. */
  alarm(id: string): Alarm | undefined
  explain(id: string): unknown
  /** Journals the command and resolves with the alarm as it is after it. Throws a HttpProblem for what can't be done. */
  command(command: AlarmCommand): Promise<Alarm>
  /** Events with an id after `id` (all that are kept for `null`), oldest first. */
  eventsSince(id: string | null): Promise<readonly AlarmEvent[]>
  onEvent(listener: (event: AlarmEvent) => void): () => void
  series(query: SeriesQuery, signal: AbortSignal): Promise<SeriesAnswer>
  /** Line protocol from outside; resolves when it is on disk. */
  writeLines(text: string): Promise<WriteResult>
  /** Has the device's agent run its checks now. */
  probe(device: string, check: string | undefined, signal: AbortSignal): Promise<AgentReply>
  /** Resolves when the station has confirmed it. Throws a HttpProblem with the reason in words. */
  output(request: OutputSwitch, signal: AbortSignal): Promise<void>
  /** Empty when everything works; otherwise what does not, in words. */
  problems(): readonly string[]
}

/** A refusal with its HTTP status; the message is shown to the caller. */
export class HttpProblem extends Error {
  readonly status: 400 | 401 | 403 | 404 | 409 | 413 | 429 | 502 | 503 | 504
  constructor(status: HttpProblem['status'], message: string) {
    super(message)
    this.name = 'HttpProblem'
    this.status = status
  }
}
