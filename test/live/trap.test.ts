import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { loadProfiles } from '../../core/profile/parse.ts'
import { trapKind } from '../../probes/listeners/trap/options.ts'
import { trap } from '../../probes/listeners/trap/trap.ts'
import { type Listening, listening } from '../probes/listeners/listening.ts'
import { freeUdpPort } from '../support/free-port.ts'
import { missing, which } from '../support/tools.ts'
import { until } from '../support/until.ts'

const run = promisify(execFile)
const ENGINE = '0x8000000001020304'
const UPTIME = '4711'

describe.skipIf(missing('snmptrap', 'snmpinform'))('traps of Net-SNMP', () => {
  let on: Listening
  let port: number

  beforeAll(async () => {
    port = await freeUdpPort()
    const { data } = await loadProfiles([join(import.meta.dirname, '../../config/profiles')])
    on = await listening(
      trap,
      trapKind,
      {
        port,
        communities: ['room'],
        users: [
          { user: 'two', auth: { protocol: 'sha256', password: 'auth-secret-2' }, privacy: { protocol: 'aes', password: 'priv-secret-2' } },
          {
            user: 'five',
            auth: { protocol: 'sha512', password: 'auth-secret-5' },
            privacy: { protocol: 'aes', password: 'priv-secret-5' },
          },
          { user: 'plain', auth: { protocol: 'sha', password: 'auth-secret-1' } },
        ],
        sources: { '127.0.0.1': 'ups-01' },
        burst: 500,
      },
      [...data],
    )
  })
  afterAll(() => on.close())
  beforeEach(() => {
    on.events.length = 0
    on.hints.length = 0
    on.logged.length = 0
  })

  const send = async (tool: 'snmptrap' | 'snmpinform', access: string[], rest: string[]): Promise<void> => {
    await run(which(tool) ?? tool, ['-r', '0', '-t', '3', ...access, `127.0.0.1:${port}`, ...rest], { env: { ...process.env, MIBS: '' } })
  }
  const v3 = (user: string, auth: string, secret: string): string[] => [
    ...['-v3', '-l', 'authPriv', '-u', user, '-a', auth, '-A', `auth-${secret}`, '-x', 'AES', '-X', `priv-${secret}`],
  ]
  const next = async (): Promise<(typeof on.events)[number]> => {
    await until(() => on.events.length > 0, { timeoutMs: 3000, what: 'an event' })
    const event = on.events[0]
    if (!event) throw new Error('no event')
    return event
  }

  it('v1, with the generic and the enterprise numbering', async () => {
    await send(
      'snmptrap',
      ['-v1', '-c', 'room'],
      ['1.3.6.1.4.1.9.1.1', '10.9.8.7', '2', '0', UPTIME, '1.3.6.1.2.1.2.2.1.2.7', 's', 'Gi0/7'],
    )
    expect(await next()).toMatchObject({
      measurement: 'event',
      tags: { type: 'trap', severity: 'minor', event: 'linkDown', device: 'ups-01' },
      fields: { name: 'linkDown', text: '端口断开 interface=Gi0/7', source: '127.0.0.1', severity_code: 1, count: 1 },
    })
    on.events.length = 0
    await send('snmptrap', ['-v1', '-c', 'room'], ['1.3.6.1.2.1.33.2', '127.0.0.1', '6', '1', UPTIME, '1.3.6.1.2.1.33.1.2.3.0', 'i', '12'])
    expect(await next()).toMatchObject({
      tags: { event: 'upsTrapOnBattery', severity: 'major' },
      fields: { text: 'UPS 电池供电 minutes_left=12' },
    })
    expect(on.hints).toEqual(['ups-01', 'ups-01'])
  })

  it('v2c, a trap that no profile knows: shown with its varbinds', async () => {
    await send(
      'snmptrap',
      ['-v2c', '-c', 'room'],
      [UPTIME, '1.3.6.1.4.1.99999.7.0.3', '1.3.6.1.4.1.99999.1.1', 's', '烟感报警', '1.3.6.1.4.1.99999.1.2', 'i', '42'],
    )
    expect(await next()).toMatchObject({
      tags: { event: 'other', severity: 'info' },
      fields: {
        name: '1.3.6.1.4.1.99999.7.0.3',
        text: '1.3.6.1.4.1.99999.7.0.3 1.3.6.1.4.1.99999.1.1=烟感报警 1.3.6.1.4.1.99999.1.2=42',
      },
    })
  })

  it('v2c inform is answered', async () => {
    await send('snmpinform', ['-v2c', '-c', 'room'], [UPTIME, '1.3.6.1.6.3.1.1.5.1'])
    expect((await next()).fields.name).toBe('coldStart')
  })

  it('an inform with a wrong community is not answered, and told without the community', async () => {
    await expect(send('snmpinform', ['-v2c', '-c', 'wrong-one'], [UPTIME, '1.3.6.1.6.3.1.1.5.1'])).rejects.toThrow(/Timeout/i)
    expect(await next()).toMatchObject({ tags: { event: 'refused' }, fields: { name: 'refused' } })
    expect(JSON.stringify([on.events, on.logged])).not.toContain('wrong-one')
    expect(on.hints).toEqual([])
  })

  it.each([
    ['two', 'SHA-256', 'secret-2'],
    ['five', 'SHA-512', 'secret-5'],
  ])('v3 authPriv trap and inform of %s by %s/AES', async (user, auth, secret) => {
    await send('snmptrap', ['-e', ENGINE, ...v3(user, auth, secret)], [UPTIME, '1.3.6.1.6.3.1.1.5.2', '1.3.6.1.4.1.5.1', 's', user])
    expect((await next()).fields.name).toBe('warmStart')
    on.events.length = 0
    await send('snmpinform', v3(user, auth, secret), [UPTIME, '1.3.6.1.6.3.1.1.5.5', '1.3.6.1.4.1.5.1', 's', user])
    expect((await next()).fields.name).toBe('authenticationFailure')
  })

  it('v3 with wrong keys, without privacy, of nobody and of an unknown user: refused, no digest and no key in any word', async () => {
    const cases = [
      ['-e', ENGINE, ...v3('two', 'SHA-256', 'secret-9')],
      ['-e', ENGINE, '-v3', '-l', 'authNoPriv', '-u', 'two', '-a', 'SHA-256', '-A', 'auth-secret-2'],
      ['-e', ENGINE, '-v3', '-l', 'noAuthNoPriv', '-u', 'two'],
      ['-e', ENGINE, '-v3', '-l', 'noAuthNoPriv', '-u', ''],
      ['-e', ENGINE, ...v3('stranger', 'SHA-256', 'secret-2')],
    ]
    for (const access of cases) await send('snmptrap', access, [UPTIME, '1.3.6.1.6.3.1.1.5.1']).catch(() => undefined)
    await until(() => on.counters.get('jifang_traps_refused_total', { why: 'user' }) >= 1, { what: 'refusals' })
    expect(on.counters.get('jifang_traps_refused_total', { why: 'authentication' })).toBeGreaterThanOrEqual(3)
    expect(on.field('name')).not.toContain('coldStart')
    expect(on.hints).toEqual([])
    expect(JSON.stringify([on.events, on.logged])).not.toMatch(/[0-9a-f]{16,}|secret-/)
  })

  it('v3 with authentication alone, where the user is so', async () => {
    await send(
      'snmptrap',
      ['-e', ENGINE, '-v3', '-l', 'authNoPriv', '-u', 'plain', '-a', 'SHA', '-A', 'auth-secret-1'],
      [UPTIME, '1.3.6.1.6.3.1.1.5.4'],
    )
    expect((await next()).fields.name).toBe('linkUp')
  })
})
