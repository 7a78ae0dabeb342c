import { systemClock } from '../../core/lifecycle/clock.ts'
import { Counters } from '../../core/lifecycle/counters.ts'
import type { Log } from '../../core/log/log.ts'
import { openSegmentReader, type SegmentReader } from '../../core/segment/reader.ts'
import { openStoreEngine, type StoreEngine } from './engine.ts'
import type { CounterValue, FromStore, ToStore } from './messages.ts'

// Entry of the store's own process: started by fork, spoken to by IPC, ended by 'stop' or by the end of its parent.
const ALIVE_MS = 5000
const counters = new Counters()
const told = new Map<string, number>()
const queries = new Map<number, AbortController>()
let engine: StoreEngine | null = null
let reader: SegmentReader | null = null
let ending = false
/** The newest that was told; it may come while the reader is still being opened. */
let synced = 0

function tell(message: FromStore): void {
  if (process.connected) process.send?.(message)
}

const log: Log = {
  debug: (facts, message) => tellLog('debug', facts, message),
  info: (facts, message) => tellLog('info', facts, message),
  warn: (facts, message) => tellLog('warn', facts, message),
  error: (facts, message) => tellLog('error', facts, message),
  child: () => log,
}

function tellLog(level: 'debug' | 'info' | 'warn' | 'error', facts: object, message: string): void {
  const plain = Object.entries(facts).map(([key, value]) => [key, value instanceof Error ? value.message : value])
  tell({ type: 'log', level, facts: Object.fromEntries(plain), message })
}

/** Ends the process; with a query still running `process.exit` would abort it, so everything is closed before. */
async function end(code: number): Promise<void> {
  if (ending) return
  ending = true
  clearInterval(timer)
  try {
    await engine?.stop()
    await reader?.close()
    tellCounters()
  } catch (error) {
    log.error({ err: error }, 'the store did not close cleanly')
  }
  process.exit(code)
}

function fatal(error: unknown): void {
  log.error({ err: error }, 'the store ends and is started again')
  void end(70)
}

async function start(message: Extract<ToStore, { type: 'start' }>): Promise<void> {
  reader = await openSegmentReader({ dir: message.journalDir })
  reader.advance(Math.max(message.synced, synced))
  engine = await openStoreEngine({
    dir: message.dir,
    source: reader,
    settings: message.settings,
    clock: systemClock,
    log,
    counters,
    onProblem: (kind, text) => tell({ type: 'problem', kind, text }),
    onRecovered: (kind) => tell({ type: 'recovered', kind }),
    onProgress: (position) => tell({ type: 'progress', position }),
    onFatal: fatal,
  })
  tell({ type: 'progress', position: engine.position })
}

async function answer({ id, query }: Extract<ToStore, { type: 'series' }>): Promise<void> {
  const controller = new AbortController()
  queries.set(id, controller)
  try {
    if (!engine) throw new Error('the store is not open yet')
    tell({ type: 'answer', id, answer: await engine.series(query, controller.signal) })
  } catch (error) {
    tell({ type: 'failed', id, message: error instanceof Error ? error.message : String(error) })
  } finally {
    queries.delete(id)
  }
}

function tellCounters(): void {
  const values: CounterValue[] = []
  for (const { name, labels, value, kind } of counters.all()) {
    const key = JSON.stringify([name, labels])
    const before = told.get(key)
    if (value === before) continue
    told.set(key, value)
    values.push({ name, labels, kind, value: kind === 'counter' ? value - (before ?? 0) : value })
  }
  if (values.length > 0) tell({ type: 'counters', values })
}

const timer = setInterval(() => {
  tell({ type: 'alive' })
  tellCounters()
}, ALIVE_MS)

process.on('message', (message: ToStore) => {
  switch (message.type) {
    case 'start':
      start(message).catch(fatal)
      return
    case 'synced':
      synced = message.offset
      reader?.advance(synced)
      return
    case 'series':
      void answer(message)
      return
    case 'cancel':
      queries.get(message.id)?.abort()
      return
    case 'stop':
      void end(0)
  }
})
process.on('disconnect', () => void end(0))
// A parent that was killed while this was loading is gone before anybody listened for it.
if (!process.connected) void end(0)
// A terminal sends Ctrl-C to the whole group: the collector decides when the store stops.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => {})
