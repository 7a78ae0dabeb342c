import { createSocket } from 'node:dgram'
import * as v from 'valibot'
import { describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../../core/lifecycle/clock.ts'
import type { Varbind } from '../../../core/profile/varbind.ts'
import { type SnmpOptions, snmpKind } from '../../../probes/snmp/options.ts'
import { snmp } from '../../../probes/snmp/snmp.ts'
import { createResponder, type Responder } from '../../../protocols/snmp/responder.ts'
import { startSimulator } from '../../../protocols/snmp/simulator.ts'
import { parseRecording } from '../../../protocols/snmp/snmprec.ts'
import { profile } from '../../core/profile/reading.ts'
import { conformance } from '../conformance.ts'
import { probeDeps, target } from '../deps.ts'

const UPS = profile(`profile: box
title: Box
match: { any: [{ sysObjectID: 1.3.6.1.4.1.99 }] }
excludes: system
groups:
  - { name: battery, measurement: ups, fields: { charge_percent: 1.3.6.1.9.1.0 } }
  - { name: absent, measurement: ups, fields: { load_percent: 1.3.6.1.9.2.0 } }
  - { name: ports, measurement: port, table: 1.3.6.1.9.3.1, tags: { port: { index: 1 } }, fields: { octets: { column: 2, counter: true, rate: { field: bytes_per_second } } } }
  - { name: names, measurement: ups, every: 1h, fields: { model: { oid: 1.3.6.1.9.4.0, type: text } } }`)
const OTHER = profile(`profile: other
title: Other
match: { any: [{ sysObjectID: 1.3.6.1.4.1.77 }] }
excludes: system
groups: [{ name: g, measurement: other, fields: { a: 1.3.6.1.9.1.0 } }]`)
const profiles = [UPS, OTHER]

const device = (over: { id?: string; uptime?: number; octets?: number } = {}): readonly Varbind[] =>
  parseRecording(`1.3.6.1.2.1.1.1.0|4|box
1.3.6.1.2.1.1.2.0|6|${over.id ?? '1.3.6.1.4.1.99.1'}
1.3.6.1.2.1.1.3.0|67|${over.uptime ?? 100_000}
1.3.6.1.9.1.0|2|97
1.3.6.1.9.3.1.2.1|65|${over.octets ?? 1000}
1.3.6.1.9.4.0|4|B-1`).varbinds

/** A device that a test can change or silence between runs. */
async function changing(first: Responder | null) {
  const state = { respond: first, asked: 0 }
  const socket = createSocket('udp4')
  socket.on('message', (datagram, from) => {
    state.asked++
    const answer = state.respond?.(datagram)
    if (answer) socket.send(answer, from.port, from.address)
  })
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    socket.close()
  })
  return Object.assign(state, { port: socket.address().port })
}

function create(port: number, over: Record<string, unknown> = {}, now = { ms: 1_000_000 }) {
  const options = v.parse(snmpKind.options, { community: 'c', port, request_timeout: '100ms', retries: 1, ...over }) as SnmpOptions
  const clock = { now: () => now.ms, monotonic: () => now.ms }
  const probe = snmp.create(target({ intervalMs: 60_000 }), options, probeDeps({ profiles, clock }))
  onTestFinished(() => probe.close?.())
  return { now, run: () => probe.run(AbortSignal.timeout(5000)) }
}

conformance('snmp', {
  kind: {
    create: (about, options, deps) => snmp.create(about, options, { ...deps, profiles }),
  } as typeof snmp,
  spec: snmpKind,
  good: async () => {
    const simulator = await startSimulator({ varbinds: device(), clock: systemClock })
    onTestFinished(() => simulator.close())
    return { options: { community: 'c', port: simulator.port } }
  },
  silent: async () => ({ options: { community: 'c', port: (await changing(null)).port, request_timeout: '5s' } }),
})

