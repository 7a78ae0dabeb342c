import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { KindPlaces } from '../../alarm/device-context.ts'
import { Engine } from '../../alarm/engine.ts'
import { explain } from '../../alarm/explain.ts'
import type { RuleSet } from '../../alarm/rule.ts'
import { restoreSnapshot } from '../../alarm/snapshot.ts'
import type { Inventory } from '../../core/inventory/model.ts'
import type { Clock } from '../../core/lifecycle/clock.ts'
import type { Counters } from '../../core/lifecycle/counters.ts'
import type { Running } from '../../core/lifecycle/stack.ts'
import type { Log } from '../../core/log/log.ts'
import type { Alarm, AlarmEvent } from '../../core/model/alarm.ts'
import type { Explanation } from '../../core/model/explanation.ts'
import type { LogRecord, NewRecord, RecordSource } from '../../core/segment/types.ts'
import { applyRecord } from './apply-record.ts'
import { type DeviceDetailView, type DeviceView, deviceDetail, deviceView, groupByDevice } from './device-view.ts'
import { EventWriter } from './event-writer.ts'
import { compareIds, type EventId, openEventsFile, parseEventId } from './events-file.ts'
import { History } from './history.ts'
import { Progress } from './progress.ts'
import { loadSnapshot, SnapshotKeeper } from './snapshot-file.ts'

export interface JudgeDeps {
  /** The journal. */
  readonly source: RecordSource
  /** Data folder: `alarms.jsonl` and `alarms.snapshot` are kept in it. */
  readonly dir: string
  readonly rules: RuleSet
  readonly inventory: Inventory
  readonly kinds?: KindPlaces
  readonly log: Log
  readonly counters: Counters
  readonly clock: Clock
  /** A snapshot is written at most this often, ms. */
  readonly snapshotMs?: number
}

/** The alarms consumer of the journal (DESIGN §10). */
export interface Judge extends Running {
  /** `all`: open ones and those that ended in the last 30 days (at most 10,000), changed at or after `since` (ms); newest first. */
  alarms(state: 'open' | 'all', since?: number): Alarm[]
  /** By id, or by the short id of an open alarm (else the newest closed one that had it). */
  alarm(id: string): Alarm | undefined
  explain(id: string): Explanation | undefined
  /** Called after the event is on disk (or, while the disk refuses, in memory), in order. */
  onEvent(listener: (event: AlarmEvent) => void): () => void
  /** Events behind that id, oldest first; all for null and for an id of another life of the data folder. At most `limit` (default 10,000). */
  eventsSince(id: string | null, limit?: number): Promise<AlarmEvent[]>
  /** Resolves when the record at `offset` is judged and its events are written. Rejects when the judge stops before. */
  caughtUp(offset: number): Promise<void>
  /** Takes effect with the next record; resolves when it is judged by them and the snapshot is on disk. */
  reload(rules: RuleSet, inventory: Inventory): Promise<void>
  /** Judges a record that the journal could not take (disk full). */
  judgeUnjournalled(record: NewRecord): Promise<void>
  deviceState(name: string): DeviceView
  deviceStates(names: readonly string[]): DeviceView[]
  deviceDetail(name: string): DeviceDetailView
  /** Next record to judge. */
  readonly position: number
}

const BATCH_BYTES = 256 * 1024
const HISTORY_BYTES = 16 * 1024 * 1024
const READ_RETRY_MS = 1000
const IDLE_MS = 1000
/** Numbers of events of records without an offset begin here, behind those of the record before. */
const UNJOURNALLED_N = 1_000_000

interface Reload {
  readonly rules: RuleSet
  readonly inventory: Inventory
  readonly done: () => void
}

