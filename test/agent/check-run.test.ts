import { describe, expect, it } from 'vitest'
import { assumeRun, runCheck } from '../../agent/check-run.ts'
import { systemClock } from '../../core/lifecycle/clock.ts'
import { ProbeError } from '../../core/model/reason.ts'
import type { Probe, Reading } from '../../probes/probe.ts'

const identity = { site: 'lab', device: 'app-01', check: 'web', kind: 'http' }
const probe = (run: Probe['run']): Probe => ({ run })
const run = (subject: Probe | (() => Promise<Probe>), limits = {}) =>
  runCheck(identity, typeof subject === 'function' ? subject : () => subject, { timeoutMs: 1000, ...limits }, systemClock)

describe('runCheck', () => {
  it('adds site and device, but leaves the device that a sample names', async () => {
    const reading: Reading = {
      samples: [
        { measurement: 'm', tags: { cpu: '0' }, fields: { a: 1 }, time: 1 },
        { measurement: 'm', tags: { device: 'env-1' }, fields: { a: 1 }, time: 1 },
      ],
    }
    const result = await run(probe(async () => reading))
    expect(result.samples.map(({ tags }) => tags)).toEqual([
      { site: 'lab', device: 'app-01', cpu: '0' },
      { site: 'lab', device: 'env-1' },
      { site: 'lab', device: 'app-01', check: 'web', kind: 'http' },
    ])
    const own = result.samples[2]
    expect(own?.fields).toMatchObject({ up: true, reason: 'ok' })
    expect(own?.fields.duration_ms).toBeGreaterThanOrEqual(0)
    expect(own?.time).toBe(result.at)
  })

  it('keeps what a failure has measured', async () => {
    const sample = { measurement: 'ping', tags: {}, fields: { percent_packet_loss: 100 }, time: 1 }
    const result = await run(probe(async () => ({ samples: [sample], reason: 'unreachable', detail: 'all lost' })))
    expect(result).toMatchObject({ reason: 'unreachable', detail: 'all lost' })
    expect(result.samples.map(({ measurement }) => measurement)).toEqual(['ping', 'check'])
  })

  it('tells groups apart', async () => {
    const groups = [
      { name: 'battery', reason: 'ok', durationMs: 5 },
      { name: 'input', reason: 'timeout' },
    ] as const
    const result = await run(probe(async () => ({ samples: [], reason: 'partial', groups })))
    expect(result.samples.map(({ tags, fields }) => [tags.group, fields.up, fields.reason])).toEqual([
      [undefined, false, 'partial'],
      ['battery', true, 'ok'],
      ['input', false, 'timeout'],
    ])
  })

  it.each([
    [new ProbeError('auth_failed', 'no'), 'auth_failed'],
    [Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), 'refused'],
    [new TypeError('a bug'), 'internal'],
    ['a text', 'internal'],
  ])('turns %s into a reason', async (error, reason) => {
    expect((await run(probe(() => Promise.reject(error)))).reason).toBe(reason)
    expect((await run(() => Promise.reject(error))).reason).toBe(reason)
  })

  it('aborts at the deadline', async () => {
    const started = Date.now()
    const result = await run(
      probe(
        (signal) =>
          new Promise((_, reject) => {
            signal.addEventListener('abort', () => reject(new Error('socket closed')))
          }),
      ),
      { timeoutMs: 40 },
    )
    expect(result.reason).toBe('timeout')
    expect(Date.now() - started).toBeLessThan(500)
  })

  it('abandons a run that ignores its signal, and says when it has ended', async () => {
    let end: ((reading: Reading) => void) | undefined
    const result = await run(
      probe(() => new Promise((resolve) => (end = resolve))),
      { timeoutMs: 20, graceMs: 20 },
    )
    expect(result.reason).toBe('overrun')
    expect(result.samples).toHaveLength(1)
    end?.({ samples: [] })
    await result.abandoned
  })

  it('ends with the asker', async () => {
    const asker = new AbortController()
    const running = run(
      probe((signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new DOMException('x', 'AbortError'))))),
      { timeoutMs: 10_000, signal: asker.signal },
    )
    asker.abort()
    expect((await running).reason).toBe('timeout')
  })

  it('marks what was assumed', () => {
    const { samples } = assumeRun(identity, 'timeout', 'nobody answers', 7)
    expect(samples).toEqual([
      {
        measurement: 'check',
        tags: { site: 'lab', device: 'app-01', check: 'web', kind: 'http' },
        fields: { up: false, reason: 'timeout', duration_ms: 0, assumed: true },
        time: 7,
      },
    ])
  })
})
