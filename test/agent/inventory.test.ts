import { cpus, totalmem } from 'node:os'
import { describe, expect, it } from 'vitest'
import { readInventory, startInventory } from '../../agent/inventory.ts'
import { systemClock } from '../../core/lifecycle/clock.ts'
import { silentLog } from '../../core/log/log.ts'
import type { Sample } from '../../core/model/sample.ts'
import { until } from '../support/until.ts'

const own = { site: 'lab', device: 'app-01', clock: systemClock }

describe('inventory', () => {
  it('says what this machine is', async () => {
    const { measurement, tags, fields } = await readInventory(own, AbortSignal.timeout(30_000))
    expect([measurement, tags]).toEqual(['host_info', { site: 'lab', device: 'app-01' }])
    expect(fields.cores).toBe(cpus().length)
    expect(Math.abs(Number(fields.memory_bytes) - totalmem())).toBeLessThan(totalmem() * 0.02)
    expect(String(fields.os)).not.toBe('')
    expect(Object.values(fields)).not.toContain('-')
  })

  it('is taken again and again until it is stopped', async () => {
    const samples: Sample[] = []
    const inventory = startInventory({ ...own, emit: (taken) => void samples.push(...taken), log: silentLog, firstMs: 1, everyMs: 1 })
    await until(() => samples.length >= 2, { timeoutMs: 15_000 })
    await inventory.stop()
    const { length } = samples
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(samples).toHaveLength(length)
  })
})
