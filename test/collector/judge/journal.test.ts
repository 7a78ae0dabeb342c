import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startJudge } from '../../../collector/judge/judge.ts'
import { systemClock } from '../../../core/lifecycle/clock.ts'
import { Counters } from '../../../core/lifecycle/counters.ts'
import { silentLog } from '../../../core/log/log.ts'
import { openSegmentLog } from '../../../core/segment/log.ts'
import type { NewRecord } from '../../../core/segment/types.ts'
import { device, inventory, kinds, rules, START, status } from '../../alarm/scene.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { message } from './memory-source.ts'

describe('the judge on a real journal', () => {
  it('raises before a restart and resolves after it, each once', async () => {
    const dir = await tempDir()
    const counters = new Counters()
    const deps = { log: silentLog, counters, clock: systemClock }
    const set = rules('rules: [{ name: level, on: tank.level, levels: [{ severity: minor, fire: "> 50", for: 3s }] }]')
    const journal = await openSegmentLog({ dir: join(dir, 'journal'), segmentBytes: 2000, log: silentLog, counters })
    const append = (record: Partial<NewRecord>) =>
      journal.append({ kind: 'tick', receivedAt: START, agent: '', session: '', seq: 0, payload: Buffer.alloc(0), ...record })
    const level = (value: number, at: number) =>
      append({ kind: 'data', receivedAt: at, agent: 'poller', payload: message([`tank,device=a level=${value} ${at}000000`], at, true) })
    const start = () => startJudge({ source: journal, dir, rules: set, inventory: inventory(device('a')), kinds, ...deps })

    const judge = await start()
    await append({ kind: 'status', agent: 'poller', payload: Buffer.from(JSON.stringify(status())) })
    await level(60, START)
    let last = 0
    for (let second = 1; second < 20; second++) last = await append({ receivedAt: START + second * 1000 })
    await judge.caughtUp(last)
    expect(judge.alarms('open')).toMatchObject([{ rule: 'level', state: 'firing' }])
    await judge.stop()

    const again = await start()
    expect(again.alarms('open')).toHaveLength(1)
    await again.caughtUp(await level(10, START + 20_000))
    expect(again.alarms('open')).toEqual([])
    await again.stop()
    await journal.close()
    const events = (await readFile(join(dir, 'alarms.jsonl'), 'utf8')).trim().split('\n')
    expect(events.map((line) => JSON.parse(line).kind)).toEqual(['raised', 'resolved'])
  })
})
