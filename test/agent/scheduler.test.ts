import * as v from 'valibot'
import { describe, expect, it, onTestFinished } from 'vitest'
import { newHistory, remember, scoutOf, skips } from '../../agent/back-off.ts'
import { createScheduler, type SchedulerDeps } from '../../agent/scheduler.ts'
import { systemClock } from '../../core/lifecycle/clock.ts'
import { Counters } from '../../core/lifecycle/counters.ts'
import { silentLog } from '../../core/log/log.ts'
import { ProbeError, type Reason } from '../../core/model/reason.ts'
import type { Sample } from '../../core/model/sample.ts'
import { createPhase, hashFraction } from '../../core/schedule/phase.ts'
import type { SliceCheck, SliceDevice } from '../../core/wire/payloads.ts'
import type { KindSpec } from '../../probes/kind-spec.ts'
import type { Probe } from '../../probes/probe.ts'
import { until } from '../support/until.ts'

const spec = (where: KindSpec['where'] = 'remote'): KindSpec => ({
  options: v.strictObject({ id: v.optional(v.string()), secret: v.optional(v.string()) }),
  intervalMs: 1000,
  timeoutMs: 500,
  where,
  secrets: [],
  title: { zh: '假', en: 'fake' },
})

function setUp(run: (id: string, signal: AbortSignal) => Promise<unknown>, over: Partial<SchedulerDeps> = {}) {
  const emitted: Sample[] = []
  const counters = new Counters()
  const life: string[] = []
  const probe = {
    create: (_target: unknown, options: unknown): Probe => {
      const id = (options as { id?: string }).id ?? ''
      life.push(`create ${id}`)
      return {
        run: async (signal) => {
          const asked = await run(id, signal)
          const again = typeof asked === 'object' && asked !== null && 'againMs' in asked ? { againMs: Number(asked.againMs) } : {}
          return { samples: [{ measurement: 'm', tags: {}, fields: { a: 1 }, time: Date.now() }], ...again }
        },
        close: () => void life.push(`close ${id}`),
      }
    },
  }
  const scheduler = createScheduler({
    site: 'lab',
    probes: { fake: async () => probe, local: async () => probe },
    kinds: { fake: spec(), local: spec('local') },
    emit: (samples) => void emitted.push(...samples),
    log: silentLog,
    clock: systemClock,
    counters,
    profiles: [],
    secrets: {
      resolve(text) {
        if (text === 'a secret that is not set') throw new ProbeError('config', text)
        return text
      },
    },
    ...over,
  })
  onTestFinished(() => scheduler.stop())
  const reasons = (check = 'c') =>
    emitted.filter(({ measurement, tags }) => measurement === 'check' && tags.check === check).map(({ fields }) => fields.reason)
  return { scheduler, emitted, counters, life, reasons }
}

const check = (over: Partial<SliceCheck> = {}): SliceCheck => ({
  name: 'c',
  kind: 'fake',
  interval_ms: 40,
  timeout_ms: 200,
  options: {},
  ...over,
})
const device = (checks: SliceCheck[], over: Partial<SliceDevice> = {}): SliceDevice => ({
  name: 'd',
  title: 'd',
  class: 'server',
  address: '192.0.2.1',
  checks,
  ...over,
})

