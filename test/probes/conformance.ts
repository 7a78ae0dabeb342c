import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { encodeSample } from '../../core/line/encode.ts'
import { ProbeError, REASONS } from '../../core/model/reason.ts'
import type { KindSpec } from '../../probes/kind-spec.ts'
import type { ProbeKind, Reading, Target } from '../../probes/probe.ts'
import { probeDeps, target } from './deps.ts'

export interface ConformanceCase<Options> {
  readonly kind: ProbeKind<Options>
  readonly spec: KindSpec
  /** Options as an operator would write them, of a check that ends well, and what it is aimed at. */
  readonly good: () => Promise<{ options: Record<string, unknown>; target?: Partial<Target> }>
  /** A target that never answers, to be cut off by the signal; left out by kinds that wait for nobody. */
  readonly silent?: () => Promise<{ options: Record<string, unknown>; target?: Partial<Target> }>
}

/** What every pull kind owes (probes/probe.ts). Each kind's test file calls this once. */
export function conformance<Options>(name: string, subject: ConformanceCase<Options>): void {
  const create = async (given: ConformanceCase<Options>['good']) => {
    const { options, target: about } = await given()
    const parsed = v.parse(subject.spec.options, options) as Options
    return subject.kind.create(target(about), parsed, probeDeps())
  }

  describe(`${name} keeps the contract of a probe`, () => {
    it('refuses an option it does not know', async () => {
      const { options } = await subject.good()
      expect(v.safeParse(subject.spec.options, { ...options, no_such_option: 1 }).success).toBe(false)
    })

    it('has a deadline within its interval and a title in both languages', () => {
      expect(subject.spec.timeoutMs).toBeLessThanOrEqual(subject.spec.intervalMs)
      expect(subject.spec.title.zh).not.toBe('')
      expect(subject.spec.title.en).not.toBe('')
    })

    it('gives well-formed samples, twice', async () => {
      const probe = await create(subject.good)
      for (let run = 0; run < 2; run++) {
        const before = Date.now()
        const reading = await probe.run(AbortSignal.timeout(subject.spec.timeoutMs))
        expect(reading.reason ?? 'ok', reading.detail).toBe('ok')
        wellFormed(reading, before)
      }
      await probe.close?.()
    })

    it.skipIf(!subject.silent)('ends soon after the abort', async () => {
      if (!subject.silent) return
      const probe = await create(subject.silent)
      const started = Date.now()
      const outcome = await probe.run(AbortSignal.timeout(300)).then(
        (reading) => reading.reason ?? 'ok',
        (error: unknown) => (error instanceof ProbeError ? error.reason : (error as Error).name),
      )
      expect(Date.now() - started).toBeLessThan(1500)
      expect(['timeout', 'unreachable', 'AbortError', 'TimeoutError']).toContain(outcome)
      await probe.close?.()
    })
  })
}

function wellFormed(reading: Reading, before: number): void {
  expect(REASONS).toContain(reading.reason ?? 'ok')
  const seen = new Set<string>()
  for (const sample of reading.samples) {
    const line = encodeSample(sample)
    if (line === null) throw new Error(`a sample without a field that can be written: ${JSON.stringify(sample)}`)
    expect(Object.keys(sample.tags), line).not.toContain('site')
    expect(Object.keys(sample.tags), line).not.toContain('device')
    expect(Math.abs(sample.time - before), line).toBeLessThan(60_000)
    for (const value of Object.values(sample.fields)) if (typeof value === 'number') expect(Number.isNaN(value), line).toBe(false)
    const series = JSON.stringify([sample.measurement, Object.entries(sample.tags).sort(), sample.time])
    expect(seen.has(series), `two samples of one series at one time: ${line}`).toBe(false)
    seen.add(series)
  }
}
