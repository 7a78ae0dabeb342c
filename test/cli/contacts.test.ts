import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import modbusSerial from 'modbus-serial'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { RequestDesk } from '../../agent/requests.ts'
import { createAgentOutputs } from '../../cli/agent-outputs.ts'
import { systemClock } from '../../core/lifecycle/clock.ts'
import { Counters } from '../../core/lifecycle/counters.ts'
import { silentLog } from '../../core/log/log.ts'
import type { AgentReply } from '../../core/wire/payloads.ts'
import { startSimulator } from '../../protocols/snmp/simulator.ts'
import { parseRecording } from '../../protocols/snmp/snmprec.ts'
import { buildCliCommand, type CliCommand } from '../support/cli-command.ts'
import { freePort } from '../support/free-port.ts'
import { tempDir } from '../support/temp-dir.ts'

describe('jifang probe of a station', () => {
  let probe: CliCommand
  beforeAll(async () => {
    probe = await buildCliCommand('probe')
  }, 30_000)
  afterAll(() => probe.remove())

  it('looks until smoke is confirmed, and says what the rules make of it', async () => {
    const { varbinds } = parseRecording('1.3.6.1.9.1.0|2|1\n1.3.6.1.9.2.0|4|0 ')
    const station = await startSimulator({ varbinds, clock: systemClock })
    onTestFinished(() => station.close())
    const dir = await tempDir()
    await writeFile(
      join(dir, 'devices.yaml'),
      `site: lab
devices:
  - name: env-station
    class: env
    address: 127.0.0.1
    poller: p
    checks:
      - kind: contacts
        via: { snmp: { community: "\${env:C}", port: ${station.port} } }
        points:
          - { name: SMK-01, title: 烟感 1, type: smoke, oid: 1.3.6.1.9.1.0, on_delay: 2s, latch: true }
          - { name: WTR-01, title: 水浸 1, type: water, oid: 1.3.6.1.9.2.0 }
`,
    )
    const { stdout, stderr, code } = await probe.run(['env-station', '--config', dir, '--json'], { C: 'any' })
    expect(stderr).toBe('')
    expect(code).toBe(0)
    const [run] = JSON.parse(stdout) as {
      reason: string
      samples: { tags: Record<string, string>; fields: Record<string, unknown> }[]
      verdicts: unknown[]
    }[]
    const state = (point: string) => run?.samples.find(({ tags }) => tags.point === point)?.fields.state
    expect([run?.reason, state('SMK-01'), state('WTR-01')]).toEqual(['ok', 'alarm', 'normal'])
    expect(JSON.stringify(run?.verdicts)).toContain('smoke-water')
  }, 30_000)
})

describe('a request for an output', () => {
  it('reaches the declared coil, is bounded, and what is not allowed is answered in words', async () => {
    const coils = new Map<number, boolean>()
    const port = await freePort()
    const vector = {
      getCoil: (at: number) => coils.get(at) ?? false,
      setCoil: (at: number, on: boolean) => {
        coils.set(at, on)
      },
    }
    const server = new modbusSerial.ServerTCP(vector, { host: '127.0.0.1', port, unitID: 1 })
    await new Promise((resolve) => server.on('initialized', () => resolve(null)))
    onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())))
    const points = [{ name: 'SIREN-01', type: 'siren', output: { coil: 3, write: true, max: '1s' } }]
    const check = {
      name: 'contacts',
      kind: 'contacts',
      interval_ms: 2000,
      timeout_ms: 1800,
      options: { via: { modbus: { tcp: port } }, points },
    }
    const file = join(await tempDir(), 'outputs.json')
    const outputs = createAgentOutputs({
      devices: () => [{ name: 'env', title: 'env', class: 'env', address: '127.0.0.1', checks: [check] }],
      secrets: { resolve: (text) => text },
      counters: new Counters(),
      clock: systemClock,
      log: silentLog,
      file,
    })
    onTestFinished(() => outputs.close())
    const replies: AgentReply[] = []
    const desk = new RequestDesk({
      runNow: async () => [],
      output: outputs.set,
      reply: async (reply) => void replies.push(reply),
      clock: systemClock,
      log: silentLog,
    })
    const ask = (over: object) =>
      desk.onRequest(
        Buffer.from(
          JSON.stringify({
            id: '1',
            kind: 'output',
            expires: Date.now() + 5000,
            device: 'env',
            point: 'SIREN-01',
            on: true,
            seconds: 600,
            ...over,
          }),
        ),
      )
    await ask({})
    expect(replies).toEqual([{ id: '1', ok: true }])
    expect(coils.get(3)).toBe(true)
    await expect.poll(() => coils.get(3), { timeout: 5000 }).toBe(false)
    await ask({ id: '2', point: 'SMK-01' })
    await ask({ id: '3', device: 'other' })
    expect(replies.slice(1).map(({ ok, error }) => [ok, error])).toEqual([
      [false, 'env has no point SMK-01 with an output on this agent'],
      [false, 'other has no point SIREN-01 with an output on this agent'],
    ])
  })
})
