import fc from 'fast-check'
import * as v from 'valibot'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Probe, Reading } from '../../../probes/probe.ts'
import { estimateCharge } from '../../../probes/ups-serial/battery.ts'
import { type UpsSerialOptions, upsSerialKind } from '../../../probes/ups-serial/options.ts'
import { upsSerial } from '../../../probes/ups-serial/ups-serial.ts'
import { IDENTITY, ON_BATTERY, ON_LINE, RATINGS, type SimulatedUps, startUps, THREE_PHASES } from '../../support/megatec-ups.ts'
import { conformance } from '../conformance.ts'
import { probeDeps, target } from '../deps.ts'

let ups: SimulatedUps
let probe: Probe

const open = (over: object = {}): Probe => {
  const options = v.parse(upsSerialKind.options, { tcp: ups.port, request_timeout: '2s', ...over }) as UpsSerialOptions
  return upsSerial.create(target(), options, probeDeps())
}
const run = (): Promise<Reading> => probe.run(AbortSignal.timeout(5000))
const fields = (reading: Reading, measurement: string, where: object = {}) =>
  reading.samples.find(
    (sample) => sample.measurement === measurement && Object.entries(where).every(([key, value]) => sample.tags[key] === value),
  )?.fields

beforeEach(async () => {
  ups = await startUps({ Q1: ON_LINE, I: IDENTITY, F: RATINGS })
  probe = open()
})
afterEach(async () => {
  await probe.close?.()
  await ups.close()
})

conformance('ups-serial', {
  kind: upsSerial,
  spec: upsSerialKind,
  good: async () => ({ options: { tcp: ups.port } }),
  silent: async () => {
    ups.answers = { Q1: null }
    return { options: { tcp: ups.port } }
  },
})

describe('a UPS on a serial line', () => {
  it('on mains', async () => {
    const reading = await run()
    expect(fields(reading, 'ups')).toEqual({
      status: 'OL',
      status_code: 1,
      load_percent: 34,
      battery_voltage_volt: 270,
      cell_voltage_volt: 2.25,
      charge_percent: 100,
      charge_estimated: true,
      temperature_celsius: 28,
      output_frequency_hertz: 50,
      input_fault_voltage_volt: 220,
      beeper_running: false,
      manufacturer: 'SANTAK',
      model: 'C10KS',
      firmware: 'V02.10',
      nominal_output_voltage_volt: 220,
      nominal_output_current_ampere: 13,
      nominal_battery_voltage_volt: 240,
      nominal_output_frequency_hertz: 50,
    })
    expect(fields(reading, 'ups_line', { side: 'input', line: 'L1' })).toEqual({ voltage_volt: 220.5 })
    expect(fields(reading, 'ups_line', { side: 'output', line: 'L1' })).toEqual({ voltage_volt: 221, load_percent: 34 })
    expect(reading.againMs).toBeUndefined()
  })

  it('on battery: says so, estimates the charge, wants to be asked every 5 s', async () => {
    ups.answers.Q1 = ON_BATTERY
    const reading = await run()
    expect(fields(reading, 'ups')).toMatchObject({
      status: 'OB LB DISCHRG',
      charge_percent: 50,
      charge_estimated: true,
      beeper_running: true,
    })
    expect(reading.againMs).toBe(5000)
  })

  it.each([
    ['00100000', 'OL BYPASS'],
    ['00010000', 'OL ALARM'],
    ['00101000', 'OL TRIM'],
    ['00000100', 'OL TEST'],
    ['10000010', 'OB DISCHRG FSD'],
  ])('bits %s are %s', async (bits, status) => {
    ups.answers.Q1 = ON_LINE.replace('220.5', '225.0').replace(/\d{8}$/, bits)
    expect(fields(await run(), 'ups')?.status).toBe(status)
  })

  it('without output is off', async () => {
    ups.answers.Q1 = '(220.5 220.0 000.0 000 50.0 2.25 28.0 00000000'
    expect(fields(await run(), 'ups')?.status).toBe('OL OFF')
  })

  it('with Q6 tells phases, runtime and charge', async () => {
    ups.answers.Q6 = THREE_PHASES
    const reading = await run()
    expect(fields(reading, 'ups')).toMatchObject({
      charge_percent: 100,
      charge_estimated: false,
      runtime_minutes: 115,
      load_percent: 18,
      fault_code: 0,
    })
    expect(fields(reading, 'ups_line', { side: 'output', line: 'L3' })).toEqual({ voltage_volt: 230, load_percent: 18 })
    expect(fields(reading, 'ups_line', { side: 'input', line: 'L2' })).toEqual({ voltage_volt: 225.6 })
  })

  it('asks for what it does not know once an hour', async () => {
    await run()
    await run()
    expect(ups.asked).toEqual(['Q1', 'Q6', 'I', 'F', 'Q1'])
  })

  it('asks again when noise broke an answer, and tells when it stays', async () => {
    let asked = 0
    Object.defineProperty(ups.answers, 'Q1', { get: () => (asked++ === 0 ? ON_LINE.slice(0, 20) : ON_LINE) })
    expect((await run()).samples.length).toBeGreaterThan(0)
    Object.defineProperty(ups, 'answers', { value: { Q1: '(22x.0 garbage' } })
    await expect(run()).rejects.toMatchObject({ reason: 'protocol', message: expect.stringContaining('bad answer to Q1: 2 values') })
  })

  it('comes back after the line broke', async () => {
    await run()
    ups.drop()
    expect(fields(await run(), 'ups')?.status).toBe('OL')
  })

  it('silent: a timeout in words, in time', async () => {
    ups.answers = { Q1: null }
    probe = open({ request_timeout: '200ms' })
    const started = Date.now()
    await expect(run()).rejects.toMatchObject({ reason: 'timeout', message: expect.stringContaining('no answer') })
    expect(Date.now() - started).toBeLessThan(1500)
  })

  it('something else on the port never becomes a sample', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ maxLength: 60 }), async (noise) => {
        ups.answers = { Q1: noise.replaceAll('\r', ' ') }
        const reading = await run().catch(() => null)
        expect(reading).toBeNull()
      }),
      { numRuns: 30 },
    )
  })
})

it('a fuller cell is never estimated lower', () => {
  fc.assert(
    fc.property(fc.double({ min: 1, max: 3, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (volt, more) => {
      const [low, high] = [estimateCharge(volt), estimateCharge(Math.min(3, volt + more))]
      expect(low).not.toBeNull()
      expect(Number(high)).toBeGreaterThanOrEqual(Number(low))
      expect(Number(high)).toBeLessThanOrEqual(100)
    }),
  )
  expect(estimateCharge(27.1)).toBeNull()
})