describe('scheduler', () => {
  it('runs on a fixed grid, and emits a run whole', async () => {
    const starts: number[] = []
    const { scheduler, emitted } = setUp(async () => {
      starts.push(performance.now())
      await new Promise((resolve) => setTimeout(resolve, 15))
    })
    await scheduler.apply([device([check({ interval_ms: 50 })])])
    await until(() => starts.length >= 8)
    // The run's own length is not added: drift over six intervals stays below one.
    const gaps = (starts[7] ?? 0) - (starts[1] ?? 0)
    expect(gaps).toBeGreaterThan(280)
    expect(gaps).toBeLessThan(340)
    expect(emitted.slice(0, 2).map(({ measurement, tags }) => [measurement, tags.device])).toEqual([
      ['m', 'd'],
      ['check', 'd'],
    ])
    expect(scheduler.progress()).toBeGreaterThan(5)
  })

  it('runs a check again when it asks for it, but never within a second', async () => {
    const starts: number[] = []
    const { scheduler } = setUp(async () => {
      starts.push(performance.now())
      return starts.length === 1 ? { againMs: 1 } : starts.length === 2 ? { againMs: 1200 } : {}
    })
    await scheduler.apply([device([check({ interval_ms: 60_000 })])])
    await until(() => starts.length === 3, { timeoutMs: 12_000 })
    const [first = 0, second = 0, third = 0] = starts
    expect(second - first).toBeGreaterThan(990)
    expect(second - first).toBeLessThan(1300)
    expect(third - second).toBeGreaterThan(1190)
    expect(third - second).toBeLessThan(1500)
  }, 15_000)

  it('never overlaps one protocol on one device, nor goes over the bound', async () => {
    const running = new Map<string, number>()
    let most = 0
    let total = 0
    const { scheduler } = setUp(
      async (id) => {
        running.set(id, (running.get(id) ?? 0) + 1)
        expect(running.get(id)).toBe(1)
        most = Math.max(
          most,
          [...running.values()].reduce((sum, one) => sum + one, 0),
        )
        await new Promise((resolve) => setTimeout(resolve, 10))
        running.set(id, 0)
        total++
      },
      { maxConcurrent: 3 },
    )
    const devices = Array.from({ length: 8 }, (_, at) =>
      device(
        ['a', 'b'].map((name) => check({ name, interval_ms: 20, options: { id: String(at) } })),
        { name: `d${at}`, address: `192.0.2.${at}` },
      ),
    )
    await scheduler.apply(devices)
    await until(() => total >= 60)
    expect(most).toBe(3)
  })

  it('restarts only what differs', async () => {
    const { scheduler, life } = setUp(async () => {})
    const same = check({ name: 'same', options: { id: 'same' } })
    await scheduler.apply([device([same, check({ name: 'x', options: { id: 'old' } })])])
    await until(() => life.length === 2)
    await scheduler.apply([device([same, check({ name: 'x', options: { id: 'new' } })])])
    await until(() => life.length === 4)
    expect(life.slice(2)).toEqual(['close old', 'create new'])
    await scheduler.apply([device([same])])
    expect(life.slice(4)).toEqual(['close new'])
  })

  it('ends with the last of two configurations that come at once', async () => {
    const { scheduler, reasons } = setUp(async () => {})
    await scheduler.apply([device([check({ name: 'a' })])])
    await Promise.all([scheduler.apply([device([check({ name: 'b' })])]), scheduler.apply([device([check({ name: 'c' })])])])
    await until(() => reasons('c').length >= 3)
    expect([reasons('a').length <= 1, reasons('b')]).toEqual([true, []])
  })

  it('fails only the check that it does not understand, at every interval', async () => {
    const { scheduler, reasons } = setUp(async () => {})
    await scheduler.apply([
      device([
        check({ name: 'new-kind', kind: 'quantum' }),
        check({ name: 'new-option', options: { colour: 'red' } }),
        check({ name: 'no-secret', options: { secret: 'a secret that is not set' } }),
        check(),
      ]),
    ])
    await until(() => reasons('new-kind').length >= 2 && reasons('new-option').length >= 2 && reasons('no-secret').length >= 2)
    await until(() => reasons('c').length >= 2)
    expect(new Set(reasons('new-kind'))).toEqual(new Set(['unsupported']))
    expect(new Set(reasons('new-option'))).toEqual(new Set(['unsupported']))
    expect(new Set(reasons('no-secret'))).toEqual(new Set(['config']))
    expect(new Set(reasons('c'))).toEqual(new Set(['ok']))
  })

  it('keeps telling of a run that never ends, and starts no second one', async () => {
    let runs = 0
    let release: (() => void) | undefined
    const { scheduler, reasons, counters } = setUp(() => {
      runs++
      return new Promise<void>((resolve) => (release = resolve))
    })
    await scheduler.apply([device([check({ timeout_ms: 20 })])])
    await until(() => reasons().length >= 3, { timeoutMs: 5000 })
    expect(runs).toBe(1)
    expect(new Set(reasons())).toEqual(new Set(['overrun']))
    expect(counters.get('jifang_check_overrun_total', { kind: 'fake' })).toBe(1)
    release?.()
    await until(() => runs === 2)
    release?.()
  })

  it('goes on after emit has thrown', async () => {
    let calls = 0
    const { scheduler, counters } = setUp(async () => {}, {
      emit() {
        calls++
        throw new Error('disk full')
      },
    })
    await scheduler.apply([device([check()])])
    await until(() => calls >= 3)
    expect(counters.get('jifang_samples_lost_total', { why: 'emit' })).toBeGreaterThanOrEqual(4)
  })

  it('runs now without emitting, and lets the asker go', async () => {
    let block = false
    const { scheduler, emitted } = setUp(async () => {
      if (block) await new Promise((resolve) => setTimeout(resolve, 150))
    })
    await scheduler.apply([device([check({ interval_ms: 60_000 })], { name: 'far-away' })])
    const [run] = await scheduler.runNow('far-away', undefined, AbortSignal.timeout(1000))
    expect(run).toMatchObject({ device: 'far-away', check: 'c', reason: 'ok' })
    expect(run?.samples).toHaveLength(2)
    expect(emitted).toEqual([])
    expect(await scheduler.runNow('far-away', 'nothing', AbortSignal.timeout(10))).toEqual([])
    block = true
    const first = scheduler.runNow('far-away', 'c', AbortSignal.timeout(1000))
    const [second] = await scheduler.runNow('far-away', 'c', AbortSignal.timeout(20))
    expect(second?.reason).toBe('busy')
    await first
  })

  it('starts a listener once and tells its health', async () => {
    let starts = 0
    const life: string[] = []
    const { scheduler, emitted, reasons } = setUp(async () => {}, {
      kinds: { trap: spec('push') },
      listeners: {
        trap: async () => ({
          create: (_target, _options, emit) => ({
            async start() {
              if (starts++ === 0) throw new ProbeError('permission', 'port 162')
              emit([{ measurement: 'event', tags: {}, fields: { text: 'x' }, time: 1 }])
            },
            async close() {
              life.push('closed')
            },
          }),
        }),
      },
    })
    await scheduler.apply([device([check({ kind: 'trap' })])])
    await until(() => reasons().length >= 4)
    expect(reasons().slice(0, 3)).toEqual(['permission', 'ok', 'ok'])
    expect(starts).toBe(2)
    expect(emitted.find(({ measurement }) => measurement === 'event')?.tags).toEqual({ site: 'lab', device: 'd' })
    await scheduler.stop()
    expect(life).toEqual(['closed'])
  })

  it('aborts what runs when it stops', async () => {
    let aborted = false
    let started = false
    const { scheduler, emitted } = setUp(
      (_, signal) =>
        new Promise((_resolve, reject) => {
          started = true
          signal.addEventListener('abort', () => {
            aborted = true
            reject(new Error('aborted'))
          })
        }),
    )
    await scheduler.apply([device([check({ timeout_ms: 60_000 })])])
    await until(() => started)
    const stopping = Date.now()
    await scheduler.stop()
    expect(aborted).toBe(true)
    expect(Date.now() - stopping).toBeLessThan(500)
    expect(emitted).toEqual([])
  })

  it('asks a dead device with its cheapest check only, and all at once when it is back', async () => {
    let dead = false
    const asked: string[] = []
    const fake = (kind: string) => async () => ({
      create: () => ({
        async run() {
          asked.push(kind)
          if (dead) throw new ProbeError('timeout', 'no answer')
          return { samples: [] }
        },
      }),
    })
    const { scheduler, reasons } = setUp(async () => {}, {
      kinds: { ping: spec(), ipmi: spec() },
      probes: { ping: fake('ping'), ipmi: fake('ipmi') },
    })
    const checks = ['ping', 'ipmi'].map((kind) => check({ name: kind, kind, interval_ms: 30 }))
    await scheduler.apply([device(checks)])
    await until(() => reasons('ping').includes('ok') && reasons('ipmi').includes('ok'))
    dead = true
    await until(() => reasons('ipmi').filter((reason) => reason === 'timeout').length >= 5)
    asked.length = 0
    const told = reasons('ipmi').length
    await until(() => asked.filter((kind) => kind === 'ping').length >= 16)
    expect(asked.filter((kind) => kind === 'ipmi').length).toBeLessThanOrEqual(4)
    expect(reasons('ipmi').length - told).toBeGreaterThanOrEqual(12)
    dead = false
    asked.length = 0
    await until(() => asked.includes('ipmi'))
    expect(asked.length).toBeLessThanOrEqual(4)
  })
})

