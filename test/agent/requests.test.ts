import { describe, expect, test } from 'vitest'
import type { CheckRun } from '../../agent/check-run.ts'
import { type RequestDeps, RequestDesk } from '../../agent/requests.ts'
import { silentLog } from '../../core/log/log.ts'
import type { AgentReply } from '../../core/wire/payloads.ts'

const NOW = 1_700_000_000_000
const run: CheckRun = {
  device: 'ups-01',
  check: 'snmp',
  kind: 'snmp',
  reason: 'ok',
  at: NOW,
  durationMs: 12,
  samples: [{ measurement: 'ups', tags: { device: 'ups-01', site: 's' }, fields: { load_percent: 40 }, time: NOW }],
}

function desk(more: Partial<RequestDeps> = {}) {
  const replies: AgentReply[] = []
  const subject = new RequestDesk({
    runNow: async () => [run],
    reply: async (reply) => void replies.push(reply),
    clock: { now: () => NOW, monotonic: () => NOW },
    log: silentLog,
    ...more,
  })
  return { subject, replies }
}
const probe = (id: string, expires = NOW + 1_000): Buffer => Buffer.from(JSON.stringify({ id, kind: 'probe', expires, device: 'ups-01' }))

describe('requests', () => {
  test('probe: the samples come back as lines', async () => {
    const { subject, replies } = desk()
    await subject.onRequest(probe('1'))
    expect(replies).toEqual([
      {
        id: '1',
        ok: true,
        checks: [
          { check: 'snmp', kind: 'snmp', reason: 'ok', duration_ms: 12, lines: [`ups,device=ups-01,site=s load_percent=40 ${NOW}000000`] },
        ],
      },
    ])
  })

  test('an expired one is not run; what is no request is not answered', async () => {
    let runs = 0
    const { subject, replies } = desk({ runNow: async () => [{ ...run, durationMs: ++runs }] })
    await subject.onRequest(probe('1', NOW))
    for (const junk of ['', 'null', '{"id":"2"}', '7', '[]']) await subject.onRequest(Buffer.from(junk))
    expect(replies).toEqual([{ id: '1', ok: false, error: 'the request had expired when it came' }])
    expect(runs).toBe(0)
  })

  test('a kind that is none of the set is refused in words', async () => {
    const { subject, replies } = desk()
    for (const more of ['"kind":"shell","device":"x"', '"kind":"probe"', '"kind":"output","device":"x","point":"p","on":1,"seconds":1'])
      await subject.onRequest(Buffer.from(`{"id":"${replies.length}","expires":${NOW + 1_000},${more}}`))
    expect(replies).toEqual(['0', '1', '2'].map((id) => ({ id, ok: false, error: 'unsupported: this agent knows no such request' })))
  })

  test('one that comes again after it was answered is not run again', async () => {
    let runs = 0
    const { subject, replies } = desk({ runNow: async () => [{ ...run, durationMs: ++runs }] })
    for (const id of ['1', '1', '2', '1']) await subject.onRequest(probe(id))
    expect([runs, replies.map(({ id }) => id)]).toEqual([2, ['1', '2']])
  })

  test('at most four run, twice the same runs once, and the expiry ends a run', async () => {
    const signals: AbortSignal[] = []
    const { subject, replies } = desk({
      runNow: (_device, _check, signal) =>
        new Promise((resolve) => {
          signals.push(signal)
          signal.addEventListener('abort', () => resolve([{ ...run, reason: 'timeout', samples: [] }]))
        }),
    })
    const running = ['1', '1', '2', '3', '4', '5'].map((id) => subject.onRequest(probe(id, NOW + 50)))
    await Promise.all(running)
    expect(signals).toHaveLength(4)
    expect(replies.find(({ id }) => id === '5')?.error).toBe('busy: 4 requests are running')
    expect(replies.filter(({ ok }) => ok).map(({ id }) => id)).toEqual(['1', '2', '3', '4'])
  })

  test('output goes to its handler; what that throws is the answer', async () => {
    const output = Buffer.from(
      JSON.stringify({ id: '1', kind: 'output', expires: NOW + 1_000, device: 'env', point: 'SIREN', on: true, seconds: 30 }),
    )
    const without = desk()
    await without.subject.onRequest(output)
    expect(without.replies[0]?.error).toMatch(/^unsupported/)
    const failing = desk({ output: async () => Promise.reject(new Error('SIREN is not declared')) })
    await failing.subject.onRequest(output)
    expect(failing.replies).toEqual([{ id: '1', ok: false, error: 'SIREN is not declared' }])
  })
})
