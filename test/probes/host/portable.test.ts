import { totalmem } from 'node:os'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { type HostOptions, hostKind } from '../../../probes/host/options.ts'
import { PortableHost } from '../../../probes/host/portable.ts'
import { conformance } from '../conformance.ts'
import { probeDeps } from '../deps.ts'

conformance('host without /proc', {
  kind: { create: (_target, options: HostOptions, deps) => new PortableHost(options, deps) },
  spec: hostKind,
  good: async () => ({ options: {} }),
})

describe('host without /proc', () => {
  it('gives cpu, memory, uptime and a disk', async () => {
    const probe = new PortableHost(v.parse(hostKind.options, { per_core: false }) as HostOptions, probeDeps())
    await probe.run()
    const until = Date.now() + 60
    while (Date.now() < until);
    const { samples } = await probe.run()
    expect(samples.map(({ measurement }) => measurement)).toEqual(['cpu', 'mem', 'system', 'disk'])
    const [cpu, mem, system, disk] = samples
    expect(cpu?.tags).toEqual({ cpu: 'cpu-total' })
    expect(cpu?.fields.usage_active).toBeGreaterThan(5)
    expect(mem?.fields.total).toBe(totalmem())
    expect(system?.fields.uptime).toBeGreaterThan(0)
    expect(disk?.fields.used_percent).toBeGreaterThan(0)
  })
})
