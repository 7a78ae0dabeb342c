import { describe, expect, it } from 'vitest'
import { readFacts } from '../../../core/profile/facts.ts'
import type { VarbindSource } from '../../../core/profile/varbind.ts'
import { createRecordingSource } from '../../../protocols/snmp/recording-source.ts'
import { recorded } from './reading.ts'

const ENTERPRISES = '1.3.6.1.4.1'
const PROBES = ['1.3.6.1.2.1.33.1', ...Array.from({ length: 100 }, (_, at) => `${ENTERPRISES}.${300 + at}.1`), `${ENTERPRISES}.318.2.0`]
const box = (sysObjectID: string): string => `
1.3.6.1.2.1.1.1.0|4|a box
1.3.6.1.2.1.1.2.0|6|${sysObjectID}
1.3.6.1.2.1.33.1.1.0|2|1
${ENTERPRISES}.318.1.5.0|2|1
${ENTERPRISES}.318.2.0|2|7
${ENTERPRISES}.2021.4.0|2|1
1.3.6.1.6.3.1.0|2|1
`

/** A device that counts what it is asked, and may answer as broken ones do. */
function device(text: string, broken: (oid: string, answer: string | undefined) => string | undefined | 'silent' = (_, answer) => answer) {
  const inner = createRecordingSource(recorded(text))
  const asked: string[] = []
  const source: VarbindSource = {
    ...inner,
    async next(oids) {
      asked.push(...oids)
      const { following } = await inner.next(oids)
      const changed = new Map([...following])
      const failed: { oid: string; reason: 'timeout' }[] = []
      for (const oid of oids) {
        const answer = broken(oid, following.get(oid)?.oid)
        if (answer === 'silent') failed.push({ oid, reason: 'timeout' })
        if (answer === undefined || answer === 'silent') changed.delete(oid)
        else changed.set(oid, { oid: answer, type: 'integer', value: 1 })
      }
      return { varbinds: [...changed.values()], failed, following: changed }
    },
  }
  return { source, asked }
}

describe('the facts of a device', () => {
  it('are asked below the branches that it has', async () => {
    const { source, asked } = device(box(`${ENTERPRISES}.318.1.3.2`))
    const facts = await readFacts(PROBES, source)
    expect(facts).toMatchObject({ sysDescr: 'a box', sysObjectID: `${ENTERPRISES}.318.1.3.2`, unanswered: 0 })
    expect(facts.probe(`${ENTERPRISES}.318.1`)?.oid).toBe(`${ENTERPRISES}.318.1.5.0`)
    expect(facts.probe(`${ENTERPRISES}.318.2.0`)?.value).toBe(1)
    expect(facts.probe('1.3.6.1.2.1.33.1')).not.toBeNull()
    expect(facts.probe(`${ENTERPRISES}.319.1`)).toBeNull()
    expect(asked.length).toBeLessThan(8)
  })

  it.each<[string, string, Parameters<typeof device>[1]]>([
    ['its sysObjectID is below none of them', box(`${ENTERPRISES}.9.1.1`), undefined],
    ['it has none', box('1.3.6.1.2.1.33').replaceAll(/^1\.3\.6\.1\.4.*\n/gm, ''), undefined],
    [
      'its order is none',
      box(`${ENTERPRISES}.318.1`),
      (oid, answer) => (oid === `${ENTERPRISES}.319` ? `${ENTERPRISES}.318.1.5.0` : answer),
    ],
    ['it leaves the question without an answer', box(`${ENTERPRISES}.318.1`), (oid, answer) => (oid === ENTERPRISES ? 'silent' : answer)],
  ])('are all asked where %s', async (_, text, broken) => {
    const { source, asked } = device(text, broken)
    const facts = await readFacts(PROBES, source)
    expect(asked.length).toBeGreaterThanOrEqual(PROBES.length)
    expect(facts.probe('1.3.6.1.2.1.33.1')).not.toBeNull()
    expect(facts.probe(`${ENTERPRISES}.318.1`) === null).toBe(!text.includes('318.1.5'))
    expect(facts.unanswered).toBe(0)
  })

  it('are first the likely ones where they are asked for quickly', async () => {
    const { source, asked } = device(box(`${ENTERPRISES}.9.1.1`))
    const facts = await readFacts([...PROBES, `${ENTERPRISES}.9.2`], source, true)
    expect(asked).toContain(`${ENTERPRISES}.9.2`)
    expect(asked).not.toContain(`${ENTERPRISES}.350.1`)
    expect(asked.length).toBeLessThan(10)
    expect(facts.unanswered).toBe(99)
  })

  it('tell how many questions had no answer', async () => {
    const { source } = device(box(`${ENTERPRISES}.318.1`), (oid, answer) =>
      oid.endsWith('318.1') || oid.endsWith('33.1') ? 'silent' : answer,
    )
    expect(await readFacts(PROBES, source)).toMatchObject({ unanswered: 2 })
  })
})
