import { createSocket } from 'node:dgram'
import { afterEach, describe, expect, it } from 'vitest'
import type { KindSpec } from '../../../probes/kind-spec.ts'
import { syslogKind } from '../../../probes/listeners/syslog/options.ts'
import { syslog } from '../../../probes/listeners/syslog/syslog.ts'
import { trapKind } from '../../../probes/listeners/trap/options.ts'
import { trap } from '../../../probes/listeners/trap/trap.ts'
import { freeUdpPort } from '../../support/free-port.ts'
import { until } from '../../support/until.ts'
import { type Listening, listening } from './listening.ts'
import { trapV2 } from './trap-bytes.ts'

/** Pauses so that what is lost is lost by the listener and not by the sender's own buffer. */
async function storm(port: number, packets: number, make: (n: number) => Buffer): Promise<void> {
  const socket = createSocket('udp4')
  for (let n = 0; n < packets; n++) {
    socket.send(make(n), port, '127.0.0.1')
    if (n % 100 === 99) await new Promise((resolve) => setImmediate(resolve))
  }
  await new Promise<void>((resolve) => socket.send('', port, '127.0.0.1', () => socket.close(() => resolve())))
}

describe('a storm of 20 000 packets', () => {
  let on: Listening | null = null
  afterEach(async () => {
    await on?.close()
    on = null
  })

  const cases: [string, string, (port: number) => Promise<Listening>, (n: number) => Buffer][] = [
    [
      'the same trap',
      'jifang_traps_received_total',
      (port) => listening(trap, trapKind as KindSpec, { port, communities: ['room'] }),
      (n) => trapV2('1.3.6.1.4.1.99999.0.1', n),
    ],
    [
      'different traps',
      'jifang_traps_received_total',
      (port) => listening(trap, trapKind as KindSpec, { port, communities: ['room'] }),
      (n) => trapV2(`1.3.6.1.4.1.99999.0.${n}`, n),
    ],
    [
      'different log lines',
      'jifang_syslog_received_total',
      (port) => listening(syslog, syslogKind, { port, protocols: ['udp'] }),
      (n) => Buffer.from(`<11>fw: line ${n}`),
    ],
  ]
  it.each(cases)('%s: bounded in memory, and every packet that arrived is counted', async (_, counter, start, make) => {
    const port = await freeUdpPort()
    on = await start(port)
    const before = process.memoryUsage().heapUsed
    await storm(port, 20_000, make)
    const received = (): number => on?.counters.all().reduce((sum, { name, value }) => (name === counter ? sum + value : sum), 0) ?? 0
    let last = -1
    await until(
      () => {
        const still = received() === last
        last = received()
        return still
      },
      { everyMs: 200, what: 'the end of the storm' },
    )
    const grown = process.memoryUsage().heapUsed - before
    await on.close()
    const told = on.field('count').reduce<number>((sum, count) => sum + Number(count), 0)
    // The last, empty packet is refused by one and counted as activity by the other: both are events too.
    expect(told).toBe(received())
    expect(received()).toBeGreaterThan(5000)
    expect(on.events.length).toBeLessThan(2500)
    expect(grown).toBeLessThan(64 << 20)
    on = null
  })
})
