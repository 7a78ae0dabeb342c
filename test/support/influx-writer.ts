import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type InfluxOptions, type InfluxWriter, startInflux } from '../../collector/influx/start.ts'
import { systemClock } from '../../core/lifecycle/clock.ts'
import { Counters } from '../../core/lifecycle/counters.ts'
import { silentLog } from '../../core/log/log.ts'
import type { DeadLetter } from '../../core/segment/dead-letters.ts'
import { openJournal, type TestJournal } from './journal.ts'
import { tempDir } from './temp-dir.ts'
import { until } from './until.ts'

/** A journal and writers on it, in a folder of the running test. */
export interface WriterBench {
  readonly dir: string
  readonly journal: TestJournal
  readonly counters: Counters
  /** `+kind` when a problem began, `-kind` when it ended. */
  readonly told: string[]
  start(settings: InfluxOptions['settings'], more?: Partial<InfluxOptions>): Promise<InfluxWriter>
  done(writer: InfluxWriter, timeoutMs?: number): Promise<void>
  deadLetters(): Promise<DeadLetter[]>
}

export async function writerBench(): Promise<WriterBench> {
  const dir = await tempDir()
  const journal = await openJournal(join(dir, 'journal'))
  onTestFinished(() => journal.close())
  const counters = new Counters()
  const told: string[] = []
  return {
    dir,
    journal,
    counters,
    told,
    async start(settings, more = {}) {
      const writer = await startInflux({
        source: journal,
        cursorPath: join(dir, 'influx.cursor'),
        deadLetterDir: join(dir, 'dead'),
        settings,
        log: silentLog,
        counters,
        clock: systemClock,
        onProblem: (kind) => told.push(`+${kind}`),
        onRecovered: (kind) => told.push(`-${kind}`),
        backoff: { firstMs: 20, capMs: 200 },
        gatherMs: 10,
        settleMs: 0,
        ...more,
      })
      onTestFinished(() => writer.stop())
      return writer
    },
    done: (writer, timeoutMs = 20_000) =>
      until(() => writer.state().position >= journal.synced, { timeoutMs, what: 'everything written' }).then(() => undefined),
    async deadLetters() {
      const text = await readFile(join(dir, 'dead', 'influx.jsonl'), 'utf8')
      return text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as DeadLetter)
    },
  }
}
