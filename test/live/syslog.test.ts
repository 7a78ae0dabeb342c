import { execFile } from 'node:child_process'
import { connect } from 'node:net'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { syslogKind } from '../../probes/listeners/syslog/options.ts'
import { syslog } from '../../probes/listeners/syslog/syslog.ts'
import { type Listening, listening } from '../probes/listeners/listening.ts'
import { freePort } from '../support/free-port.ts'
import { missing } from '../support/tools.ts'
import { until } from '../support/until.ts'

const run = promisify(execFile)

describe.skipIf(missing('logger'))('syslog of util-linux', () => {
  let on: Listening
  let port: number

  beforeAll(async () => {
    port = await freePort()
    on = await listening(syslog, syslogKind, {
      port,
      sources: { '127.0.0.1': 'ids-01' },
      patterns: [
        { match: 'SQL 注入|SQL injection', name: 'attack', severity: 'major' },
        { match: 'heartbeat', drop: true },
      ],
    })
  })
  afterAll(() => on.close())
  beforeEach(() => {
    on.events.length = 0
  })

  const log = (...args: string[]) => run('logger', ['-n', '127.0.0.1', '-P', String(port), ...args])

  it.each([
    ['UDP, RFC 3164', ['--udp', '--rfc3164']],
    ['UDP, RFC 5424', ['--udp', '--rfc5424']],
    ['TCP, RFC 3164, lines', ['--tcp', '--rfc3164']],
    ['TCP, RFC 5424, octet counting', ['--tcp', '--rfc5424', '--octet-count']],
  ])('%s', async (what, how) => {
    await log(...how, '-p', 'daemon.err', '-t', 'fan', '--', `${what}: 风扇 2 停转`)
    await until(() => on.events.length > 0, { timeoutMs: 3000, what: 'an event' })
    expect(on.events[0]).toMatchObject({
      measurement: 'event',
      tags: { type: 'syslog', severity: 'minor', event: 'other', device: 'ids-01' },
      fields: { name: 'fan', text: `${what}: 风扇 2 停转`, source: '127.0.0.1', severity_code: 1, count: 1 },
    })
  })

  it('GBK beside UTF-8', async () => {
    const gbk = Buffer.from([0xb5, 0xe7, 0xd4, 0xb4, 0xb9, 0xca, 0xd5, 0xcf])
    await new Promise<void>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.end(Buffer.concat([Buffer.from('<11>ups: '), gbk, Buffer.from('\n<11>ups: 温度\n')]))
      })
      socket.once('close', () => resolve()).once('error', reject)
    })
    await until(() => on.events.length === 2, { timeoutMs: 3000, what: 'two events' })
    expect(on.field('text')).toEqual(['电源故障', '温度'])
  })

  it('a pattern names and weighs, another drops, the level leaves out: what is left out is told as activity', async () => {
    await log('--udp', '-p', 'user.debug', '-t', 'ips', 'SQL injection from 10.1.1.1')
    await log('--udp', '-p', 'user.crit', '-t', 'ips', 'heartbeat')
    await log('--udp', '-p', 'user.info', '-t', 'ips', 'session opened')
    await until(() => on.events.length > 0, { timeoutMs: 3000, what: 'an event' })
    expect(on.events[0]).toMatchObject({ tags: { event: 'attack', severity: 'major' }, fields: { name: 'attack', severity_code: 2 } })
    await until(() => on.counters.get('jifang_syslog_received_total', { entry: 'in' }) >= 9, { what: 'all messages' })
    await on.listener.close()
    expect(on.events.at(-1)).toMatchObject({ tags: { event: 'activity', severity: 'info' }, fields: { count: 2 } })
  })
})
