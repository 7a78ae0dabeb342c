import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Conversion, convert, signed, toleranceOf } from '../../../probes/ipmi/conversion.ts'
import { decodeText } from '../../../probes/ipmi/encoded-text.ts'
import { decodeSdr, type Sensor } from '../../../probes/ipmi/sdr.ts'
import { decodeReading, decodeThresholds, stateWords } from '../../../probes/ipmi/sensor-reading.ts'
import { tagSensors } from '../../../probes/ipmi/sensor-samples.ts'
import { unitText } from '../../../probes/ipmi/units.ts'
import { compactSdr, eventOnlySdr, fullSdr } from '../../support/sdr-bytes.ts'

function sensorsOf(record: Buffer): readonly Sensor[] {
  const decoded = decodeSdr(record)
  if (decoded?.type !== 'sensors') throw new Error('not a sensor record')
  return decoded.sensors
}

function sensorOf(record: Buffer): Sensor {
  const [sensor] = sensorsOf(record)
  if (!sensor) throw new Error('no sensor')
  return sensor
}

describe('names', () => {
  test('8-bit, 6-bit packed and BCD plus', () => {
    const named = (name: string, nameEncoding: 'latin1' | 'packed' | 'bcd') =>
      sensorOf(fullSdr(1, { number: 1, name, type: 1, eventType: 1, nameEncoding })).name
    expect(named('Ambient Temp', 'latin1')).toBe('Ambient Temp')
    expect(named('FAN1-1 TACH', 'packed')).toBe('FAN1-1 TACH')
    expect(named('12.5-3:7', 'bcd')).toBe('12.5-3:7')
  })

  test('the example of the standard: 6-bit "IPMI" is 29 DC A6', () => {
    expect(decodeText(2, Buffer.from([0x29, 0xdc, 0xa6]))).toBe('IPMI')
  })

  test('padding and control characters of vendors are cleaned', () => {
    expect(decodeText(3, Buffer.from('Fan 1\t\0\0junk', 'latin1'))).toBe('Fan 1')
  })

  test('any bytes give some text', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3 }), fc.uint8Array({ maxLength: 31 }), (kind, bytes) => {
        expect(typeof decodeText(kind, Buffer.from(bytes))).toBe('string')
      }),
    )
  })
})

describe('conversion', () => {
  const linear: Conversion = { m: 1, b: 0, bExp: 0, rExp: 0, tolerance: 0, format: 0, linearization: 0 }

  test.each([
    ['plain', linear, 25, 25],
    ['M', { ...linear, m: 20 }, 121, 2420],
    ['volts with R exponent', { ...linear, m: 58, rExp: -3 }, 208, 12.064],
    ['B with exponent', { ...linear, m: 2, b: 1, bExp: 2, rExp: -2 }, 115, 3.3],
    ['negative M and B', { ...linear, m: -1, b: -10 }, 5, -15],
    ["two's complement", { ...linear, format: 2 as const }, 0xe0, -32],
    ["one's complement", { ...linear, format: 1 as const }, 0xfe, -1],
    ["one's complement, negative zero", { ...linear, format: 1 as const }, 0xff, 0],
    ['ln', { ...linear, linearization: 1 }, 100, 4.60517019],
    ['log10', { ...linear, linearization: 2 }, 100, 2],
    ['log2', { ...linear, linearization: 3 }, 8, 3],
    ['e^x', { ...linear, linearization: 4 }, 0, 1],
    ['10^x', { ...linear, linearization: 5 }, 2, 100],
    ['2^x', { ...linear, linearization: 6 }, 10, 1024],
    ['1/x', { ...linear, linearization: 7 }, 4, 0.25],
    ['square', { ...linear, linearization: 8 }, 12, 144],
    ['cube', { ...linear, linearization: 9 }, 3, 27],
    ['square root', { ...linear, linearization: 10 }, 144, 12],
    ['cube root', { ...linear, linearization: 11 }, 27, 3],
    ['log of nothing', { ...linear, linearization: 1 }, 0, null],
    ['1/0', { ...linear, linearization: 7 }, 0, null],
    ['an unknown function', { ...linear, linearization: 50 }, 1, null],
  ])('%s', (_, conversion, raw, value) => {
    expect(convert(raw, conversion)).toBe(value)
  })

  test('M, B and exponents survive their packing', () => {
    const factor = fc.integer({ min: -512, max: 511 })
    const exponent = fc.integer({ min: -8, max: 7 })
    fc.assert(
      fc.property(factor, factor, exponent, exponent, fc.integer({ min: 0, max: 63 }), (m, b, bExp, rExp, tolerance) => {
        const sensor = sensorOf(fullSdr(1, { number: 1, name: 'x', type: 1, eventType: 1, m, b, bExp, rExp, tolerance }))
        expect(sensor.conversion).toEqual({ m, b, bExp, rExp, tolerance, format: 0, linearization: 0 })
      }),
    )
    expect(signed(0x200, 10)).toBe(-512)
    expect(toleranceOf({ ...linear, m: 4, tolerance: 3 })).toBe(6)
  })
})

