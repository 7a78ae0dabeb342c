import { gzipSync } from 'node:zlib'
import { Counters } from '../../core/lifecycle/counters.ts'
import { silentLog } from '../../core/log/log.ts'
import { openSegmentLog, type SegmentLogOptions } from '../../core/segment/log.ts'
import type { SegmentLog } from '../../core/segment/types.ts'

/** A real journal in `dir` with a short way to append data records. */
export interface TestJournal extends SegmentLog {
  /** Appends one data record; resolves with the offset behind it (which is `synced` when nobody else appends). */
  data(lines: readonly string[], options?: { gzip?: boolean; receivedAt?: number }): Promise<number>
}

export async function openJournal(dir: string, options: Partial<SegmentLogOptions> = {}): Promise<TestJournal> {
  const log = await openSegmentLog({ dir, log: silentLog, counters: new Counters(), ...options })
  let seq = 0
  return Object.assign(log, {
    async data(lines: readonly string[], { gzip = false, receivedAt = Date.now() } = {}) {
      seq++
      const text = `# jifang/1 session=s1 seq=${seq} base=1 sent=${receivedAt}000000 config=1\n${lines.join('\n')}\n`
      const payload = gzip ? gzipSync(text, { level: 1 }) : Buffer.from(text)
      await log.append({ kind: 'data', receivedAt, agent: 'a1', session: 's1', seq, payload })
      return log.synced
    },
  })
}