describe('back-off', () => {
  const history = (kind: string, reasons: readonly Reason[]) => {
    const made = newHistory(kind)
    for (const reason of reasons) remember(made, reason)
    return made
  }
  const lost = (times: number): Reason[] => Array.from({ length: times }, () => 'timeout')

  it('leaves nothing out before three losses, and forgets them at any answer', () => {
    const alone = history('http', ['ok', 'timeout', 'timeout'])
    expect(skips(alone, [alone])).toBe(false)
    const refused = history('http', [...lost(9), 'refused'])
    expect(skips(refused, [refused])).toBe(false)
  })

  it('takes the cheapest check that ever had an answer as scout', () => {
    const blocked = history('ping', lost(20))
    const ipmi = history('ipmi', ['ok'])
    const snmp = history('snmp', ['ok', ...lost(5)])
    expect(scoutOf([ipmi, blocked, snmp])).toBe(snmp)
    expect(scoutOf([blocked])).toBeNull()
  })

  it.each([
    ['the scout itself', 'ping', ['ok', ...lost(50)], 8],
    ['others of a dead device', 'ipmi', ['ok', ...lost(5)], 1],
  ] as const)('of eight turns: %s', (_, kind, reasons, expected) => {
    const one = history(kind, reasons)
    const scout = kind === 'ping' ? one : history('ping', ['ok', ...lost(2)])
    let asked = 0
    for (let turn = 0; turn < 8; turn++) {
      if (skips(one, [scout, one])) continue
      asked++
      remember(one, 'timeout')
    }
    expect(asked).toBe(expected)
  })

  it('asks a check that is dead alone every second, later every fourth turn', () => {
    const scout = history('ping', ['ok'])
    const dead = history('snmp', lost(5))
    expect([skips(dead, [scout, dead]), skips(dead, [scout, dead])]).toEqual([true, false])
    const longer = history('snmp', lost(10))
    expect([1, 2, 3, 4].map(() => skips(longer, [scout, longer]))).toEqual([true, true, true, false])
  })
})

describe('phase', () => {
  it('spreads checks evenly', () => {
    const buckets = new Array(10).fill(0)
    for (let at = 0; at < 1000; at++) buckets[Math.floor(hashFraction(`app-${at}/ping`) * 10)]++
    expect(Math.min(...buckets)).toBeGreaterThan(60)
    expect(Math.max(...buckets)).toBeLessThan(150)
  })

  it('keeps its grid whatever the runs do', () => {
    const phase = createPhase('app-01/ping', 1000)
    let now = phase.next(5000)
    for (const late of [0, 3, 400, 2600, 0]) {
      const next = phase.next(now + late)
      expect((next - now) % 1000).toBeCloseTo(0, 6)
      expect(next).toBeGreaterThanOrEqual(now + late + 500)
      now = next
    }
    expect(phase.first(100)).toBeLessThan(1100)
  })
})
