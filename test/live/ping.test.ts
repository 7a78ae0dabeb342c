import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import { afterEach, describe, expect, it } from 'vitest'
import type { PingOptions } from '../../probes/ping/options.ts'
import { pingKind } from '../../probes/ping/options.ts'
import { ping } from '../../probes/ping/ping.ts'
import { runTool } from '../../probes/ping/tool.ts'
import { conformance } from '../probes/conformance.ts'
import { probeDeps, target } from '../probes/deps.ts'
import { tempDir } from '../support/temp-dir.ts'
import { missing } from '../support/tools.ts'
import { until } from '../support/until.ts'

const create = (address: string, options: Record<string, unknown> = {}) =>
  ping.create(target({ address }), v.parse(pingKind.options, options) as PingOptions, probeDeps())
const PATH = process.env.PATH
afterEach(() => {
  process.env.PATH = PATH
})

describe.skipIf(missing('fping', 'ping'))('ping with the real tools', () => {
  conformance('ping', { kind: ping, spec: pingKind, good: async () => ({ options: { packets: 2 }, target: { address: '127.0.0.1' } }) })

  it('measures loopback, by address and by name', async () => {
    for (const address of ['127.0.0.1', 'localhost', '::1']) {
      const { samples, reason, detail } = await create(address, { packets: 3, gap_ms: 20 }).run(AbortSignal.timeout(5000))
      expect(reason, detail).toBeUndefined()
      expect(samples[0]).toMatchObject({
        measurement: 'ping',
        tags: { url: address },
        fields: { packets_transmitted: 3, packets_received: 3, percent_packet_loss: 0, result_code: 0 },
      })
      expect(samples[0]?.fields.maximum_response_ms).toBeLessThan(100)
    }
  })

  it('gives the loss of a target that nobody has', async () => {
    const { samples, reason } = await create('240.0.0.1', { packets: 2, gap_ms: 20 }).run(AbortSignal.timeout(8000))
    expect(reason).toBe('unreachable')
    expect(samples[0]?.fields).toEqual({ packets_transmitted: 2, packets_received: 0, percent_packet_loss: 100, result_code: 2 })
  })

  it('says dns for a name that is not there', async () => {
    const { reason } = await create('no-such-name.invalid').run(AbortSignal.timeout(8000))
    expect(reason).toBe('dns')
  })

  it('takes ping where fping fails', async () => {
    const dir = await tempDir()
    await writeFile(join(dir, 'fping'), '#!/bin/sh\necho "fping: can\'t create socket (must run as root?)" >&2\nexit 4\n')
    await chmod(join(dir, 'fping'), 0o755)
    process.env.PATH = `${dir}:${PATH}`
    const { samples, reason } = await create('127.0.0.1', { packets: 2 }).run(AbortSignal.timeout(5000))
    expect(reason).toBeUndefined()
    expect(samples[0]?.fields.packets_received).toBe(2)
    expect(samples[0]?.fields.ttl).toBeGreaterThan(0)
  })

  it('leaves no hung tool behind', async () => {
    const dir = await tempDir()
    const pidFile = join(dir, 'pid')
    await writeFile(join(dir, 'fping'), `#!/bin/sh\ntrap '' TERM\necho $$ > ${pidFile}\nexec sleep 600\n`)
    await chmod(join(dir, 'fping'), 0o755)
    process.env.PATH = `${dir}:${PATH}`
    const asker = new AbortController()
    const running = create('127.0.0.1').run(asker.signal)
    const pid = Number(await until(() => readFile(pidFile, 'utf8').catch(() => ''), { what: 'the tool has started' }))
    asker.abort()
    await expect(running).rejects.toMatchObject({ reason: 'timeout' })
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/)
  })

  it('names a tool that can not be started', async () => {
    await expect(runTool('/nonexistent/fping', [], AbortSignal.timeout(1000))).rejects.toMatchObject({ reason: 'missing_tool' })
  })
})
