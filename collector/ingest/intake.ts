import { gzipSync } from 'node:zlib'
import type { Clock } from '../../core/lifecycle/clock.ts'
import type { Counters } from '../../core/lifecycle/counters.ts'
import { encodeSample } from '../../core/line/encode.ts'
import type { Log } from '../../core/log/log.ts'
import type { Sample } from '../../core/model/sample.ts'
import type { NewRecord } from '../../core/segment/types.ts'
import { type DataHeader, encodeHeader } from '../../core/wire/header.ts'
import type { Acks } from './acks.ts'
import type { Assignments } from './assignments.ts'
import type { DeadLetters } from './dead-letters.ts'
import type { Streams } from './streams.ts'
import { isGzip, unpack } from './unpack.ts'
import { type Refused, type Vetted, vet } from './vet.ts'

export interface IntakeDeps {
  readonly site: string
  /** Session of this collector's own samples. */
  readonly session: string
  readonly journal: { readonly failing: string | null; append(record: NewRecord): Promise<number> }
  readonly streams: Streams
  readonly acks: Acks
  readonly assignments: Assignments
  readonly deadLetters: DeadLetters
  /** Samples further ahead are refused, ms; absent for no bound. */
  readonly futureMs?: number
  /** Takes what the journal could not, once per record, so that alarms are judged from memory. */
  readonly onUnjournalled: (record: NewRecord) => void
  /** The journal can't be written any more, or can again. */
  readonly onJournal: () => void
  readonly onHeader: (agent: string, header: DataHeader, receivedAt: number) => void
  readonly clock: Clock
  readonly counters: Counters
  readonly log: Log
}

export interface WriteResult {
  readonly accepted: number
  readonly refused: readonly { readonly line: string; readonly message: string }[]
}

/** Taken and not yet on disk; above it messages are left to their agents, which send them again. */
const MAX_PENDING_BYTES = 64 * 1024 * 1024
const PACK_ABOVE_BYTES = 1024
/** Lines from outside that make one record, to the next end of a line. */
const PART_CHARS = 64 * 1024
/** Of a message that can't be unpacked, for the dead letters. */
const EVIDENCE_BYTES = 1024

/** Everything that becomes a record of kind `data`. */
export class Intake {
  readonly #deps: IntakeDeps
  /** Highest seq per stream that was handed on unjournalled: a message that is sent again is not judged again. */
  readonly #shown = new Map<string, number>()
  #pendingBytes = 0
  #failing = false
  #localSeq = 0

  constructor(deps: IntakeDeps) {
    this.#deps = deps
  }

