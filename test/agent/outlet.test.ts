import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { dataMessage } from '../../agent/message.ts'
import { createOutlet } from '../../agent/outlet.ts'
import { packBody, type SpoolPayload } from '../../agent/spool-record.ts'
import { unpack } from '../../collector/ingest/unpack.ts'
import { Counters } from '../../core/lifecycle/counters.ts'
import { silentLog } from '../../core/log/log.ts'
import type { Sample } from '../../core/model/sample.ts'

const sample = (n: number, text = ''): Sample => ({
  measurement: 'm',
  tags: { device: 'd', site: 's' },
  fields: { n, ...(text && { text }) },
  time: 1_700_000_000_000,
})

function outletOn(config = { version: 1 }) {
  const stored: SpoolPayload[] = []
  const state = { refuse: 0 }
  const counters = new Counters()
  const append = async (payload: SpoolPayload): Promise<void> => {
    if (state.refuse > 0) {
      state.refuse--
      throw Object.assign(new Error('no space'), { code: 'ENOSPC' })
    }
    stored.push(payload)
  }
  return { outlet: createOutlet({ spool: { append }, config: () => config.version, log: silentLog, counters }), stored, state, counters }
}

describe('outlet', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  test('gathers what comes close together, and lets it go when it is quiet', async () => {
    const { outlet, stored } = outletOn()
    outlet.emit([sample(1)])
    await vi.advanceTimersByTimeAsync(150)
    outlet.emit([sample(2)])
    await vi.advanceTimersByTimeAsync(150)
    expect(stored).toHaveLength(0)
    await vi.advanceTimersByTimeAsync(100)
    expect(stored).toHaveLength(1)
    expect(stored[0]?.samples).toBe(2)
    await outlet.stop()
  })

  test('a steady trickle waits no longer than a second', async () => {
    const { outlet, stored } = outletOn()
    for (let n = 0; n < 12; n++) {
      outlet.emit([sample(n)])
      await vi.advanceTimersByTimeAsync(100)
    }
    expect(stored).toHaveLength(1)
    await outlet.stop()
  })

  test('a message stays well below the limit, and a change of configuration begins a new one', async () => {
    const config = { version: 1 }
    const { outlet, stored } = outletOn(config)
    for (let n = 0; n < 30; n++) outlet.emit([sample(n, 'x'.repeat(10_000))])
    config.version = 2
    outlet.emit([sample(99)])
    await outlet.stop()
    expect(stored.reduce((sum, { samples }) => sum + samples, 0)).toBe(31)
    expect(stored.at(-1)).toMatchObject({ config: 2, samples: 1 })
    for (const { body } of stored) expect((body[0] === 0x1f ? gunzipSync(body) : body).length).toBeLessThanOrEqual(64 * 1024)
  })

  test('while the disk refuses samples wait in order; what is too much is counted', async () => {
    const { outlet, stored, state, counters } = outletOn()
    state.refuse = 3
    outlet.emit([sample(1)])
    await vi.advanceTimersByTimeAsync(1_000)
    outlet.emit([sample(2)])
    expect(counters.get('jifang_spool_failing')).toBe(1)
    await vi.advanceTimersByTimeAsync(4_000)
    expect(stored.reduce((sum, { samples }) => sum + samples, 0)).toBe(2)
    expect(counters.get('jifang_spool_failing')).toBe(0)
    expect(counters.get('jifang_spool_lost_samples_total')).toBe(0)
    state.refuse = 1_000
    for (let n = 0; n < 100; n++) outlet.emit([sample(n, 'y'.repeat(100_000))])
    await vi.advanceTimersByTimeAsync(500)
    expect(counters.get('jifang_spool_lost_samples_total')).toBeGreaterThan(10)
    await outlet.stop()
  })
})

describe('message', () => {
  const header = { session: 's-1', seq: 5, base: 3, sent: 1_700_000_000_000, config: 9 }
  test.each([
    ['plain', 'm n=1 1700000000000000000\n'],
    ['packed', 'm n=1 1700000000000000000\n'.repeat(100)],
  ])('a %s body and its header come apart as they were put together', (_, lines) => {
    const message = dataMessage(header, packBody(lines))
    const read = unpack(message)
    expect(read.header).toEqual(header)
    expect(read.body()).toBe(lines)
    if (message[0] === 0x1f)
      expect(gunzipSync(message).toString()).toMatch(/^# jifang\/1 session=s-1 seq=5 base=3 sent=1700000000000000000 config=9\nm n=1/)
  })
})
