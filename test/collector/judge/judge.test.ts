import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { startJudge } from '../../../collector/judge/judge.ts'
import { systemClock } from '../../../core/lifecycle/clock.ts'
import { Counters } from '../../../core/lifecycle/counters.ts'
import { silentLog } from '../../../core/log/log.ts'
import type { AlarmEvent } from '../../../core/model/alarm.ts'
import { device, inventory, kinds, rules, START, status } from '../../alarm/scene.ts'
import { makeTempDir, tempDir } from '../../support/temp-dir.ts'
import { MemorySource, message } from './memory-source.ts'

const set = rules(`
rules:
  - { name: level, title: { zh: 液位, en: level }, on: tank.level, levels: [{ severity: major, fire: "> 80", clear: "< 70", for: 3s }, { severity: minor, fire: "> 50" }] }
`)
const room = inventory(device('a'), device('b'))

const start = (source: MemorySource, dir: string, over: Partial<Parameters<typeof startJudge>[0]> = {}) =>
  startJudge({ source, dir, rules: set, inventory: room, kinds, log: silentLog, counters: new Counters(), clock: systemClock, ...over })

const lines = async (dir: string): Promise<AlarmEvent[]> =>
  (await readFile(join(dir, 'alarms.jsonl'), 'utf8'))
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as AlarmEvent)

class Journal {
  readonly source = new MemorySource()
  now = START

  level(name: string, value: number, gzip = false): number {
    const text = `tank,device=${name} level=${value} ${this.now}000000\ncheck,check=ping,device=${name} up=1i,reason="ok" ${this.now}000000`
    return this.source.add({ kind: 'data', receivedAt: this.now, agent: 'poller', payload: message([text], this.now, gzip) })
  }
  tick(seconds = 1): number {
    let offset = 0
    for (let at = 0; at < seconds; at++) {
      this.now += 1000
      offset = this.source.add({ kind: 'tick', receivedAt: this.now })
    }
    return offset
  }
  status(): number {
    return this.source.add({ kind: 'status', receivedAt: this.now, agent: 'poller', payload: Buffer.from(JSON.stringify(status())) })
  }
  command(order: object): number {
    return this.source.add({ kind: 'command', receivedAt: this.now, payload: Buffer.from(JSON.stringify(order)) })
  }
}

