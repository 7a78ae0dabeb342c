import { describe, expect, it } from 'vitest'
import { parseCidr } from '../../../core/net/cidr.ts'
import { SourceGate } from '../../../probes/listeners/source-gate.ts'

const blocks = (...texts: string[]) => texts.flatMap((text) => parseCidr(text) ?? [])

describe('SourceGate', () => {
  it('lets in only who is listed', () => {
    const gate = new SourceGate({ allow: blocks('10.1.0.0/16', 'fd00::/8'), rate: 1, burst: 10 })
    expect(['10.1.2.3', '10.2.0.1', 'fd00::7', 'fe80::1', ''].map((address) => gate.enter(address, 0))).toEqual([
      'in',
      'not_allowed',
      'in',
      'not_allowed',
      'not_allowed',
    ])
    expect(gate.sources).toBe(2)
  })

  it('a burst, then the rate; a noisy source costs the others nothing; what was dropped is handed out once', () => {
    const gate = new SourceGate({ allow: [], rate: 2, burst: 5 })
    const entered = (source: string, times: number, now: number): number =>
      Array.from({ length: times }, () => gate.enter(source, now)).filter((entry) => entry === 'in').length
    expect(entered('10.0.0.1', 100, 0)).toBe(5)
    expect(entered('10.0.0.2', 1, 0)).toBe(1)
    expect(entered('10.0.0.1', 100, 1000)).toBe(2)
    expect(entered('10.0.0.1', 100, 3_600_000)).toBe(5)
    expect(gate.takeDropped(3_600_000)).toEqual([{ source: '10.0.0.1', dropped: 95 + 98 + 95 }])
    expect(gate.takeDropped(3_600_000)).toEqual([])
  })

  it('sources beyond the table share one allowance, and quiet ones are forgotten', () => {
    const gate = new SourceGate({ allow: [], rate: 10, burst: 10 })
    let entered = 0
    for (let i = 0; i < 50_000; i++) if (gate.enter(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, 0) === 'in') entered++
    expect(gate.sources).toBe(4097)
    expect(entered).toBe(4096 + 10)
    expect(gate.takeDropped(10_000)).toEqual([{ source: '*', dropped: 50_000 - entered }])
    expect(gate.sources).toBe(0)
  })
})
