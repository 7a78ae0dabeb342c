import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import * as v from 'valibot'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { Counters } from '../../core/lifecycle/counters.ts'
import { ProbeError } from '../../core/model/reason.ts'
import { loadProfiles } from '../../core/profile/parse.ts'
import { type SnmpOptions, snmpKind } from '../../probes/snmp/options.ts'
import { snmp } from '../../probes/snmp/snmp.ts'
import { accessEntries } from '../../protocols/snmp/access.ts'
import { openSnmpDevice } from '../../protocols/snmp/device.ts'
import { createSnmpSockets } from '../../protocols/snmp/sockets.ts'
import { probeDeps, target } from '../probes/deps.ts'
import { SNMPD_USERS, type Snmpd, startSnmpd } from '../support/snmpd.ts'
import { missing } from '../support/tools.ts'

const deadline = () => AbortSignal.timeout(15_000)

describe.skipIf(missing('snmpd', 'snmpbulkwalk'))('against snmpd', () => {
  let server: Snmpd
  beforeAll(async () => {
    server = await startSnmpd()
  })
  afterAll(() => server.close())

  function open(options: Record<string, unknown>) {
    const sockets = createSnmpSockets({ counters: new Counters(), perFamily: 1 })
    const access = v.parse(v.strictObject(accessEntries), { port: server.port, request_timeout: '1s', retries: 0, ...options })
    const device = openSnmpDevice({ address: '127.0.0.1', access, sockets })
    onTestFinished(() => {
      device.close()
      sockets.close()
    })
    return device
  }

  const v3 = (who: keyof typeof SNMPD_USERS, protocol: string, over: { auth?: string; privacy?: string; user?: string } = {}) => ({
    user: over.user ?? SNMPD_USERS[who].user,
    auth: { protocol, password: over.auth ?? SNMPD_USERS[who].auth },
    privacy: { protocol: 'aes', password: over.privacy ?? SNMPD_USERS[who].privacy },
  })

  it.each([
    ['version 1', { version: '1', community: 'public' }],
    ['version 2c', { community: 'public' }],
    ['version 3, SHA-256 and AES', v3('sha256', 'sha256')],
    ['version 3, SHA-512 and AES', v3('sha512', 'sha512')],
    ['version 3, SHA-1, no privacy', { user: 'uauth', auth: { protocol: 'sha', password: 'authpass001' } }],
  ])('%s reads the same as snmpbulkwalk', async (_, options) => {
    const source = await open(options).source(deadline())
    const { varbinds, failed } = await source.columns(['1.3.6.1.2.1.1'])
    expect(failed).toEqual([])
    const args = ['-v2c', '-c', 'public', '-On', '-Oq', `127.0.0.1:${server.port}`, '1.3.6.1.2.1.1']
    const lines = execFileSync('snmpbulkwalk', args, { encoding: 'utf8', env: { PATH: process.env.PATH, MIBS: '' } }).split('\n')
    const expected = lines.filter((line) => line.startsWith('.1.')).map((line) => line.split(' ')[0]?.slice(1))
    expect(varbinds.map((varbind) => varbind.oid)).toEqual(expected)
    const name = varbinds.find((varbind) => varbind.oid === '1.3.6.1.2.1.1.5.0')
    expect(Buffer.from(name?.value as Uint8Array).toString()).toBe('test-host')
  })

  it.each([
    ['an unknown user', v3('sha256', 'sha256', { user: 'nobody' }), 'auth_failed', /does not know this SNMPv3 user/],
    ['a wrong authentication password', v3('sha256', 'sha256', { auth: 'wrongpassword' }), 'auth_failed', /authentication password/],
    ['a wrong privacy password', v3('sha256', 'sha256', { privacy: 'wrongpassword' }), /timeout|auth_failed/, /privacy password/],
    ['a wrong community', { community: 'wrong' }, 'timeout', /wrong community looks like this too/],
    ['no privacy where it is demanded', { user: 'u256', auth: { protocol: 'sha256', password: 'authpass256' } }, 'auth_failed', /./],
  ])('%s is told in words, without the secret', async (_, options, reason, words) => {
    const error = await open(options)
      .identify(deadline())
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ProbeError)
    if (!(error instanceof ProbeError)) return
    expect(error.reason).toMatch(reason)
    expect(error.message).toMatch(words)
    expect(error.message).not.toMatch(/wrongpassword|digest [0-9a-f]{8}/)
  })

  it('reads a long table in one go and keeps what answered when one root does not exist', async () => {
    const source = await open({ community: 'public' }).source(deadline())
    const { varbinds, failed } = await source.columns(['1.3.6.1.2.1.25', '1.3.6.1.4.1.99999', '1.3.6.1.2.1.2.2.1.2'])
    expect(failed).toEqual([])
    expect(varbinds.length).toBeGreaterThan(100)
    expect(varbinds.some((varbind) => varbind.oid.startsWith('1.3.6.1.2.1.2.2.1.2.'))).toBe(true)
  })

  it('heals a restarted engine without an alarm, and tells a silent one', async () => {
    const own = await startSnmpd()
    onTestFinished(() => own.close())
    const device = open({ ...v3('sha256', 'sha256'), port: own.port })
    const before = await device.identify(deadline())
    await own.kill()
    await expect(device.identify(deadline())).rejects.toMatchObject({ reason: 'timeout' })
    await own.start()
    const after = await device.identify(deadline())
    expect(after.sysDescr).toBe(before.sysDescr)
    expect(after.uptime).toBeLessThan((before.uptime ?? 0) + 6000)
  })

  it('the probe chooses profiles, says why, and gives rates from the second run on', async () => {
    const { data, issues } = await loadProfiles([fileURLToPath(new URL('../../config/profiles', import.meta.url))])
    expect(issues.filter((issue) => issue.level === 'error')).toEqual([])
    const options = v.parse(snmpKind.options, { community: 'public', port: server.port }) as SnmpOptions
    const probe = snmp.create(target({ device: 'host' }), options, probeDeps({ profiles: data }))
    onTestFinished(() => probe.close?.())
    const first = await probe.run(deadline())
    expect(first.reason, first.detail).toBe('ok')
    expect(first.detail).toMatch(/system \(applies to every device\)/)
    expect(first.detail).toMatch(/interfaces \(.*answers/)
    const find = (reading: typeof first, measurement: string) => reading.samples.find((sample) => sample.measurement === measurement)
    expect(find(first, 'snmp_system')?.fields).toMatchObject({ name: 'test-host', location: 'lab' })
    expect(find(first, 'snmp_extend')).toMatchObject({ tags: { name: 'answer' }, fields: { value: 42, output: '42' } })
    const second = await probe.run(deadline())
    expect(second.samples.some((sample) => 'user_rate' in sample.fields || 'in_bits_per_second' in sample.fields)).toBe(true)
    expect(first.samples.some((sample) => 'user_rate' in sample.fields || 'in_bits_per_second' in sample.fields)).toBe(false)
  })
})
