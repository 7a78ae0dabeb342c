import { existsSync, readdirSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { Counters } from '../../../core/lifecycle/counters.ts'
import { reasonOf } from '../../../core/model/reason.ts'
import type { Sample } from '../../../core/model/sample.ts'
import type { Probe } from '../../../probes/probe.ts'
import { type Bmc, type Fault, startBmc } from '../../support/bmc.ts'
import { ipmiProbe } from '../../support/ipmi-probe.ts'
import { serverSensors } from '../../support/sim-sensors.ts'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

const VALUES = new Map([
  ['ambient_temp_1', 25],
  ['cpu_1_temp', 48],
  ['cpu_1_margin', -32],
  ['fan_1a_tach', 2420],
  ['planar_1_12v', 12.064],
  ['planar_1_3.3v', 3.3],
  ['planar_1_vbat', 3],
  ['avg_power_1', 148],
])

/** No fault may ever make a wrong value out of a right one. */
function expectTrue(samples: readonly Sample[]): void {
  for (const { measurement, tags, fields } of samples) {
    if (measurement !== 'ipmi_sensor') continue
    const value = VALUES.get(tags.name ?? '')
    if (value !== undefined && fields.value !== undefined) expect([tags.name, fields.value]).toEqual([tags.name, value])
    if (value !== undefined && fields.state !== undefined) expect(fields.state).toBe('ok')
  }
}

async function pair(options: Record<string, unknown>): Promise<{ bmc: Bmc; probe: Probe }> {
  const bmc = await startBmc({ sensors: serverSensors(1) })
  const probe = ipmiProbe(bmc.port, { request_timeout: '50ms', retries: 1, ...options }, { counters: new Counters() })
  ends.push(
    () => bmc.close(),
    () => probe.close?.(),
  )
  return { bmc, probe }
}

const KNOWN = new Set(['timeout', 'protocol', 'auth_failed', 'busy', 'mismatch', 'partial', 'no_such'])

/** One run; its reason, checked to be a known one, and its values, checked to be true. */
async function attempt(probe: Probe): Promise<string> {
  try {
    const { samples, reason = 'ok' } = await probe.run(AbortSignal.timeout(1500))
    expectTrue(samples)
    return reason
  } catch (error) {
    const { reason, message } = error as { reason?: string; message: string }
    expect([KNOWN.has(reason ?? ''), message.length > 20]).toEqual([true, true])
    return reason ?? ''
  }
}

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

interface Trouble {
  readonly kind: 'flip' | 'cut' | 'drop' | 'repeat' | 'replay' | 'noise'
  readonly at: number
  readonly by: number
  /** Every n-th answer is spoilt. */
  readonly every: number
}

function faultOf(trouble: Trouble): Fault {
  let n = 0
  const seen: Buffer[] = []
  return (bytes) => {
    seen.push(bytes)
    if (seen.length > 50) seen.shift()
    if (++n % trouble.every !== 0) return [{ bytes }]
    const at = trouble.at % bytes.length
    switch (trouble.kind) {
      case 'flip': {
        const spoilt = Buffer.from(bytes)
        spoilt[at] = (spoilt[at] ?? 0) ^ trouble.by
        return [{ bytes: spoilt }]
      }
      case 'cut':
        return [{ bytes: bytes.subarray(0, at) }]
      case 'drop':
        return []
      case 'repeat':
        return [{ bytes }, { bytes }, { bytes, afterMs: 20 }]
      case 'replay':
        return [{ bytes: seen[trouble.at % seen.length] ?? bytes }, { bytes }]
      case 'noise':
        return [{ bytes: Buffer.alloc(at, trouble.by) }, { bytes }]
    }
  }
}

describe('spoilt answers', () => {
  const trouble = fc.record({
    kind: fc.constantFrom('flip' as const, 'cut' as const, 'drop' as const, 'repeat' as const, 'replay' as const, 'noise' as const),
    at: fc.nat(200),
    by: fc.integer({ min: 1, max: 255 }),
    every: fc.integer({ min: 2, max: 30 }),
  })

  test.each([
    ['suite 3', { cipher_suites: [3] }],
    ['suite 17', { cipher_suites: [17] }],
    ['IPMI 1.5', { version: '1.5' }],
  ])(
    '%s: a clear reason or true values, never a wrong value; and all is well again afterwards',
    async (_, options) => {
      const { bmc, probe } = await pair({ window: 4, request_timeout: '50ms', ...options })
      await fc.assert(
        fc.asyncProperty(trouble, async (given) => {
          bmc.fault = faultOf(given)
          await attempt(probe)
        }),
        { numRuns: 12 },
      )
      bmc.fault = null
      expect(await attempt(probe)).toBe('ok')
    },
    40_000,
  )
})

test("an hour's worth of polls leaves nothing behind: sockets, timers, memory", async () => {
  const { bmc, probe } = await pair({ cipher_suites: [3], window: 4, inventory: '0s' })
  const open = () => ({
    files: existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').length : 0,
    timers: process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length,
  })
  // 60 polls as an hour has, some of them through lost, repeated and spoilt answers and two resets.
  const hour = async (): Promise<void> => {
    for (let poll = 0; poll < 60; poll++) {
      if (poll % 30 === 29) bmc.reset()
      bmc.fault = poll % 10 === 9 ? faultOf({ kind: poll % 20 === 9 ? 'flip' : 'repeat', at: 40, by: 1, every: 25 }) : null
      await attempt(probe)
    }
    bmc.fault = null
    expect(await attempt(probe)).toBe('ok')
  }
  await hour()
  collect()
  const [before, heap] = [open(), process.memoryUsage().heapUsed]
  for (let i = 0; i < 3; i++) await hour()
  collect()
  const after = open()
  // The test runner has a timer and files of its own that come and go.
  expect(after.files - before.files).toBeLessThanOrEqual(1)
  expect(after.timers - before.timers).toBeLessThanOrEqual(1)
  expect(bmc.sessions).toBeLessThanOrEqual(4)
  // 180 readings kept would be more.
  expect(process.memoryUsage().heapUsed - heap).toBeLessThan(2 << 20)
}, 40_000)

test('a BMC that stays dead for hundreds of polls leaves nothing behind either', async () => {
  const { bmc, probe } = await pair({ request_timeout: '50ms', retries: 0 })
  bmc.fault = () => []
  const day = async (polls: number): Promise<void> => {
    const reasons = new Set<string>()
    // Counted here: the test runner keeps every awaited expectation until the end.
    for (let i = 0; i < polls; i++) reasons.add(await probe.run(AbortSignal.timeout(3)).then(() => 'ok', reasonOf))
    expect([...reasons]).toEqual(['timeout'])
  }
  await day(100)
  collect()
  const heap = process.memoryUsage().heapUsed
  await day(500)
  collect()
  expect(process.memoryUsage().heapUsed - heap).toBeLessThan(1 << 20)
  bmc.fault = null
  expect(await attempt(probe)).toBe('ok')
}, 40_000)