test.each([
  [0, 1, 0, 'degrees C'],
  [1, 0, 0, 'percent'],
  [1, 4, 0, '% Volts'],
  [2, 6, 24, 'Watts/hour'],
  [4, 4, 5, 'Volts * Amps'],
  [0x18, 66, 0, 'bit per second'],
])('units %i %i %i', (flags, base, modifier, text) => expect(unitText(flags, base, modifier)).toBe(text))

describe('records', () => {
  const drive = { number: 0x40, name: 'Drive ', type: 0x0d, eventType: 0x6f, entity: [4, 1] as const }

  test('a compact record stands for several sensors', () => {
    const sensors = sensorsOf(compactSdr(7, drive, { count: 3, offset: 8, entityIncrements: true }))
    expect(sensors.map(({ name, number, entityInstance }) => [name, number, entityInstance])).toEqual([
      ['Drive8', 0x40, 1],
      ['Drive9', 0x41, 2],
      ['Drive10', 0x42, 3],
    ])
    expect(sensorsOf(compactSdr(7, { ...drive, name: 'PS' }, { count: 2, modifier: 'alpha', offset: 25 })).map(({ name }) => name)).toEqual(
      ['PSZ', 'PSAA'],
    )
  })

  test('event-only and foreign records', () => {
    expect(sensorOf(eventOnlySdr(3, { ...drive, name: 'Boot' }))).toMatchObject({
      kind: 'event-only',
      name: 'Boot',
      type: 0x0d,
      eventType: 0x6f,
      number: 0x40,
    })
    expect(decodeSdr(Buffer.from([1, 0, 0x51, 0xc0, 3, 1, 2, 3]))).toEqual({ type: 'other', code: 0xc0 })
  })

  test('truncated records never throw', () => {
    const whole = [fullSdr(1, { ...drive, limits: [1, 2, 3, 4, 5, 6] }), compactSdr(2, drive), eventOnlySdr(3, drive)]
    for (const record of whole) for (let length = 0; length < record.length; length++) decodeSdr(record.subarray(0, length))
  })

  test('sensors with one name are told apart', () => {
    const twin = (number: number, instance: number) =>
      sensorOf(fullSdr(number, { number, name: 'Temp', type: 1, eventType: 1, unit: 1, entity: [3, instance] }))
    const sensors = [twin(1, 1), twin(2, 2), twin(3, 2)]
    expect([...tagSensors(sensors).values()]).toEqual([
      { name: 'temp', entity_id: '3.1', unit: 'degrees_c' },
      { name: 'temp', entity_id: '3.2', unit: 'degrees_c' },
      { name: 'temp_3', entity_id: '3.2', unit: 'degrees_c' },
    ])
  })
})