  /** A message on an agent's data topic. */
  onData(agent: string, payload: Buffer): void {
    const { counters, streams, acks, clock } = this.#deps
    counters.add('jifang_ingest_messages_total')
    const receivedAt = clock.now()
    const message = unpack(payload)
    const { header } = message
    if (!header) {
      this.#bury(agent, '', 0, reasonWithoutHeader(message.body), payload)
      return
    }
    this.#deps.onHeader(agent, header, receivedAt)
    if (this.#pendingBytes + payload.length > MAX_PENDING_BYTES) {
      counters.add('jifang_ingest_put_off_total')
      return
    }
    const verdict = streams.offer(agent, header, receivedAt)
    if (verdict === 'take') {
      this.#take(agent, header, payload, message.body, receivedAt)
      return
    }
    counters.add('jifang_ingest_answered_total', 1, { why: verdict })
    acks.owe(agent, header.session, verdict === 'early')
    if (verdict === 'early' && this.#shown.size > 0) this.#showAhead(agent, header, payload, message.body, receivedAt)
  }

  /** A message of plain lines, gzip or not. Rejects when the journal does. */
  async onLines(payload: Buffer): Promise<void> {
    let text: string
    try {
      text = isGzip(payload) ? unpack(payload).body() : payload.toString('utf8')
    } catch (error) {
      return this.#bury('', '', 0, (error as Error).message, payload)
    }
    await this.fromOutside(text)
  }

  /** Lines that come from no agent: Telegraf on an extra topic, or HTTP. On disk when it resolves; rejects when the journal does. */
  async fromOutside(text: string): Promise<WriteResult> {
    const { site, assignments, clock } = this.#deps
    const now = clock.now()
    const vetted = vet(text, { site, allowed: (device) => assignments.declared(device), latest: this.#latest(now), complete: { now } })
    this.#account('', '', 0, vetted.refused, now)
    const parts = vetted.accepted > 0 || vetted.refused.length > 0 ? inParts(vetted.text ?? `${text.trimEnd()}\n`) : []
    const record = (part: string): NewRecord => ({
      kind: 'data',
      receivedAt: now,
      agent: '',
      session: '',
      seq: 0,
      payload: packIfLarge(part),
    })
    await Promise.all(parts.map((part) => this.#append(record(part))))
    return { accepted: vetted.accepted, refused: vetted.refused.map(({ line, message }) => ({ line, message })) }
  }

  /** The collector's own samples: data of the pseudo-agent `collector`. Without the journal they are judged from memory. */
  async writeLocal(samples: readonly Sample[]): Promise<void> {
    const { site, session, clock } = this.#deps
    const lines = samples.map((sample) => encodeSample(sample, { site })).filter((line) => line !== null)
    if (lines.length === 0) return
    const seq = ++this.#localSeq
    const now = clock.now()
    const header = encodeHeader({ session, seq, base: seq, sent: now, config: 0 })
    const payload = packIfLarge(`${header}\n${lines.join('\n')}\n`)
    const record: NewRecord = { kind: 'data', receivedAt: now, agent: 'collector', session, seq, payload }
    await this.#append(record).catch(() => this.#deps.onUnjournalled(record)) // the journal has told it
  }

  #take(agent: string, header: DataHeader, payload: Buffer, body: () => string, receivedAt: number): void {
    const { streams, acks } = this.#deps
    const { session, seq } = header
    const record: NewRecord = {
      kind: 'data',
      receivedAt,
      agent,
      session,
      seq,
      payload: this.#vetted(agent, header, payload, body, receivedAt),
    }
    this.#append(record).then(
      () => {
        streams.stored(agent, session, seq)
        this.#shown.delete(`${agent}/${session}`)
        acks.owe(agent, session)
      },
      () => {
        streams.failed(agent, session, seq)
        this.#show(record)
      },
    )
  }

  /** The payload as it goes into the journal: as received, unless lines were refused. */
  #vetted(agent: string, header: DataHeader, payload: Buffer, body: () => string, receivedAt: number): Buffer {
    const { site, assignments } = this.#deps
    const head = encodeHeader(header)
    let vetted: Vetted
    try {
      const allowed = (device: string, measurement: string): boolean => assignments.allowed(agent, header.config, device, measurement)
      // Against the clock that took the samples: one that is wrong is told by a rule of its own, and must not blind all others.
      vetted = vet(body(), { site, allowed, latest: this.#latest(Math.max(receivedAt, header.sent)) })
    } catch (error) {
      const reason = (error as Error).message
      this.#bury(agent, header.session, header.seq, reason, payload)
      return Buffer.from(`${head}\n# rejected message ${reason.replace(/[\r\n]+/g, ' ')}\n`)
    }
    this.#account(agent, header.session, header.seq, vetted.refused, receivedAt)
    return vetted.text === null ? payload : packIfLarge(`${head}\n${vetted.text}`)
  }

  #account(agent: string, session: string, seq: number, refused: readonly Refused[], at: number): void {
    const { counters, deadLetters, log } = this.#deps
    for (const { reason, message, line } of refused) {
      counters.add('jifang_ingest_refused_lines_total', 1, { reason })
      if (reason === 'unparsable') deadLetters.add({ at, reason: message, agent, session, seq, line })
    }
    const [first] = refused
    if (first) log.debug({ agent, lines: refused.length, reason: first.reason }, 'lines refused')
  }

  #bury(agent: string, session: string, seq: number, reason: string, payload: Buffer): void {
    this.#deps.counters.add('jifang_ingest_unreadable_total')
    this.#deps.log.warn({ agent, session, seq, reason }, 'a data message can not be read')
    this.#deps.deadLetters.add({
      at: this.#deps.clock.now(),
      reason,
      agent,
      session,
      seq,
      line: payload.toString('base64', 0, EVIDENCE_BYTES),
    })
  }

  /** A stuck agent shows its newest message ahead of its turn (the journal can't be written): judge it, but leave it with the agent. */
  #showAhead(agent: string, header: DataHeader, payload: Buffer, body: () => string, receivedAt: number): void {
    const { session, seq } = header
    if (seq <= (this.#shown.get(`${agent}/${session}`) ?? 0)) return
    this.#show({ kind: 'data', receivedAt, agent, session, seq, payload: this.#vetted(agent, header, payload, body, receivedAt) })
  }

  #show(record: NewRecord): void {
    const key = `${record.agent}/${record.session}`
    if (record.seq <= (this.#shown.get(key) ?? 0)) return
    this.#shown.set(key, record.seq)
    this.#deps.onUnjournalled(record)
  }

  async #append(record: NewRecord): Promise<void> {
    this.#pendingBytes += record.payload.length
    try {
      await this.#deps.journal.append(record)
    } finally {
      this.#pendingBytes -= record.payload.length
      const failing = this.#deps.journal.failing !== null
      if (failing !== this.#failing) this.#deps.onJournal()
      this.#failing = failing
    }
  }

  #latest(now: number): number | undefined {
    return this.#deps.futureMs === undefined ? undefined : now + this.#deps.futureMs
  }
}

/** Whole lines, about as many as an agent's message holds: consumers need not unpack more at a time. */
function inParts(text: string): string[] {
  const parts: string[] = []
  let start = 0
  while (text.length - start > PART_CHARS) {
    const end = text.indexOf('\n', start + PART_CHARS) + 1
    if (end === 0) break
    parts.push(text.slice(start, end))
    start = end
  }
  return start < text.length ? [...parts, text.slice(start)] : parts
}

const packIfLarge = (text: string): Buffer => {
  const plain = Buffer.from(text, 'utf8')
  return plain.length > PACK_ABOVE_BYTES && !isGzip(plain) ? gzipSync(plain, { level: 4 }) : plain
}

function reasonWithoutHeader(body: () => string): string {
  try {
    body()
    return 'the header line is missing'
  } catch (error) {
    return (error as Error).message
  }
}
