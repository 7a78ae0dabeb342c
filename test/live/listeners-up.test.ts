import { execFile } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { trapV2 } from '../probes/listeners/trap-bytes.ts'
import { freePort, freeUdpPort } from '../support/free-port.ts'
import { jifang, killAll, type Program, room, writeConfig } from '../support/jifang.ts'
import { makeTempDir } from '../support/temp-dir.ts'
import { missing } from '../support/tools.ts'
import { until } from '../support/until.ts'

const run = promisify(execFile)
const UPS = '127.0.0.21'

describe.skipIf(missing('logger'))('a trap and a log line, from the packet to the alarm', () => {
  let dir: string
  let port: number
  let trapPort: number
  let syslogPort: number
  let up: Program

  beforeAll(async () => {
    dir = await makeTempDir()
    port = await freePort()
    trapPort = await freeUdpPort()
    syslogPort = await freePort()
    const config = await writeConfig(join(dir, 'config'), {
      'jifang.yaml': `mqtt: { listen: "127.0.0.1:${await freePort()}" }\nagent: { name: box }\nweb: { listen: "127.0.0.1:${port}" }\n`,
      'devices.yaml': `
site: test
devices:
  - name: box
    class: host
    checks:
      - { kind: trap, listen: 127.0.0.1, port: ${trapPort}, communities: [room], interval: 1s, timeout: 900ms }
      - kind: syslog
        listen: 127.0.0.1
        port: ${syslogPort}
        interval: 1s
        timeout: 900ms
        patterns: [ { match: 勒索, name: ransomware, severity: emergency } ]
  - { name: ups-01, title: 机房 UPS, class: ups, address: ${UPS}, checks: [ { kind: ping } ] }
`,
    })
    up = jifang(['up', '--config', config, '--data', join(dir, 'data')])
    await until(() => up.stdout().includes('/api/v1/devices'), { timeoutMs: 30_000, what: `panel: ${up.stderr()}` })
    await room(port).ready()
    await until(async () => (await room(port).device('box')).checks.filter((check) => check.up).length === 2, {
      timeoutMs: 30_000,
      what: 'both listeners run',
    })
  }, 90_000)
  afterAll(async () => {
    await up?.stop()
    killAll()
    if (dir) await rm(dir, { recursive: true, force: true })
  })

  const alarmOf = (device: string) =>
    until(async () => (await room(port).alarms()).find((alarm) => alarm.device === device), {
      timeoutMs: 10_000,
      what: `an alarm of ${device}`,
    })

  it('a trap of a declared device raises an alarm of that device', async () => {
    await new Promise<void>((resolve, reject) => {
      const socket = createSocket('udp4')
      socket.once('error', reject)
      socket.bind(0, UPS, () => socket.send(trapV2('1.3.6.1.2.1.33.2.1', 1), trapPort, '127.0.0.1', () => socket.close(() => resolve())))
    })
    expect(await alarmOf('ups-01')).toMatchObject({
      rule: 'event-major',
      severity: 'major',
      state: 'firing',
      title: { zh: expect.stringMatching(/^UPS 电池供电/) },
      instance: 'event=upsTrapOnBattery,type=trap',
    })
  })

  it('a log line that a pattern weighs raises one too; nobody declared its source, so it is the listener’s', async () => {
    await run('logger', ['-n', '127.0.0.1', '-P', String(syslogPort), '--udp', '-p', 'user.info', '-t', 'av', '发现勒索病毒'])
    expect(await alarmOf('box')).toMatchObject({ rule: 'event-emergency', severity: 'emergency', title: { zh: 'av: 发现勒索病毒' } })
    const event = (await room(port).device('box')).values?.find(({ measurement, field }) => measurement === 'event' && field === 'source')
    expect(event).toMatchObject({ value: '127.0.0.1' })
  })
})