describe('readings', () => {
  const temperature = sensorOf(fullSdr(1, { number: 1, name: 'Temp', type: 1, eventType: 1, unit: 1, limits: [5, 3, 1, 38, 41, 45] }))
  const discrete = (type: number, eventType: number, name = 'x'): Sensor => sensorOf(fullSdr(1, { number: 1, name, type, eventType }))
  const bits = (sensor: Sensor, mask: number) => decodeReading(sensor, Buffer.from([0, 0xc0, mask & 0xff, 0x80 | (mask >> 8)]))

  test.each([
    [0x00, 'ok', 0],
    [0x08, 'upper_non_critical', 1],
    [0x18, 'upper_critical', 2],
    [0x38, 'upper_non_recoverable', 3],
    [0x07, 'lower_non_recoverable', 3],
    [0xc0, 'ok', 0],
  ])('thresholds crossed %i', (mask, state, stateCode) => {
    expect(decodeReading(temperature, Buffer.from([25, 0xc0, mask]))).toMatchObject({ state, stateCode, value: 25 })
  })

  test('no reading: unavailable, not scanning; too short is nothing', () => {
    expect(decodeReading(temperature, Buffer.from([25, 0xe0, 0]))).toMatchObject({ state: 'no_reading', stateCode: -1, value: null })
    expect(decodeReading(temperature, Buffer.from([25, 0x80, 0]))).toMatchObject({ state: 'no_reading' })
    expect(decodeReading(temperature, Buffer.from([25]))).toBeNull()
  })

  // The reserved bit 15 is set in every answer: what ipmitool prints as 0x0980 is present and AC lost.
  test.each([
    ['PSU present', 0x08, 0x6f, 0x001, 'ok', 0],
    ['PSU without AC', 0x08, 0x6f, 0x009, 'AC lost', 2],
    ['PSU failed', 0x08, 0x6f, 0x003, 'failure', 2],
    ['PSU about to fail', 0x08, 0x6f, 0x005, 'predictive failure', 1],
    ['redundancy full', 0x09, 0x0b, 0x001, 'ok', 0],
    ['redundancy lost', 0x09, 0x0b, 0x002, 'redundancy lost', 2],
    ['drive fault', 0x0d, 0x6f, 0x003, 'drive fault', 2],
    ['drive in a failed array', 0x0d, 0x6f, 0x041, 'in failed array', 3],
    ['DIMM present', 0x0c, 0x6f, 0x040, 'ok', 0],
    ['DIMM uncorrectable', 0x0c, 0x6f, 0x042, 'uncorrectable ECC error', 2],
    ['DIMM hot', 0x0c, 0x6f, 0x440, 'over-temperature', 2],
    ['CPU present', 0x07, 0x6f, 0x080, 'ok', 0],
    ['CPU IERR and thermal trip', 0x07, 0x6f, 0x083, 'IERR; thermal trip', 3],
    ['chassis open', 0x05, 0x6f, 0x001, 'chassis intrusion', 2],
    ['watchdog', 0x23, 0x6f, 0x002, 'hard reset', 2],
    ['log nearly full', 0x10, 0x6f, 0x020, 'log almost full', 1],
    ['nothing set', 0x08, 0x6f, 0x000, 'ok', 0],
    ['OEM state', 0xc5, 0x70, 0x001, 'ok', 0],
  ])('%s', (_, type, eventType, mask, state, stateCode) => {
    expect(bits(discrete(type, eventType), mask)).toMatchObject({ state, stateCode, bits: mask })
  })

  test('what "asserted" means depends on the sensor', () => {
    expect(bits(discrete(0x08, 0x03, 'PS 1 Fan Fault'), 2)).toMatchObject({ state: 'asserted', stateCode: 2 })
    expect(bits(discrete(0x08, 0x03, 'PS 1 Fan Fault'), 1)).toMatchObject({ state: 'ok', stateCode: 0 })
    expect(bits(discrete(0x09, 0x03, 'Host Power'), 2)).toMatchObject({ state: 'ok', stateCode: 0 })
  })

  test('all states in words, for people', () => {
    const sensor = discrete(0x08, 0x6f)
    const reading = bits(sensor, 9)
    expect(reading && stateWords(sensor, reading)).toEqual(['present', 'AC lost'])
  })

  test('only readable thresholds are told', () => {
    expect(decodeThresholds(temperature, Buffer.from([0x1b, 5, 3, 1, 38, 41, 45]))).toEqual({
      lower_non_critical: 5,
      lower_critical: 3,
      upper_non_critical: 38,
      upper_critical: 41,
    })
    expect(decodeThresholds(temperature, Buffer.from([0x3f, 5]))).toEqual({ lower_non_critical: 5 })
  })
})
