import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startBroker } from '../../broker/embedded.ts'
import { Counters } from '../../core/lifecycle/counters.ts'
import { type Log, silentLog } from '../../core/log/log.ts'
import { type LinkSettings, openLink } from '../../core/wire/link.ts'
import { COLLECTOR_USER, SITE } from '../support/broker.ts'
import { makeCertificates } from '../support/mosquitto.ts'
import { tempDir } from '../support/temp-dir.ts'
import { missing } from '../support/tools.ts'
import { until } from '../support/until.ts'
import { agentEnd, collectorEnd, numbered, numbersIn } from '../support/wire-ends.ts'

async function tlsBroker(dir: string, clientCa: boolean, insiders: readonly string[] = []) {
  makeCertificates(dir, ['broker', 'poller-1', COLLECTOR_USER])
  const file = (name: string): string => join(dir, name)
  const broker = await startBroker(
    {
      host: '127.0.0.1',
      port: 0,
      site: SITE,
      collectors: [COLLECTOR_USER],
      passwords: new Map([
        [COLLECTOR_USER, 'secret'],
        ['poller-1', 'other'],
      ]),
      insiders,
      tls: { cert: file('broker.crt'), key: file('broker.key'), ...(clientCa && { clientCa: file('ca.crt') }) },
    },
    { log: silentLog, counters: new Counters() },
  )
  onTestFinished(() => broker.stop())
  const url = `mqtts://127.0.0.1:${broker.port}`
  const certified = (name: string): LinkSettings => ({ url, ca: file('ca.crt'), cert: file(`${name}.crt`), key: file(`${name}.key`) })
  return { url, certified, ca: file('ca.crt') }
}

/** Why a link with these settings does not come up. */
async function refusal(settings: LinkSettings): Promise<string> {
  const reasons: string[] = []
  const log: Log = { ...silentLog, warn: (facts) => void reasons.push((facts as { reason: string }).reason) }
  const link = openLink({ log, counters: new Counters() }, settings, {
    clientId: 'x',
    subscriptions: [],
    will: () => ({ topic: 'x', payload: '' }),
    onConnect() {},
    onDisconnect() {},
    onMessage() {},
  })
  try {
    return await until(() => reasons[0], { what: 'the reason' })
  } finally {
    await link.stop()
  }
}

describe.skipIf(missing('openssl'))('the embedded broker over TLS', () => {
  test('client certificates: the common name is the user, and the data arrives', async () => {
    const dir = await tempDir()
    const { certified } = await tlsBroker(dir, true)
    const collector = await collectorEnd(join(dir, 'c'), certified(COLLECTOR_USER))
    onTestFinished(() => collector.stop())
    const agent = await agentEnd(join(dir, 'a'), certified('poller-1'), 'poller-1')
    onTestFinished(() => agent.stop())
    agent.emit([numbered('poller-1', 1)])
    await until(async () => (await numbersIn(collector.journal, 'poller-1')).length === 1)
    await until(() => agent.spool.backlog === 0)
  })

  test('why it does not come up is said in words', async () => {
    const { url, ca } = await tlsBroker(await tempDir(), false)
    expect(await refusal({ url, ca, username: COLLECTOR_USER, password: 'wrong' })).toMatch(/bad username or password/i)
    expect(await refusal({ url, username: COLLECTOR_USER, password: 'secret' })).toMatch(/certificate/)
    expect(await refusal({ url, ca: '/nowhere/ca.crt' })).toMatch(/no such file.*\/nowhere\/ca\.crt/)
    expect(await refusal({ url: 'mqtt://127.0.0.1:1' })).toMatch(/ECONNREFUSED/)
  })

  test('a pinned certificate needs not its authority, and no other is taken', async () => {
    const dir = await tempDir()
    const { url } = await tlsBroker(dir, false)
    const login = { url: url.replace('127.0.0.1', 'localhost'), username: COLLECTOR_USER, password: 'secret' }
    const collector = await collectorEnd(join(dir, 'c'), { ...login, pin: join(dir, 'broker.crt') })
    await collector.stop()
    expect(await refusal({ ...login, pin: join(dir, 'poller-1.crt') })).toMatch(/certificate/)
  })

  test('without a client certificate there is no way in where one is demanded', async () => {
    const { url, ca } = await tlsBroker(await tempDir(), true)
    expect(await refusal({ url, ca, username: COLLECTOR_USER, password: 'secret' })).toMatch(/bad username or password/i)
  })

  test('a certificate of another authority is none', async () => {
    const { url, ca } = await tlsBroker(await tempDir(), true)
    const foreign = await tempDir()
    makeCertificates(foreign, ['poller-1'])
    const file = (name: string): string => join(foreign, name)
    const settings = { url, ca, cert: file('poller-1.crt'), key: file('poller-1.key'), username: 'poller-1', password: 'other' }
    expect(await refusal(settings)).toMatch(/bad username or password/i)
  })

  test('the programs of the broker’s own process need none, others do', async () => {
    const dir = await tempDir()
    const { url, ca, certified } = await tlsBroker(dir, true, [COLLECTOR_USER])
    const collector = await collectorEnd(join(dir, 'c'), { url, ca, username: COLLECTOR_USER, password: 'secret' })
    onTestFinished(() => collector.stop())
    const agent = await agentEnd(join(dir, 'a'), certified('poller-1'), 'poller-1')
    onTestFinished(() => agent.stop())
    agent.emit([numbered('poller-1', 1)])
    await until(async () => (await numbersIn(collector.journal, 'poller-1')).length === 1)
    expect(await refusal({ url, ca, username: COLLECTOR_USER, password: 'wrong' })).toMatch(/bad username or password/i)
    expect(await refusal({ url, ca, username: 'poller-1', password: 'other' })).toMatch(/bad username or password/i)
  })
})
