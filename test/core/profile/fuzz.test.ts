import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { encodeSample } from '../../../core/line/encode.ts'
import { evaluate } from '../../../core/profile/evaluate.ts'
import type { ProfileLibrary } from '../../../core/profile/library.ts'
import { loadProfiles } from '../../../core/profile/parse.ts'
import { createSampler } from '../../../core/profile/samples.ts'
import { boundsOf } from '../../../core/profile/units.ts'
import type { SnmpType, Varbind } from '../../../core/profile/varbind.ts'
import { createRecordingSource } from '../../../protocols/snmp/recording-source.ts'
import { formatRecordingLine, parseRecording } from '../../../protocols/snmp/snmprec.ts'

let library: ProfileLibrary
let scalars: string[]
let columns: string[]
beforeAll(async () => {
  library = (await loadProfiles([fileURLToPath(new URL('../../../config/profiles', import.meta.url))])).library
  const groups = library.profiles.flatMap((profile) => profile.groups)
  scalars = groups.flatMap((group) => [...group.needs.scalars])
  columns = groups.flatMap((group) => [...group.needs.columns])
})

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 20 }),
  fc.string({ maxLength: 20 }).map((text) => new TextEncoder().encode(text)),
  fc.constantFrom('NaN', '1e999', '-', '56 %', '0x', '9f78047fc00000', 'Infinity', '--5').map((text) => new TextEncoder().encode(text)),
  fc.constantFrom('9f78047f800000', '9f79087ff0000000000000', '9f7804').map((hex) => Uint8Array.from(Buffer.from(hex, 'hex'))),
)
const number = fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.constantFrom(0, -1, 65535, 4294967295, 2147483647, -2147483648, -273))
const content: fc.Arbitrary<Pick<Varbind, 'type' | 'value'>> = fc.oneof(
  fc.record({ type: fc.constantFrom<SnmpType>('integer', 'counter32', 'gauge32', 'timeticks'), value: number }),
  fc.record({ type: fc.constant<SnmpType>('counter64'), value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) }),
  fc.record({ type: fc.constantFrom<SnmpType>('octets', 'opaque'), value: bytes }),
  fc.record({ type: fc.constant<SnmpType>('oid'), value: fc.constantFrom('1.3.6.1.2.1.33.1.6.3.2', '1.3', '0.0') }),
  fc.record({ type: fc.constant<SnmpType>('null'), value: fc.constant(null) }),
)

describe('whatever a device sends', () => {
  it('never throws, never becomes NaN, nothing out of bounds, always lines that can be written', async () => {
    const index = fc.array(fc.nat({ max: 300 }), { minLength: 1, maxLength: 4 }).map((arcs) => arcs.join('.'))
    const oid = fc.oneof(
      fc.constantFrom(...scalars),
      fc.tuple(fc.constantFrom(...columns), fc.oneof(fc.constantFrom('1', '2', '3'), index)).map(([column, at]) => `${column}.${at}`),
    )
    const device = fc.array(
      fc.tuple(oid, content).map(([at, rest]): Varbind => ({ oid: at, ...rest })),
      { maxLength: 60 },
    )
    const groups = library.profiles.flatMap((profile) => profile.groups)
    await fc.assert(
      fc.asyncProperty(device, device, async (first, second) => {
        const sampler = createSampler(1e6)
        for (const [run, varbinds] of [first, second].entries()) {
          const results = await evaluate(groups, createRecordingSource(varbinds))
          for (const value of results.flatMap((result) => result.values)) {
            if (value.quality !== 'ok' || value.kind !== 'number' || value.oid === '') continue
            expect(Number.isFinite(Number(value.value))).toBe(true)
            const { min, max } = boundsOf(value.field)
            expect(Number(value.value)).toBeGreaterThanOrEqual(min)
            expect(Number(value.value)).toBeLessThanOrEqual(max)
          }
          for (const sample of sampler.samples(results, { time: run * 1000, at: run * 1000, uptime: run * 100 })) {
            expect(encodeSample(sample)).toEqual(expect.not.stringMatching(/=(NaN|-?Infinity|undefined)/))
          }
        }
      }),
      { numRuns: 60 },
    )
  })
})

describe('recordings', () => {
  it('any text is read without throwing, and what was written is read back', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        parseRecording(text)
        parseRecording(`1.3.6.1|4x|${text}\n1.3.6.2|2|${text}\n|||\n1.3.6.3|${text}|5`)
      }),
    )
    fc.assert(
      fc.property(content, (rest) => {
        const varbind = { oid: '1.3.6.1.5.0', ...rest } as Varbind
        if (
          typeof varbind.value === 'number' &&
          (!Number.isSafeInteger(varbind.value) || (varbind.type !== 'integer' && varbind.value < 0))
        )
          return
        const { varbinds, issues } = parseRecording(formatRecordingLine(varbind))
        expect(issues).toEqual([])
        const back = varbinds[0]?.value
        expect(back instanceof Uint8Array ? [...back] : back).toEqual(
          varbind.value instanceof Uint8Array ? [...varbind.value] : varbind.value,
        )
      }),
    )
  })

  it('tells malformed lines and keeps the others', () => {
    const { varbinds, issues } = parseRecording(
      '1.3.1.0|2|5\nnonsense\n1.3.2.0|4x|zz\n1.3.3.0|2|abc\n.1.3.4.0|6|.1.3.6\n1.3.5.0|129|\n1.3.6.0|4e|a\\x41\\n',
    )
    expect(varbinds.map((varbind) => varbind.oid)).toEqual(['1.3.1.0', '1.3.4.0', '1.3.6.0'])
    expect(issues.map((issue) => issue.line)).toEqual([2, 3, 4])
    expect(Buffer.from(varbinds[2]?.value as Uint8Array).toString()).toBe('aA\n')
  })
})
