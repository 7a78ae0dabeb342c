import { afterEach, describe, expect, test } from 'vitest'
import type { Clock } from '../../../core/lifecycle/clock.ts'
import type { Sample } from '../../../core/model/sample.ts'
import type { Probe } from '../../../probes/probe.ts'
import { type Bmc, type BmcOptions, startBmc } from '../../support/bmc.ts'
import { selRecord } from '../../support/bmc-commands.ts'
import { byName, ipmiProbe } from '../../support/ipmi-probe.ts'
import { sensorSdrs, serverSensors } from '../../support/sim-sensors.ts'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

/** A clock that stands still unless moved. */
function handClock(): Clock & { at: number } {
  const clock = { at: Date.now(), now: () => clock.at, monotonic: () => clock.at }
  return clock
}

async function pair(
  options: Record<string, unknown> = {},
  bmcOptions: BmcOptions = {},
): Promise<{ bmc: Bmc; probe: Probe; clock: Clock & { at: number } }> {
  const bmc = await startBmc(bmcOptions)
  const clock = handClock()
  const probe = ipmiProbe(bmc.port, { request_timeout: '50ms', retries: 2, ...options }, { clock })
  ends.push(
    () => bmc.close(),
    () => probe.close?.(),
  )
  return { bmc, probe, clock }
}

const run = (probe: Probe) => probe.run(AbortSignal.timeout(5000))
const events = (samples: readonly Sample[]) => samples.filter((sample) => sample.measurement === 'event')

describe('one run', () => {
  test('gives sensors, chassis, power, log fullness and inventory', async () => {
    const { probe } = await pair()
    const { samples, reason, groups } = await run(probe)
    expect(reason).toBeUndefined()
    expect(groups?.map(({ name, reason: why }) => `${name}=${why}`)).toEqual([
      'sensors=ok',
      'chassis=ok',
      'power=ok',
      'sel=ok',
      'inventory=ok',
    ])
    const found = byName(samples)
    expect(found.get('ambient_temp_1')).toMatchObject({
      tags: { name: 'ambient_temp_1', entity_id: '12.1', unit: 'degrees_c' },
      fields: { value: 25, status: 1, state: 'ok', state_code: 0, upper_critical: 41, lower_non_critical: 5 },
    })
    expect(found.get('power_supply_1')?.fields).toEqual({ state: 'ok', state_code: 0, status: 1, state_bits: 1 })
    expect(found.get('chassis_power_status')?.fields).toMatchObject({ value: 1, state: 'on' })
    expect(found.get('chassis_intrusion')?.fields).toMatchObject({ state: 'ok', state_code: 0 })
    expect(found.get('instantaneous_power_reading')).toMatchObject({ tags: { unit: 'watts' }, fields: { value: 180 } })
    expect(found.get('sel_used')).toMatchObject({ tags: { unit: 'percent' }, fields: { value: 0 } })
    expect(samples.find(({ measurement }) => measurement === 'ipmi_device')?.fields).toMatchObject({
      firmware: '9.35',
      manufacturer: 'IBM',
      model: 'System x3650',
      serial: '99A1234',
      asset_tag: 'JF-0007',
      protection: 'RMCP+ suite 17',
      sensors_count: 15,
    })
  })

  test('the next one asks only what can have changed, in the same session', async () => {
    const { bmc, probe } = await pair()
    await run(probe)
    const before = bmc.requests
    const { samples } = await run(probe)
    // 15 readings, SDR info, chassis, DCMI, SEL info
    expect(bmc.requests - before).toBe(19)
    expect(byName(samples).get('ambient_temp_1')?.fields).not.toHaveProperty('upper_critical')
    expect(samples.some(({ measurement }) => measurement === 'ipmi_device')).toBe(false)
  })

  test('sensors that are absent or refused have no reading, which is not ok and not a fault', async () => {
    const { bmc, probe } = await pair()
    bmc.state.absent.add(1)
    bmc.refuse = (request) => (request.command === 0x2d && request.data[0] === 2 ? 0xcb : undefined)
    const found = byName((await run(probe)).samples)
    for (const name of ['ambient_temp_1', 'cpu_1_temp']) {
      expect(found.get(name)?.fields).toMatchObject({ state: 'no_reading', state_code: -1 })
      expect(found.get(name)?.fields).not.toHaveProperty('value')
      expect(found.get(name)?.fields).not.toHaveProperty('status')
    }
  })

  test('sensors can be left out, and a BMC without DCMI is not asked again', async () => {
    const { bmc, probe } = await pair({ exclude: ['CPU*', 'Drive 1'], inventory: '0s' })
    bmc.refuse = (request) => (request.netFn === 0x2c ? 0xc1 : undefined)
    expect([...byName((await run(probe)).samples).keys()].filter((name) => /cpu|drive_1|watts/.test(name))).toEqual([])
    const before = bmc.requests
    await run(probe)
    expect(bmc.requests - before).toBe(15)
  })

  test('host off is value 0, not a fault', async () => {
    const { bmc, probe } = await pair()
    bmc.state.powerOn = false
    expect(byName((await run(probe)).samples).get('chassis_power_status')?.fields).toEqual({ value: 0, state: 'off', state_code: 0 })
  })
})

