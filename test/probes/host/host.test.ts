import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import type { Sample } from '../../../core/model/sample.ts'
import { host } from '../../../probes/host/host.ts'
import type { HostOptions } from '../../../probes/host/options.ts'
import { hostKind } from '../../../probes/host/options.ts'
import { missing } from '../../support/tools.ts'
import { until } from '../../support/until.ts'
import { conformance } from '../conformance.ts'
import { probeDeps, target } from '../deps.ts'

const create = (options: Record<string, unknown> = {}) =>
  host.create(target(), v.parse(hostKind.options, options) as HostOptions, probeDeps())
const signal = () => AbortSignal.timeout(5000)
const find = (samples: readonly Sample[], measurement: string, tags: Record<string, string> = {}) =>
  samples.find((sample) => sample.measurement === measurement && Object.entries(tags).every(([key, value]) => sample.tags[key] === value))
const number = (sample: Sample | undefined, field: string): number => {
  const value = sample?.fields[field]
  if (typeof value !== 'number') throw new Error(`${sample?.measurement ?? 'no sample'} has no number ${field}`)
  return value
}

conformance('host', { kind: host, spec: hostKind, good: async () => ({ options: {} }) })

describe.skipIf(process.platform !== 'linux' || missing('free', 'df'))('host on Linux agrees with the system', () => {
  it('with free -b', async () => {
    const { samples } = await create().run(signal())
    const rows = execFileSync('free', ['-b', '-w'], { encoding: 'utf8', env: { LC_ALL: 'C' } }).split('\n')
    const [total, used, , shared, buffers, cached, available] = (rows[1] ?? '').split(/ +/).slice(1).map(Number)
    const mem = find(samples, 'mem')
    const near = (field: string, expected: number | undefined) =>
      expect(Math.abs(number(mem, field) - (expected ?? Number.NaN)), field).toBeLessThan((total ?? 0) * 0.01)
    expect(number(mem, 'total')).toBe(total)
    near('used', used)
    near('available', available)
    near('buffered', buffers)
    near('cached', cached)
    near('shared', shared)
    expect(number(find(samples, 'swap'), 'total')).toBe(Number((rows[2] ?? '').split(/ +/)[1]))
  })

  it('with df', async () => {
    const { samples } = await create().run(signal())
    const disks = samples.filter((sample) => sample.measurement === 'disk')
    expect(disks.map((disk) => disk.tags.path)).toContain('/')
    for (const disk of disks) {
      const path = disk.tags.path ?? ''
      const row =
        execFileSync('df', ['-B1', '--output=size,used,avail,pcent,itotal,iused,fstype', path], { encoding: 'utf8' }).split('\n')[1] ?? ''
      const [size, used, avail, percent, inodes, inodesUsed, fstype] = row.trim().replace('%', '').split(/ +/)
      expect(number(disk, 'total'), path).toBe(Number(size))
      expect(Math.abs(number(disk, 'used') - Number(used)), path).toBeLessThan(64e6)
      expect(Math.abs(number(disk, 'free') - Number(avail)), path).toBeLessThan(64e6)
      // df rounds up
      if (percent !== '-') expect(Math.abs(Math.ceil(number(disk, 'used_percent')) - Number(percent)), path).toBeLessThanOrEqual(1)
      expect(number(disk, 'inodes_total'), path).toBe(Number(inodes))
      expect(Math.abs(number(disk, 'inodes_used') - Number(inodesUsed)), path).toBeLessThan(2000)
      expect(disk.tags.fstype, path).toBe(fstype)
    }
  })

  it('with the time a busy process takes', async () => {
    const probe = create()
    const first = await probe.run(signal())
    expect(find(first.samples, 'cpu')).toBeUndefined()
    const busyUntil = Date.now() + 300
    while (Date.now() < busyUntil);
    const { samples } = await probe.run(signal())
    const total = find(samples, 'cpu', { cpu: 'cpu-total' })
    const cores = samples.filter((sample) => sample.measurement === 'cpu' && sample !== total)
    expect(cores).toHaveLength(number(find(samples, 'system'), 'n_cpus'))
    expect(number(total, 'usage_active')).toBeGreaterThan(80 / cores.length)
    for (const sample of [total, ...cores]) {
      const sum = Object.entries(sample?.fields ?? {}).filter(([key]) => key !== 'usage_active')
      expect(sum.reduce((all, [, share]) => all + Number(share), 0)).toBeCloseTo(100, 6)
    }
  })

  it('with uptime, nproc and the clock', async () => {
    const { samples } = await create().run(signal())
    const system = find(samples, 'system')
    expect(number(system, 'n_cpus')).toBe(Number(execFileSync('nproc', ['--all'], { encoding: 'utf8' })))
    const boot = number(find(samples, 'kernel'), 'boot_time')
    expect(Math.abs(boot + number(system, 'uptime') - Date.now() / 1000)).toBeLessThan(5)
    expect(number(find(samples, 'kernel'), 'context_switches')).toBeGreaterThan(0)
    expect(number(find(samples, 'processes'), 'total')).toBeGreaterThan(1)
  })

  it('leaves out what it is told to', async () => {
    const { samples } = await create({ ignore_mounts: ['*'], ignore_interfaces: ['*'], per_core: false }).run(signal())
    expect(samples.filter(({ measurement }) => measurement === 'disk' || measurement === 'net')).toEqual([])
  })

  it('sees a declared process come and go', async () => {
    const probe = create({
      processes: [{ name: 'sleeper', match: 'sleep 4711.25' }, { name: 'no-such-prog' }, { name: 'node' }],
    })
    const running = async () => {
      const { samples } = await probe.run(signal())
      return { running: find(samples, 'process', { process: 'sleeper' })?.fields.running, samples }
    }
    const before = await running()
    expect(before.running).toBe(false)
    expect(find(before.samples, 'process', { process: 'no-such-prog' })?.fields).toEqual({ running: false, count: 0 })
    const child = spawn('sleep', ['4711.25'])
    try {
      await until(async () => (await running()).running === true, { what: 'the process is seen' })
    } finally {
      child.kill()
    }
    await once(child, 'exit')
    expect((await running()).running).toBe(false)
  })
})