describe('the judge', () => {
  it('judges only what is synced, and writes before it tells', async () => {
    const dir = await tempDir()
    const journal = new Journal()
    journal.status()
    const firing = journal.level('a', 60, true)
    const judge = await start(journal.source, dir)
    const told: string[] = []
    const onDisk: number[] = []
    judge.onEvent((event) => {
      told.push(event.kind)
      void lines(dir).then((all) => onDisk.push(all.findIndex((line) => line.id === event.id)))
    })
    expect(judge.position).toBe(0)
    journal.source.sync(firing)
    await judge.caughtUp(firing - 1)
    expect(judge.alarms('open')).toEqual([])
    journal.source.sync()
    await judge.caughtUp(firing)
    expect(told).toEqual(['raised'])
    const [alarm] = judge.alarms('open')
    expect(alarm).toMatchObject({ rule: 'level', device: 'a', severity: 'minor', value: 60, title: { zh: '液位' } })
    expect(judge.alarm(alarm?.short_id ?? '')).toEqual(alarm)
    expect(judge.explain(alarm?.id ?? '')).toMatchObject({
      rule: { defined: 'alarms.yaml:3', on: 'tank.level' },
      input: { value: 60, check: 'ping' },
      stream: { agent: 'poller', live: true },
      next: [{ what: 'minor ends when <= 48.5', at: null }],
    })
    await judge.stop()
    expect(onDisk).toEqual([0])
    expect((await lines(dir)).map((event) => event.id)).toEqual([`${firing}.0`])
  })

  it('takes commands, keeps what is closed, and gives events since an id', async () => {
    const dir = await tempDir()
    const journal = new Journal()
    journal.status()
    const firing = journal.level('a', 60)
    journal.source.sync()
    const judge = await start(journal.source, dir)
    await judge.caughtUp(firing)
    const alarm = judge.alarms('open')[0]
    const acked = journal.command({ command: 'ack', alarm: alarm?.short_id, by: 'li', note: '在处理' })
    journal.command({ command: 'silence', device: 'a', by: 'li' })
    journal.tick()
    const last = journal.level('a', 1)
    journal.source.sync()
    await judge.caughtUp(last)
    expect(judge.alarms('open')).toEqual([])
    expect(judge.alarms('all')).toMatchObject([{ state: 'resolved', ack: { by: 'li', note: '在处理' } }])
    expect(judge.alarms('all', journal.now + 1)).toEqual([])
    expect((await judge.eventsSince(null)).map((event) => event.kind)).toEqual(['raised', 'acknowledged', 'resolved'])
    expect((await judge.eventsSince(`${acked}.0`)).map((event) => event.kind)).toEqual(['resolved'])
    // ids of another life of the data folder: what there is now was missed
    for (const id of ['999999999.0', 'nonsense']) expect(await judge.eventsSince(id)).toHaveLength(3)
    const [ended] = judge.alarms('all')
    expect(judge.explain(ended?.short_id ?? '')?.alarm).toEqual(ended)
    await judge.stop()
    const again = await start(journal.source, dir)
    expect(again.alarm(alarm?.id ?? '')).toMatchObject({ state: 'resolved' })
    await again.stop()
  })

  it('does not bring back what was withdrawn behind the snapshot that a kill left', async () => {
    const dir = await tempDir()
    const journal = new Journal()
    journal.status()
    const raised = journal.level('b', 60)
    journal.source.sync()
    const judge = await start(journal.source, dir)
    await judge.caughtUp(raised)
    await judge.stop()
    const snapshot = await readFile(join(dir, 'alarms.snapshot'))
    const without = { inventory: inventory(device('a')) }
    const next = await start(journal.source, dir, without)
    const gone = journal.tick()
    journal.source.sync()
    await next.caughtUp(gone)
    await next.stop()
    await writeFile(join(dir, 'alarms.snapshot'), snapshot)
    const again = await start(journal.source, dir, without)
    const last = journal.tick()
    journal.source.sync()
    await again.caughtUp(last)
    expect(again.alarms('open')).toEqual([])
    expect(again.alarms('all')).toMatchObject([{ device: 'b', state: 'withdrawn' }])
    expect((await lines(dir)).map((event) => event.kind)).toEqual(['raised', 'withdrawn'])
    await again.stop()
  })

  it('withdraws at a reload what is gone, also when it went while the judge was down', async () => {
    const dir = await tempDir()
    const journal = new Journal()
    journal.status()
    journal.level('a', 60)
    const last = journal.level('b', 60)
    journal.source.sync()
    const judge = await start(journal.source, dir)
    await judge.caughtUp(last)
    const reloaded = judge.reload(set, inventory(device('b')))
    journal.tick()
    journal.source.sync()
    await reloaded
    expect((await lines(dir)).map((event) => `${event.kind} ${event.alarm.device}`)).toEqual(['raised a', 'raised b', 'withdrawn a'])
    await judge.stop()
    const bare = { rules: rules('rules: [{ name: other, on: x.y, levels: [{ severity: info, fire: "> 1" }] }]') }
    for (let times = 0; times < 2; times++) {
      const again = await start(journal.source, dir, bare)
      const tick = journal.tick()
      journal.source.sync()
      await again.caughtUp(tick)
      expect(again.alarms('open')).toEqual([])
      await again.stop()
    }
    expect((await lines(dir)).map((event) => `${event.kind} ${event.alarm.device}`)).toEqual([
      'raised a',
      'raised b',
      'withdrawn a',
      'withdrawn b',
    ])
  })

  it('cuts an unfinished last line, sets a damaged snapshot aside and judges again without telling twice', async () => {
    const dir = await tempDir()
    const journal = new Journal()
    journal.status()
    journal.level('a', 60)
    const end = journal.tick(3)
    journal.source.sync()
    const judge = await start(journal.source, dir)
    await judge.caughtUp(end)
    await judge.stop()
    const before = await readFile(join(dir, 'alarms.jsonl'), 'utf8')
    await writeFile(join(dir, 'alarms.jsonl'), `${before}{"id":"99.0","kind`)
    await writeFile(join(dir, 'alarms.snapshot'), 'not json')
    const again = await start(journal.source, dir)
    await again.caughtUp(end)
    expect(await readFile(join(dir, 'alarms.jsonl'), 'utf8')).toBe(before)
    expect(again.alarms('open')).toHaveLength(1)
    await again.stop()
  })

  it('judges from memory what the journal could not take, and not twice when it comes again', async () => {
    const dir = await tempDir()
    const journal = new Journal()
    const online = journal.status()
    journal.source.sync()
    const judge = await start(journal.source, dir)
    await judge.caughtUp(online)
    const line = `tank,device=a level=60 ${journal.now}000000`
    const record = {
      kind: 'data' as const,
      receivedAt: journal.now,
      agent: 'poller',
      session: 's1',
      seq: 9,
      payload: message([line], journal.now),
    }
    await judge.judgeUnjournalled(record)
    expect(judge.alarms('open')).toHaveLength(1)
    journal.now += 5000
    const offset = journal.source.add({ ...record, receivedAt: journal.now })
    journal.source.sync()
    await judge.caughtUp(offset)
    expect((await lines(dir)).map((event) => event.kind)).toEqual(['raised'])
    await judge.stop()
  })

  it('survives records that it can not read', async () => {
    const dir = await tempDir()
    const journal = new Journal()
    const counters = new Counters()
    journal.status()
    journal.source.add({ kind: 'data', receivedAt: journal.now, agent: 'poller', payload: Buffer.from([0x1f, 0x8b, 1, 2, 3]) })
    journal.source.add({ kind: 'status', receivedAt: journal.now, agent: 'poller', payload: Buffer.from('{') })
    journal.source.add({ kind: 'command', receivedAt: journal.now, payload: Buffer.from('[]') })
    const last = journal.level('a', 60)
    journal.source.sync()
    const judge = await start(journal.source, dir, { counters })
    await judge.caughtUp(last)
    expect(judge.alarms('open')).toHaveLength(1)
    expect(counters.get('jifang_judge_bad_records_total', { kind: 'data' })).toBe(1)
    expect(counters.get('jifang_judge_bad_records_total', { kind: 'status' })).toBe(1)
    await judge.stop()
  })

  it('shows devices with their checks and newest values', async () => {
    const dir = await tempDir()
    const journal = new Journal()
    journal.status()
    const last = journal.level('a', 60)
    journal.source.sync()
    const judge = await start(journal.source, dir)
    await judge.caughtUp(last)
    expect(judge.deviceStates(['a', 'b', 'c'])).toMatchObject([
      { state: 'alarm', severity: 'minor', alarms: 1, last_seen: START, agent: 'poller' },
      { state: 'unknown', alarms: 0, last_seen: null },
      { state: 'unknown' },
    ])
    expect(judge.deviceDetail('a')).toMatchObject({
      checks: [{ name: 'ping', up: true, reason: 'ok', at: START, interval_ms: 10_000 }],
      open: [{ rule: 'level' }],
    })
    expect(judge.deviceDetail('a').values).toContainEqual({ measurement: 'tank', field: 'level', tags: {}, value: 60, at: START })
    await judge.stop()
  })
})

