import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { openSpool } from '../../agent/spool.ts'
import { StatusTeller, TWO_AGENTS } from '../../agent/status.ts'
import { systemClock } from '../../core/lifecycle/clock.ts'
import { Counters } from '../../core/lifecycle/counters.ts'
import { silentLog } from '../../core/log/log.ts'
import type { AgentStatus } from '../../core/wire/payloads.ts'
import { tempDir } from '../support/temp-dir.ts'

async function teller() {
  const told: AgentStatus[] = []
  const spool = await openSpool({
    dir: await tempDir(),
    agent: 'a',
    maxBytes: 1e7,
    keepFreeBytes: 0,
    clock: systemClock,
    log: silentLog,
    counters: new Counters(),
  })
  const status = new StatusTeller({
    spool,
    version: '1.2.3',
    config: () => 4,
    rejected: () => null,
    publish: async (payload) => void told.push(JSON.parse(payload)),
    clock: { now: () => Date.now(), monotonic: () => Date.now() },
    log: silentLog,
  })
  return { status, told, spool }
}
const other = (session: string, state: AgentStatus['state'] = 'online'): Buffer =>
  Buffer.from(JSON.stringify({ state, session, host: 'elsewhere' }))

describe('status', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval', 'Date'] }))
  afterEach(() => void vi.useRealTimers())

  test('is told at every connect and each minute, and goodbye at the end', async () => {
    const { status, told, spool } = await teller()
    expect(JSON.parse(status.will())).toMatchObject({ state: 'offline', reason: 'lost', session: spool.current.id })
    status.onConnect()
    await vi.advanceTimersByTimeAsync(60_000)
    status.onConnect()
    await status.stop()
    expect(told.map(({ state, reason }) => `${state} ${reason}`)).toEqual(['online start', 'online start', 'online start', 'offline stop'])
    expect(told[0]).toMatchObject({ version: '1.2.3', config: 4, backlog: 0, lost: 0, oldest: null, rejected: null })
  })

  test('what the process before left behind is no second agent', async () => {
    const { status, told } = await teller()
    status.onOwnStatus(other('before', 'offline'), true)
    status.onConnect()
    status.onOwnStatus(other('before', 'offline'), false)
    await vi.advanceTimersByTimeAsync(2_000)
    expect(told.at(-1)?.reason).toBe('start')
    expect(told).toHaveLength(2)
    await status.stop()
  })

  test('its own will, coming late, is corrected', async () => {
    const { status, told, spool } = await teller()
    status.onConnect()
    status.onOwnStatus(other(spool.current.id, 'offline'), false)
    status.onOwnStatus(other(spool.current.id, 'online'), false)
    await vi.advanceTimersByTimeAsync(2_000)
    expect(told).toHaveLength(2)
    await status.stop()
  })

  test('another session again and again is a second agent', async () => {
    const { status, told } = await teller()
    status.onConnect()
    for (let n = 0; n < 3; n++) {
      status.onOwnStatus(other('stranger'), false)
      await vi.advanceTimersByTimeAsync(2_000)
    }
    expect(told.at(-1)).toMatchObject({ state: 'online', reason: TWO_AGENTS })
    await vi.advanceTimersByTimeAsync(11 * 60_000)
    expect(told.at(-1)?.reason).toBe('start')
    await status.stop()
  })
})