/** Loads the snapshot, replays what came since, then follows the journal until stopped. */
export async function startJudge(deps: JudgeDeps): Promise<Judge> {
  await mkdir(deps.dir, { recursive: true })
  const file = await openEventsFile(join(deps.dir, 'alarms.jsonl'))
  const snapshotPath = join(deps.dir, 'alarms.snapshot')
  const history = new History()
  for (const event of await file.tail(HISTORY_BYTES)) history.note(event)
  const engine = new Engine({ rules: deps.rules, inventory: deps.inventory, ...(deps.kinds ? { kinds: deps.kinds } : {}) })
  const stored = await loadSnapshot(snapshotPath, deps.log)
  const restored = stored !== null && restoreSnapshot(engine, stored.engine)
  engine.dropOrphans((id) => history.has(id))
  return new JournalJudge(deps, engine, file, history, snapshotPath, restored ? stored.offset : deps.source.first)
}

class JournalJudge implements Judge {
  readonly #deps: JudgeDeps
  readonly #engine: Engine
  readonly #file: Awaited<ReturnType<typeof openEventsFile>>
  readonly #writer: EventWriter
  readonly #history: History
  readonly #snapshots: SnapshotKeeper
  /** What the file held when it was opened: these events were told before. */
  readonly #told: EventId | null
  #inventory: Inventory
  readonly #progress: Progress
  #unjournalled = UNJOURNALLED_N
  #reloads: Reload[] = []
  #wake: (() => void) | null = null
  #stopped = false
  readonly #unsubscribe: () => void
  readonly #loop: Promise<void>

  constructor(
    deps: JudgeDeps,
    engine: Engine,
    file: Awaited<ReturnType<typeof openEventsFile>>,
    history: History,
    snapshotPath: string,
    next: number,
  ) {
    this.#deps = deps
    this.#engine = engine
    this.#file = file
    this.#history = history
    this.#writer = new EventWriter(file, deps.log, deps.counters, (event) => history.note(event))
    this.#snapshots = new SnapshotKeeper(snapshotPath, next, deps)
    this.#told = file.last
    this.#inventory = deps.inventory
    this.#progress = new Progress(next)
    this.#unsubscribe = deps.source.onSynced(() => this.#wake?.())
    this.#loop = this.#run()
  }

  get position(): number {
    return this.#progress.next
  }

