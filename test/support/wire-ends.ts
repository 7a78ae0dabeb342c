import { join } from 'node:path'
import { type Agent, startAgent } from '../../agent/agent.ts'
import { type Ingest, startIngest } from '../../collector/ingest/ingest.ts'
import { unpack } from '../../collector/ingest/unpack.ts'
import { type Journal, openJournal } from '../../collector/journal/journal.ts'
import { systemClock } from '../../core/lifecycle/clock.ts'
import { Counters } from '../../core/lifecycle/counters.ts'
import { silentLog } from '../../core/log/log.ts'
import type { Sample } from '../../core/model/sample.ts'
import type { LogRecord, NewRecord } from '../../core/segment/types.ts'
import type { LinkSettings } from '../../core/wire/link.ts'
import { SITE } from './broker.ts'

export interface CollectorEnd {
  readonly ingest: Ingest
  readonly journal: Journal
  readonly counters: Counters
  readonly unjournalled: NewRecord[]
  stop(): Promise<void>
}

/** Journal and ingest without the consumers behind them. */
export async function collectorEnd(dir: string, mqtt: LinkSettings, id = 'main'): Promise<CollectorEnd> {
  const counters = new Counters()
  const journal = await openJournal({ dir: join(dir, 'journal'), maxBytes: 1e9, keepFreeBytes: 0, log: silentLog, counters })
  const unjournalled: NewRecord[] = []
  const ingest = await startIngest(
    { site: SITE, collectorId: id, version: '0', dataDir: dir, mqtt, extraTopics: ['telegraf/#'] },
    { journal, onUnjournalled: (record) => unjournalled.push(record), log: silentLog, clock: systemClock, counters },
  )
  return {
    ingest,
    journal,
    counters,
    unjournalled,
    async stop() {
      await ingest.stop()
      await journal.close()
    },
  }
}

/** An agent without checks of its own: samples are given to it by the test. */
export function agentEnd(dir: string, mqtt: LinkSettings, name: string, spool = { maxBytes: 1e8, keepFreeBytes: 0 }): Promise<Agent> {
  return startAgent(
    { site: SITE, name, dataDir: dir, version: '0', mqtt, spool: { ...spool, backlogShare: 0.5 } },
    { probes: {}, kinds: {}, secrets: { resolve: (text) => text }, log: silentLog, clock: systemClock, counters: new Counters() },
  )
}

/** The n-th sample of a test. */
export const numbered = (agent: string, n: number, device = agent): Sample => ({
  measurement: 'count',
  tags: { site: SITE, device },
  fields: { n },
  time: Date.now(),
})

export async function readAll(journal: Pick<Journal, 'first' | 'synced' | 'read'>): Promise<LogRecord[]> {
  const records: LogRecord[] = []
  let from = journal.first
  while (from < journal.synced) {
    const batch = await journal.read(from)
    records.push(...batch.records)
    if (batch.next <= from) break
    from = batch.next
  }
  return records
}

export const linesOf = (record: LogRecord): string[] => unpack(record.payload).body().split('\n').filter(Boolean)

/** The numbers of `numbered` samples in the journal, in its order. */
export async function numbersIn(journal: Pick<Journal, 'first' | 'synced' | 'read'>, agent: string): Promise<number[]> {
  const numbers: number[] = []
  for (const record of await readAll(journal)) {
    if (record.kind !== 'data' || record.agent !== agent) continue
    for (const line of linesOf(record)) {
      const match = /^count,.* n=(\d+)/.exec(line)
      if (match) numbers.push(Number(match[1]))
    }
  }
  return numbers
}