describe('the SDR repository', () => {
  test.each([255, 40, 20, 9])('is read in pieces of at most %i bytes', async (piece) => {
    const { bmc, probe } = await pair()
    bmc.state.sdrPiece = piece
    expect(byName((await run(probe)).samples).get('fan_1a_tach')?.fields.value).toBe(2420)
  })

  test('is replaced by device SDRs where a controller has none', async () => {
    const { bmc, probe } = await pair()
    bmc.state.deviceSdrs = true
    bmc.state.sdrPiece = 20
    expect(byName((await run(probe)).samples).get('fan_1a_tach')?.fields.value).toBe(2420)
  })

  test('a cancelled reservation starts the record again', async () => {
    const { bmc, probe } = await pair()
    bmc.state.sdrPiece = 20
    let n = 0
    bmc.refuse = (request) => {
      if (request.command === 0x23 && ++n % 11 === 0) {
        bmc.state.reservation += 1
        return 0xc5
      }
      return undefined
    }
    const { samples, reason } = await run(probe)
    expect(reason).toBeUndefined()
    expect(byName(samples).get('dimm_1')?.fields.state).toBe('ok')
  })

  test('is read by several at once, who take the reservation from each other', async () => {
    const { bmc, probe } = await pair({ request_timeout: '500ms' })
    bmc.state.sdrPiece = 20
    bmc.fault = (datagram) => [{ bytes: datagram, afterMs: 3 }]
    const others = [1, 2].map(() => ipmiProbe(bmc.port, { request_timeout: '500ms', retries: 2 }))
    ends.push(...others.map((other) => () => other.close?.()))
    const readings = await Promise.all([probe, ...others].map((one) => one.run(AbortSignal.timeout(20_000))))
    for (const { samples, groups } of readings) {
      expect(groups?.find(({ name }) => name === 'sensors')?.reason).toBe('ok')
      expect(byName(samples).get('dimm_1')?.fields.state).toBe('ok')
    }
  }, 25_000)

  test('is read again when it changes, and when the firmware does', async () => {
    const { bmc, probe } = await pair()
    await run(probe)
    const renamed = serverSensors(1).map((sensor) => (sensor.number === 1 ? { ...sensor, name: 'Inlet Temp', m: 2 } : sensor))
    bmc.state.sdrs = sensorSdrs(renamed)
    bmc.state.sdrChanged += 1
    const changed = byName((await run(probe)).samples)
    expect([changed.has('ambient_temp_1'), changed.get('inlet_temp')?.fields.value]).toEqual([false, 50])
    bmc.state.sdrs = sensorSdrs(serverSensors(1))
    bmc.state.firmware = 10
    bmc.reset()
    expect(byName((await run(probe)).samples).get('ambient_temp_1')?.fields.value).toBe(25)
  })

  test('that changes while it is read is read once more', async () => {
    const { bmc, probe } = await pair()
    let n = 0
    bmc.refuse = (request) => {
      if (request.command === 0x23 && ++n === 5) bmc.state.sdrChanged += 1
      return undefined
    }
    expect((await run(probe)).reason).toBeUndefined()
    expect(n).toBeGreaterThanOrEqual(30)
  })
})

describe('trouble', () => {
  test('a BMC that resets in mid-read, with other firmware: no value is decoded with the old records', async () => {
    const { bmc, probe } = await pair()
    await run(probe)
    let n = 0
    bmc.refuse = (request) => {
      if (request.command === 0x2d && ++n === 7) {
        const doubled = serverSensors(1).map((sensor) => (sensor.eventType === 1 ? { ...sensor, m: 2 * (sensor.m ?? 1) } : sensor))
        bmc.state.sdrs = sensorSdrs(doubled)
        bmc.state.firmware = 11
        bmc.reset()
      }
      return undefined
    }
    const { samples, reason } = await run(probe)
    expect(reason).toBeUndefined()
    expect(byName(samples).get('ambient_temp_1')?.fields.value).toBe(50)
    expect(byName(samples).get('cpu_1_temp')?.fields.value).toBe(96)
  })

  test('a BMC that falls silent in mid-read gives what it had said, and a reason', async () => {
    const { bmc, probe } = await pair()
    await run(probe)
    let n = 0
    bmc.fault = (bytes, request) => (request?.command === 0x2d && ++n > 6 ? [] : n > 6 ? [] : [{ bytes }])
    const { samples, reason, detail, groups } = await run(probe)
    expect(samples.length).toBe(6)
    expect(reason).toBe('partial')
    expect(detail).toMatch(/sensors: no answer from 127\.0\.0\.1/)
    expect(groups?.[0]).toMatchObject({ name: 'sensors', reason: 'timeout' })
  })

  test('one part that fails keeps the others', async () => {
    const { bmc, probe } = await pair()
    bmc.fault = (bytes, request) => (request?.command === 0x40 ? [] : [{ bytes }])
    const { samples, reason, groups } = await run(probe)
    expect(byName(samples).size).toBeGreaterThan(15)
    expect(reason).toBe('partial')
    expect(groups?.find(({ name }) => name === 'sel')?.reason).toBe('timeout')
  })

  test('a dead BMC is told as such and found again when it is back', async () => {
    const { bmc, probe } = await pair()
    bmc.fault = () => []
    await expect(run(probe)).rejects.toMatchObject({ reason: 'timeout' })
    bmc.fault = null
    expect((await run(probe)).reason).toBeUndefined()
  })
})

