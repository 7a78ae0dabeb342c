import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseDocument } from '../../core/config/document.ts'
import { parseInventory } from '../../core/inventory/parse.ts'
import { systemClock } from '../../core/lifecycle/clock.ts'
import { kinds } from '../../probes/kinds.ts'
import { type SimulatedDevice, startSimulator } from '../../protocols/snmp/simulator.ts'
import { parseRecording } from '../../protocols/snmp/snmprec.ts'
import { type Bmc, startBmc } from '../support/bmc.ts'
import { buildCliCommand, type CliCommand } from '../support/cli-command.ts'
import { freeUdpPort } from '../support/free-port.ts'
import { SNMPD_USERS, startSnmpd } from '../support/snmpd.ts'
import { tempDir } from '../support/temp-dir.ts'
import { missing } from '../support/tools.ts'

const UPS = `
1.3.6.1.2.1.1.1.0|4|Test UPS card
1.3.6.1.2.1.1.2.0|6|1.3.6.1.2.1.33
1.3.6.1.2.1.1.3.0|67|1000
1.3.6.1.2.1.1.5.0|4|UPS 主机房 #1.room.example
1.3.6.1.2.1.1.6.0|4|主机房
1.3.6.1.2.1.33.1.1.1.0|4|Maker
1.3.6.1.2.1.33.1.2.1.0|2|2
1.3.6.1.2.1.33.1.2.4.0|2|100
`
const BOX = `
1.3.6.1.2.1.1.1.0|4|A box: "quoted" # and more
1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.99999.1
1.3.6.1.2.1.1.3.0|67|1000
1.3.6.1.2.1.1.5.0|4|fw-01
`

describe.skipIf(missing('fping'))('jifang discover', () => {
  let cli: CliCommand
  let port: number
  let bmc: Bmc
  const simulators: SimulatedDevice[] = []

  beforeAll(async () => {
    cli = await buildCliCommand('discover')
    port = await freeUdpPort()
    const devices = [
      ['127.0.0.3', UPS, 'room'],
      ['127.0.0.5', BOX, 'other'],
      ['127.0.0.6', BOX, 'room'],
      ['127.0.0.9', BOX, 'secret'],
    ] as const
    for (const [host, recording, community] of devices)
      simulators.push(await startSimulator({ host, port, community, varbinds: parseRecording(recording).varbinds, clock: systemClock }))
    bmc = await startBmc()
  })
  afterAll(async () => {
    await Promise.all([...simulators.map((one) => one.close()), bmc.close(), cli.remove()])
  })

  const config = async (devices: string): Promise<string> => {
    const dir = join(await tempDir(), 'config')
    await mkdir(dir)
    await writeFile(join(dir, 'devices.yaml'), devices)
    return dir
  }
  const search = async (dir: string, ...args: string[]) =>
    await cli.run([
      '127.0.0.0/28',
      '--port',
      String(port),
      '--ipmi-port',
      String(bmc.port),
      '-t',
      '300ms',
      '-c',
      'room',
      '-c',
      'other',
      '--config',
      dir,
      ...args,
    ])

  it('prints entries that devices.yaml takes as they are, without a secret in them', async () => {
    const dir = await config('site: lab\ndevices: [{ name: fw-01, class: firewall, address: 127.0.0.6, checks: [{ kind: ping }] }]\n')
    const { code, stdout, stderr } = await search(dir)
    expect([code, stderr]).toEqual([0, '13 of 13 addresses answer\nleft out, already in devices.yaml: 127.0.0.6\n'])
    const document = parseDocument(`site: lab\ndefaults: { poller: p }\n${stdout}`, 'devices.yaml')
    const inventory = parseInventory(document, kinds)
    expect(document.issues).toEqual([])
    const found = new Map(inventory?.devices.map((device) => [device.address, device]))
    expect(found.size).toBe(13)
    expect(found.get('127.0.0.3')).toMatchObject({ name: 'UPS-1', class: 'ups', location: { room: '主机房' }, note: 'Test UPS card' })
    const options = { community: '${env:SNMP_COMMUNITY_1}', port }
    expect(found.get('127.0.0.3')?.checks.map(({ kind, options: given }) => [kind, given])).toEqual([
      ['ping', {}],
      ['snmp', options],
    ])
    expect(found.get('127.0.0.5')).toMatchObject({ name: 'fw-01-127-0-0-5', note: 'A box: "quoted" # and more' })
    expect(found.get('127.0.0.5')?.checks[1]?.options).toEqual({ ...options, community: '${env:SNMP_COMMUNITY_2}' })
    expect(found.get('127.0.0.1')).toMatchObject({ name: 'bmc-127-0-0-1', class: 'bmc' })
    expect(found.get('127.0.0.1')?.checks.map(({ kind }) => kind)).toEqual(['ping', 'ipmi'])
    expect(found.get('127.0.0.9')?.checks.map(({ kind }) => kind)).toEqual(['ping'])
    expect(stdout).not.toMatch(/community: "?(room|other)/)
  })

  it('as JSON, and without a configuration', async () => {
    const { stdout } = await search(join(await tempDir(), 'nowhere'), '--json')
    const result = JSON.parse(stdout)
    expect(result).toMatchObject({ complete: true, skipped: [] })
    expect(result.devices).toHaveLength(14)
    expect(result.devices[2]).toMatchObject({
      address: '127.0.0.3',
      ping: true,
      snmp: true,
      ipmi: false,
      sys_object_id: '1.3.6.1.2.1.33',
      entry: { class: 'ups' },
    })
    expect(result.devices[2].profiles).toContain('ups-mib')
  })

  it.skipIf(missing('snmpd'))('by SNMPv3, with secrets out of the environment', async () => {
    const snmpd = await startSnmpd()
    const { user, auth, privacy } = SNMPD_USERS.sha256
    try {
      const { code, stdout, stderr } = await cli.run(['127.0.0.1', '-u', user, '--port', String(snmpd.port), '--config', '/nonexistent'], {
        JIFANG_SNMP_AUTH_PASSWORD: auth,
        JIFANG_SNMP_PRIV_PASSWORD: privacy,
      })
      expect([code, stderr]).toEqual([0, '1 of 1 addresses answer\n'])
      expect(stdout).toContain('name: test-host')
      expect(stdout).toMatch(/kind: snmp, user: u256, auth: \{ protocol: sha256, password: "?\$\{env:SNMP_AUTH_PASSWORD\}/)
      expect(stdout).not.toMatch(/authpass|privpass/)
    } finally {
      await snmpd.close()
    }
  })

  it('ends at its deadline with what it has', async () => {
    const started = Date.now()
    const { code, stderr } = await search(join(await tempDir(), 'nowhere'), '--deadline', '1s', '--concurrency', '1', '-t', '30s')
    expect(code).toBe(1)
    expect(stderr).toContain('ended before all addresses were asked')
    expect(Date.now() - started).toBeLessThan(60_000)
  })

  it.each([
    [['10.0.0.0/8'], /16777214 addresses are more than 4096/],
    [['10.0.0.0/8', '--force'], /too many/],
    [['nonsense'], /neither an address nor a block/],
    [['127.0.0.1', '-t', 'soon'], /request_timeout/],
  ])('%j is bad usage', async (args, message) => {
    const { code, stderr, stdout } = await cli.run([...args, '--config', '/nonexistent'])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(message)
  })
})
