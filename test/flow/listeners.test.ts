import { createSocket } from 'node:dgram'
import { join } from 'node:path'
import * as v from 'valibot'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Agent, startAgent } from '../../agent/agent.ts'
import { parseDocument } from '../../core/config/document.ts'
import type { Inventory } from '../../core/inventory/model.ts'
import { parseInventory } from '../../core/inventory/parse.ts'
import { buildSlice } from '../../core/inventory/slice.ts'
import { systemClock } from '../../core/lifecycle/clock.ts'
import { Counters } from '../../core/lifecycle/counters.ts'
import type { Running } from '../../core/lifecycle/stack.ts'
import { silentLog } from '../../core/log/log.ts'
import { listeners } from '../../probes/index.ts'
import { kinds as allKinds } from '../../probes/kinds.ts'
import { trapV2 } from '../probes/listeners/trap-bytes.ts'
import { COLLECTOR_USER, embeddedBroker, loginOf, SITE } from '../support/broker.ts'
import { freePort, freeUdpPort } from '../support/free-port.ts'
import { tempDir } from '../support/temp-dir.ts'
import { until } from '../support/until.ts'
import { type CollectorEnd, collectorEnd, linesOf, readAll } from '../support/wire-ends.ts'

const UPS = '127.0.0.21'
const IDS_BY_CHECK = '127.0.0.22'
const STRANGER = '127.0.0.23'

describe('listeners of a poller, from the packet to the journal', () => {
  const running: Running[] = []
  let trapPort: number
  let syslogPort: number
  let collector: CollectorEnd
  let agent: Agent
  let polls: string[]

  function inventory(): Inventory {
    const text = `
site: ${SITE}
defaults: { poller: poller-1 }
devices:
  - name: poller-1
    class: host
    checks:
      - { kind: trap, port: ${trapPort}, listen: 127.0.0.1, communities: [room], interval: 1s, timeout: 900ms }
      - { kind: syslog, port: ${syslogPort}, listen: 127.0.0.1, interval: 1s, timeout: 900ms }
  - { name: ups-01, class: ups, address: ${UPS}, checks: [ { kind: snmp, community: room, interval: 1h } ] }
  - { name: ids-01, class: ids, checks: [ { kind: ping, address: ${IDS_BY_CHECK} } ], poller: poller-2 }
`
    const document = parseDocument(text, 'devices.yaml')
    const parsed = parseInventory(document, allKinds)
    if (!parsed) throw new Error(JSON.stringify(document.issues))
    return parsed
  }

  beforeEach(async () => {
    const dir = await tempDir()
    trapPort = await freeUdpPort()
    syslogPort = await freePort()
    polls = []
    const broker = await embeddedBroker(['poller-1'])
    collector = await collectorEnd(join(dir, 'c'), loginOf(broker.port, COLLECTOR_USER))
    const snmp = {
      create: (target: { device: string }) => ({ run: async () => ({ samples: [], detail: String(polls.push(target.device)) }) }),
    }
    agent = await startAgent(
      {
        site: SITE,
        name: 'poller-1',
        dataDir: join(dir, 'a'),
        version: '0',
        mqtt: loginOf(broker.port, 'poller-1'),
        spool: { maxBytes: 1e8, keepFreeBytes: 0, backlogShare: 0.5 },
      },
      {
        probes: { snmp: async () => snmp },
        listeners,
        kinds: { ...allKinds, snmp: { ...allKinds.snmp, options: v.looseObject({}) } },
        secrets: { resolve: (text) => text },
        log: silentLog,
        clock: systemClock,
        counters: new Counters(),
      },
    )
    running.push(broker, collector, agent)
    const devices = buildSlice(inventory(), 'poller-1', { kinds: allKinds, isAlive: () => true })
    await collector.ingest.publishConfig('poller-1', { collectors: ['main'], profiles: [], devices })
    await until(async () => (await lines()).filter((line) => / up=1i/.test(line) && /check=(trap|syslog)/.test(line)).length >= 2, {
      timeoutMs: 20_000,
      what: 'both listeners run',
    })
  })
  afterEach(async () => {
    for (const thing of running.splice(0).reverse()) await thing.stop()
  })

  const lines = async (): Promise<string[]> => (await readAll(collector.journal)).filter(({ kind }) => kind === 'data').flatMap(linesOf)
  const events = async (): Promise<string[]> => (await lines()).filter((line) => /(^|# refused \w+ )event,/.test(line))
  const send = (from: string, port: number, bytes: Buffer): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = createSocket('udp4')
      socket.once('error', reject)
      socket.bind(0, from, () => socket.send(bytes, port, '127.0.0.1', () => socket.close(() => resolve())))
    })

  test('each event is told of the device that its source is, and a trap has that device polled at once', async () => {
    await until(() => polls.length === 1, { timeoutMs: 20_000, what: 'the first poll' })
    await send(UPS, trapPort, trapV2('1.3.6.1.4.1.99999.0.7', 1))
    await send(STRANGER, trapPort, trapV2('1.3.6.1.4.1.99999.0.8', 2))
    await send(IDS_BY_CHECK, syslogPort, Buffer.from('<11>ips: 攻击'))
    const [first, second, third, ...more] = await until(async () => (await events()).length >= 3 && (await events()), {
      what: 'three events',
    })
    expect(first).toMatch(
      /^event,device=ups-01,event=other,severity=info,site=test,type=trap .*name="1\.3\.6\.1\.4\.1\.99999\.0\.7",source="127\.0\.0\.21"/,
    )
    expect(second).toMatch(/^event,device=poller-1,event=other,.*type=trap .*source="127\.0\.0\.23"/)
    expect(third).toMatch(/^event,device=ids-01,event=other,severity=minor,site=test,type=syslog text="攻击",name="ips"/)
    expect(more).toEqual([])
    await until(() => polls.length === 2, { timeoutMs: 2000, what: 'the poll that the trap asked for' })
    expect(polls).toEqual(['ups-01', 'ups-01'])
  })

  test('of a source the agent may send events and nothing else', async () => {
    const sample = (device: string, measurement: string) => ({
      measurement,
      tags: { site: SITE, device },
      fields: { x: 1 },
      time: Date.now(),
    })
    agent.emit([sample('ids-01', 'ping'), sample('ids-01', 'event'), sample('nobody', 'event'), sample('ups-01', 'ups')])
    const told = await until(
      async () => {
        const found = (await lines()).filter((line) => / x=1/.test(line))
        return found.length === 4 && found
      },
      { what: 'all four' },
    )
    expect(told.map((line) => line.replace(/,site.*/, ''))).toEqual([
      '# refused unassigned ping,device=ids-01',
      'event,device=ids-01',
      '# refused unassigned event,device=nobody',
      'ups,device=ups-01',
    ])
  })

  test('a trap never polls more often than every ten seconds', async () => {
    await until(() => polls.length === 1, { timeoutMs: 20_000, what: 'the first poll' })
    for (let n = 0; n < 20; n++) await send(UPS, trapPort, trapV2(`1.3.6.1.4.1.99999.0.${n}`, n))
    await until(async () => (await events()).length >= 20, { what: 'all events' })
    expect(polls).toHaveLength(2)
  })
})