describe('a kill at any record', () => {
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('level' as const), name: fc.constantFrom('a', 'b'), value: fc.constantFrom(10, 60, 75, 90) }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('tick' as const), seconds: fc.integer({ min: 1, max: 5 }) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('status' as const) }) },
  )

  it('leaves the same alarms.jsonl', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 4, maxLength: 25 }),
        fc.array(fc.nat(60), { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        async (steps, kills, snapshots) => {
          const journal = new Journal()
          journal.status()
          for (const one of steps) {
            if (one.do === 'level') journal.level(one.name, one.value)
            else if (one.do === 'tick') journal.tick(one.seconds)
            else journal.status()
            journal.now += 7
          }
          const last = journal.tick(5)
          const straight = await makeTempDir()
          const broken = await makeTempDir()
          try {
            journal.source.sync()
            const judge = await start(journal.source, straight)
            await judge.caughtUp(last)
            await judge.stop()
            await playWithKills(journal, kills, broken, snapshots)
            expect(await lines(broken)).toEqual(await lines(straight))
          } finally {
            await rm(straight, { recursive: true })
            await rm(broken, { recursive: true })
          }
        },
      ),
      { numRuns: 12 },
    )
  })

  /** A kill is a copy of the folder as it is on disk at that record; the copy is what the next judge finds. */
  async function playWithKills(journal: Journal, kills: number[], dir: string, snapshots: boolean): Promise<void> {
    const { records } = journal.source
    const points = [...new Set(kills.map((kill) => kill % records.length))].sort((a, b) => a - b)
    for (const point of points) {
      const running = await makeTempDir()
      await cp(dir, running, { recursive: true })
      journal.source.sync(records[point]?.next)
      const judge = await start(journal.source, running, { snapshotMs: snapshots ? 0 : 1e9 })
      await judge.caughtUp(records[point]?.offset ?? 0)
      await cp(running, dir, { recursive: true })
      await judge.stop()
      await rm(running, { recursive: true })
    }
    journal.source.sync()
    const judge = await start(journal.source, dir)
    await judge.caughtUp(records[records.length - 1]?.offset ?? 0)
    await judge.stop()
  }
})