describe('the event log', () => {
  const now = () => Math.floor(Date.now() / 1000)
  const hot = { type: 1, number: 2, eventType: 1, offset: 9, reading: 92, threshold: 90 }

  test('only young records at first, then each new one once; raise and end are one series', async () => {
    const { bmc, probe } = await pair()
    bmc.state.sel.push(selRecord(1, now() - 90_000, hot), selRecord(2, now() - 60, hot))
    const first = events((await run(probe)).samples)
    expect(first).toHaveLength(1)
    expect(first[0]).toMatchObject({
      tags: { source: 'sel', sensor: 'cpu_1_temp', event: 'upper_critical_going_high' },
      fields: {
        text: 'CPU 1 Temp: upper critical going high asserted, reading 92 > threshold 90 degrees C',
        severity: 'major',
        severity_code: 2,
        active_code: 2,
        record_id: 2,
      },
    })
    expect(events((await run(probe)).samples)).toEqual([])
    bmc.state.sel.push(
      selRecord(3, now(), { ...hot, deassert: true }),
      selRecord(4, now(), { type: 8, number: 11, eventType: 0x6f, offset: 3 }),
    )
    bmc.state.selAdded += 1
    const next = events((await run(probe)).samples)
    expect(next.map(({ tags, fields }) => [tags.sensor, tags.event, fields.active_code, fields.severity])).toEqual([
      ['cpu_1_temp', 'upper_critical_going_high', 0, 'info'],
      ['power_supply_1', 'ac_lost', 2, 'major'],
    ])
    expect(new Set([...first, ...next].map(({ time }) => time)).size).toBe(3)
  })

  test('redundancy regained ends redundancy lost, although the BMC asserts both', async () => {
    const { bmc, probe } = await pair()
    const unit = { type: 9, number: 13, eventType: 0x0b }
    bmc.state.sel.push(selRecord(1, now() - 5, { ...unit, offset: 1 }), selRecord(2, now() - 4, { ...unit, offset: 0 }))
    const found = events((await run(probe)).samples)
    expect(found.map(({ tags, fields }) => [tags.event, fields.active_code])).toEqual([
      ['redundancy', 2],
      ['redundancy', 0],
    ])
  })

  test('a log that was cleared starts again; the fullness is told', async () => {
    const { bmc, probe } = await pair()
    for (let id = 1; id <= 200; id++) bmc.state.sel.push(selRecord(id, now() - 30, hot))
    expect(events((await run(probe)).samples)).toHaveLength(128)
    const second = await run(probe)
    expect(events(second.samples)).toHaveLength(72)
    expect(byName(second.samples).get('sel_used')?.fields.value).toBe(19.5)
    bmc.state.sel = [selRecord(1, now(), { ...hot, number: 1 })]
    bmc.state.selAdded += 1
    expect(events((await run(probe)).samples).map(({ tags }) => tags.sensor)).toEqual(['ambient_temp_1'])
  })

  test('a ring that has overwritten the last record known tells only what is new', async () => {
    const { bmc, probe } = await pair()
    for (let id = 1; id <= 5; id++) bmc.state.sel.push(selRecord(id, now() - 60 + id, hot))
    expect(events((await run(probe)).samples)).toHaveLength(5)
    bmc.state.sel = [selRecord(2, now() - 58, hot), selRecord(3, now() - 57, hot), selRecord(9, now(), { ...hot, number: 1 })]
    bmc.state.selAdded += 1
    expect(events((await run(probe)).samples).map(({ fields }) => fields.record_id)).toEqual([9])
  })

  test('a BMC whose clock is hours off: events are placed on our clock, whole minutes moved', async () => {
    const { bmc, probe } = await pair()
    bmc.state.clockBehind = 8 * 3600
    bmc.state.sel.push(selRecord(1, now() - 8 * 3600 - 10, hot))
    const [event] = events((await run(probe)).samples)
    expect(Math.abs((event?.time ?? 0) - (Date.now() - 10_000))).toBeLessThan(2000)
  })

  test('records without a clock and of the manufacturer are told, too', async () => {
    const { bmc, probe } = await pair()
    await run(probe)
    const oem = Buffer.concat([Buffer.from([1, 0, 0xe1]), Buffer.alloc(13, 0xab)])
    bmc.state.sel.push(oem, selRecord(2, 1000, hot))
    bmc.state.selAdded += 1
    expect(events((await run(probe)).samples).map(({ fields }) => fields.text)).toEqual([
      `OEM record e1h: ${'ab'.repeat(13)}`,
      expect.stringContaining('CPU 1 Temp'),
    ])
  })
})