  alarms(state: 'open' | 'all', since = 0): Alarm[] {
    const open = this.#engine.book.open()
    const all = state === 'open' ? open : [...open, ...this.#history.all()]
    return all.filter((alarm) => alarm.updated >= since).sort((a, b) => b.updated - a.updated)
  }

  alarm(id: string): Alarm | undefined {
    return this.#engine.book.openAlarm(id) ?? this.#history.get(id)
  }

  explain(id: string): Explanation | undefined {
    return explain(this.#engine, id) ?? explain(this.#engine, this.#history.get(id)?.id ?? id)
  }

  onEvent(listener: (event: AlarmEvent) => void): () => void {
    return this.#writer.onEvent(listener)
  }

  eventsSince(id: string | null, limit = 10_000): Promise<AlarmEvent[]> {
    const after = id === null ? null : parseEventId(id)
    const { newest } = this.#writer
    const ours = after !== null && newest !== null && compareIds(after, newest) <= 0
    return this.#file.since(ours ? after : null, limit)
  }

  caughtUp(offset: number): Promise<void> {
    return this.#progress.reached(offset)
  }

  reload(rules: RuleSet, inventory: Inventory): Promise<void> {
    return new Promise((done) => this.#reloads.push({ rules, inventory, done }))
  }

  async judgeUnjournalled(record: NewRecord): Promise<void> {
    const before = Math.max(0, this.#progress.next - 1)
    const reloads = this.#reload(record.receivedAt)
    const events = this.#judge(record).map((change) => ({ id: `${before}.${this.#unjournalled++}`, at: record.receivedAt, ...change }))
    await this.#writer.write(events)
    for (const reload of reloads) reload.done()
  }

  deviceState(name: string): DeviceView {
    return deviceView(this.#engine, this.#inventory, name, groupByDevice(this.#engine.book.open()))
  }

  deviceStates(names: readonly string[]): DeviceView[] {
    const open = groupByDevice(this.#engine.book.open())
    return names.map((name) => deviceView(this.#engine, this.#inventory, name, open))
  }

  deviceDetail(name: string): DeviceDetailView {
    return deviceDetail(this.#engine, this.#inventory, name)
  }

  async stop(): Promise<void> {
    if (this.#stopped) return this.#loop
    this.#stopped = true
    this.#unsubscribe()
    this.#wake?.()
    await this.#loop
    for (const { done } of this.#reloads.splice(0)) done()
    this.#progress.stop()
    if (!this.#writer.behind) await this.#snapshots.keep(this.#engine, this.#progress.next, true)
    await this.#file.close()
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      try {
        if (!(await this.#readOn())) await this.#sleep(IDLE_MS, true)
      } catch (error) {
        this.#deps.counters.add('jifang_judge_errors_total')
        this.#deps.log.error({ err: error }, 'the alarm judge could not read on; it tries again')
        await this.#sleep(READ_RETRY_MS, false)
      }
    }
  }

  /** One batch: judged, written, told. False when there was nothing. */
  async #readOn(): Promise<boolean> {
    const { counters, log, source } = this.#deps
    const batch = await source.read(this.#progress.next, BATCH_BYTES)
    if (batch.overtaken > 0) {
      counters.add('jifang_judge_overtaken_bytes_total', batch.overtaken)
      log.error({ bytes: batch.overtaken }, 'retention overtook the alarm judge: records were dropped before they were judged')
    }
    if (batch.skipped > 0) counters.add('jifang_judge_corrupt_records_total', batch.skipped)
    if (batch.next === this.#progress.next) return false
    const events: AlarmEvent[] = []
    const reloads: Reload[] = []
    for (const record of batch.records) reloads.push(...this.#take(record, events))
    await this.#writer.write(events)
    const next = batch.next
    counters.add('jifang_judge_records_total', batch.records.length)
    counters.set('jifang_judge_position', next)
    counters.set('jifang_judge_strangers', this.#engine.intake.strangers)
    if (!this.#writer.behind) await this.#snapshots.keep(this.#engine, next, reloads.length > 0)
    this.#progress.advance(next)
    for (const reload of reloads) reload.done()
    return true
  }

  /** Judges one record; events that the file already holds are not added. Returns the reloads it brought into force. */
  #take(record: LogRecord, events: AlarmEvent[]): Reload[] {
    const fresh = this.#told === null || record.offset > this.#told.offset
    let reloads: Reload[] = []
    if (fresh) {
      this.#engine.withdrawOrphans(record.receivedAt)
      reloads = this.#reload(record.receivedAt)
    }
    let n = 0
    for (const change of this.#judge(record)) {
      const id = { offset: record.offset, n: n++ }
      if (this.#told && compareIds(id, this.#told) <= 0) continue
      events.push({ id: `${id.offset}.${id.n}`, at: record.receivedAt, ...change })
    }
    return reloads
  }

  #reload(now: number): Reload[] {
    const reloads = this.#reloads.splice(0)
    for (const { rules, inventory } of reloads) {
      this.#engine.configure(rules, inventory, now)
      this.#inventory = inventory
    }
    return reloads
  }

  #judge(record: NewRecord) {
    try {
      applyRecord(this.#engine, record, this.#deps.counters)
    } catch (error) {
      this.#deps.counters.add('jifang_judge_bad_records_total', 1, { kind: record.kind })
      this.#deps.log.warn({ kind: record.kind, agent: record.agent, err: String(error) }, 'a record could not be judged')
    }
    return this.#engine.take()
  }

  /** Until the journal has grown, at most `ms`; without `unlessGrown` always that long. */
  #sleep(ms: number, unlessGrown: boolean): Promise<void> {
    if (this.#stopped || (unlessGrown && this.#deps.source.synced > this.#progress.next)) return Promise.resolve()
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer)
        this.#wake = null
        resolve()
      }
      const timer = setTimeout(wake, ms)
      this.#wake = unlessGrown ? wake : null
    })
  }
}
