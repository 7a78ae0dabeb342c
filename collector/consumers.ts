import { join } from 'node:path'
import type { Running, StopStack } from '../core/lifecycle/stack.ts'
import type { NewRecord } from '../core/segment/types.ts'
import type { CollectorConfig, CollectorDeps, CollectorSettings } from './collector.ts'
import { type InfluxWriter, startInflux } from './influx/start.ts'
import { type Journal, openJournal } from './journal/journal.ts'
import { type Judge, startJudge } from './judge/judge.ts'
import type { Problems } from './problems.ts'
import { type Store, startStore } from './store/start.ts'
import { startTicker } from './ticker.ts'

/** The journal and what reads it, each with a cursor of its own (DESIGN §10). */
export interface Consumers {
  readonly journal: Journal
  readonly judge: Judge
  readonly store: Store
  readonly influx: InfluxWriter | null
  readonly ticker: Running
  /** For records that the journal could not take: alarms are judged from memory. */
  readonly unjournalled: (record: NewRecord) => void
}

/** Problems of the influx consumer that end by themselves; the others are single incidents. */
const INCIDENTS: ReadonlySet<string> = new Set(['rejected', 'overtaken', 'journal'])

export async function startConsumers(
  o: CollectorSettings,
  config: CollectorConfig,
  deps: CollectorDeps,
  stack: StopStack,
  problems: Problems,
): Promise<Consumers> {
  const { log, clock, counters, kinds } = deps
  const { settings, dataDir } = o
  const journal = await openJournal({
    dir: join(dataDir, 'journal'),
    maxBytes: settings.journal.max_bytes,
    keepFreeBytes: settings.journal.keep_free,
    log,
    counters,
    onLoss: (from, to) => problems.happened('journal', `dropped ${to - from} bytes to stay within its bounds`),
  })
  stack.push('journal', () => journal.close())

  const judge = await startJudge({
    source: journal,
    dir: dataDir,
    rules: config.rules,
    inventory: config.inventory,
    kinds,
    log,
    counters,
    clock,
  })
  stack.push('judge', () => judge.stop())
  const unjournalled = (record: NewRecord): void => {
    judge.judgeUnjournalled(record).catch((error: unknown) => log.error({ err: error }, 'a record could not be judged from memory'))
  }

  const store = await startStore({
    dir: join(dataDir, 'store'),
    journalDir: journal.dir,
    source: journal,
    settings: { retentionMs: settings.store.retention, memoryBytes: settings.store.memory },
    log,
    counters,
    onProblem: (kind, text) =>
      kind === 'write' || kind === 'restarted' ? problems.raise(`store ${kind}`, text) : problems.happened('store', text),
    onRecovered: (kind) => problems.recovered(`store ${kind}`),
  })
  stack.push('store', () => store.stop())

  const influx = o.influx ? await startInfluxConsumer(o, o.influx, journal, deps, problems) : null
  if (influx) stack.push('influx', () => influx.stop())

  const ticker = startTicker((record) => journal.append(record).catch(() => unjournalled(record)), clock)
  stack.push('ticker', () => ticker.stop())
  return { journal, judge, store, influx, ticker, unjournalled }
}

function startInfluxConsumer(
  { dataDir }: CollectorSettings,
  settings: NonNullable<CollectorSettings['influx']>,
  source: Journal,
  { log, clock, counters }: CollectorDeps,
  problems: Problems,
): Promise<InfluxWriter> {
  return startInflux({
    source,
    cursorPath: join(dataDir, 'cursors', 'influx'),
    deadLetterDir: join(dataDir, 'dead-letter', 'influx'),
    settings,
    log,
    counters,
    clock,
    onProblem: (kind, text) => (INCIDENTS.has(kind) ? problems.happened('influx', text) : problems.raise('influx', text)),
    onRecovered: () => problems.recovered('influx'),
  })
}