describe('the snmp probe', () => {
  it('wants to be asked every 5 s while a UPS is off mains, and no longer', async () => {
    const ups = (source: number) =>
      createResponder({
        varbinds: parseRecording(`1.3.6.1.2.1.1.2.0|6|1.3.6.1.2.1.33\n1.3.6.1.2.1.1.3.0|67|1\n1.3.6.1.2.1.33.1.4.1.0|2|${source}`).varbinds,
      })
    const box = await changing(ups(5))
    const { run } = create(box.port, { profile: 'ups-mib' })
    const off = await run()
    expect(off.samples.map(({ fields }) => fields.status)).toContain('OB')
    expect(off.againMs).toBe(5000)
    box.respond = ups(3)
    expect((await run()).againMs).toBeUndefined()
  })

  it('keeps what answered and gives each group its outcome', async () => {
    const box = await changing(createResponder({ varbinds: device() }))
    const reading = await create(box.port).run()
    expect(reading.reason).toBe('ok')
    expect(reading.detail).toBe('box (sysObjectID is under 1.3.6.1.4.1.99)')
    expect(reading.groups?.map((group) => [group.name, group.reason])).toEqual([
      ['box.battery', 'ok'],
      ['box.absent', 'no_such'],
      ['box.ports', 'ok'],
      ['box.names', 'ok'],
    ])
    expect(reading.samples).toContainEqual({ measurement: 'ups', tags: {}, fields: { charge_percent: 97, model: 'B-1' }, time: 1_000_000 })
  })

  it('asks for absent and slow groups seldom, and gives rates', async () => {
    const box = await changing(createResponder({ varbinds: device() }))
    const { run, now } = create(box.port)
    await run()
    now.ms += 60_000
    box.respond = createResponder({ varbinds: device({ uptime: 106_000, octets: 7000 }) })
    const second = await run()
    expect(second.groups?.map((group) => group.name)).toEqual(['box.battery', 'box.ports'])
    expect(second.samples).toContainEqual(
      expect.objectContaining({ tags: { port: '1' }, fields: { octets: 7000n, bytes_per_second: 100 } }),
    )
  })

  it('chooses again when the box behind the address is another one', async () => {
    const box = await changing(createResponder({ varbinds: device() }))
    const { run, now } = create(box.port)
    await run()
    now.ms += 60_000
    box.respond = createResponder({ varbinds: device({ id: '1.3.6.1.4.1.77.1', uptime: 106_000 }) })
    expect((await run()).samples.map((sample) => sample.measurement)).toEqual(['other'])
  })

  it('a restart gives no rate and reads everything anew', async () => {
    const box = await changing(createResponder({ varbinds: device({ octets: 1000 }) }))
    const { run, now } = create(box.port)
    await run()
    now.ms += 60_000
    box.respond = createResponder({ varbinds: device({ uptime: 500, octets: 9_000_000 }) })
    const second = await run()
    expect(second.groups).toHaveLength(4)
    expect(second.samples.some((sample) => 'bytes_per_second' in sample.fields)).toBe(false)
  })

  it('a silent device costs one request a cycle, and is read in full in the run it answers again', async () => {
    const box = await changing(createResponder({ varbinds: device() }))
    const { run, now } = create(box.port)
    await run()
    const { respond } = box
    box.respond = null
    await expect(run()).rejects.toMatchObject({ reason: 'timeout' })
    box.asked = 0
    await expect(run()).rejects.toMatchObject({ reason: 'timeout' })
    expect(box.asked).toBe(1)
    now.ms += 60_000
    box.respond = respond
    const back = await run()
    expect(back.reason).toBe('ok')
    expect(back.samples.length).toBeGreaterThan(0)
  })

  it('one table that is not answered leaves the rest as it is', async () => {
    const good = createResponder({ varbinds: device() })
    const box = await changing((datagram) => (Buffer.from(datagram).includes(Buffer.from('2b0601090301', 'hex')) ? null : good(datagram)))
    const reading = await create(box.port, { request_timeout: '40ms', retries: 0 }).run()
    expect(reading.reason).toBe('partial')
    expect(reading.detail).toMatch(/box\.ports: no answer/)
    expect(reading.groups?.find((group) => group.name === 'box.ports')?.reason).toBe('timeout')
    expect(reading.samples).toContainEqual(expect.objectContaining({ measurement: 'ups', fields: { charge_percent: 97, model: 'B-1' } }))
  })

  it('takes the profile it is told, and says when there is none', async () => {
    const box = await changing(createResponder({ varbinds: device({ id: '1.3.6.1.4.1.5' }) }))
    expect(await create(box.port, { profile: 'nothing' }).run()).toMatchObject({
      reason: 'no_data',
      detail: expect.stringMatching(/there is no nothing/),
    })
    expect(await create(box.port).run()).toMatchObject({ reason: 'ok', detail: 'system (applies to every device)' })
    const named = await create(box.port, { profile: ['other', 'nothing'] }).run()
    expect(named.samples.map((sample) => sample.measurement)).toEqual(['other'])
    expect(named.detail).toBe('named by the check: other, nothing; there is no nothing')
  })
})
