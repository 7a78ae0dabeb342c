import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { command } from '../../cli/ipmi.ts'
import { type Bmc, startBmc } from '../support/bmc.ts'
import { selRecord } from '../support/bmc-commands.ts'
import { SIM_PASSWORD, SIM_USER } from '../support/ipmi-sim.ts'
import { tempDir } from '../support/temp-dir.ts'
import { until } from '../support/until.ts'

let bmc: Bmc

beforeAll(async () => {
  bmc = await startBmc()
  bmc.state.raw.set(11, 9)
  bmc.state.sel.push(selRecord(1, 1_600_000_000, { type: 1, number: 2, eventType: 1, offset: 9, reading: 92, threshold: 90 }))
  bmc.state.sel.push(selRecord(2, 1_600_000_060, { type: 8, number: 11, eventType: 0x6f, offset: 3 }))
})
afterAll(() => bmc.close())
afterEach(() => vi.restoreAllMocks())

async function jifangIpmi(...args: string[]): Promise<string> {
  let out = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += text
    return true
  })
  const file = join(await tempDir(), 'password')
  await writeFile(file, `${SIM_PASSWORD}\n`, { mode: 0o600 })
  await command().parseAsync(['node', 'ipmi', ...args, '127.0.0.1', '-p', String(bmc.port), '-U', SIM_USER, '--password-file', file])
  vi.restoreAllMocks()
  return out
}

describe('jifang ipmi', () => {
  test('sensors: values, states in words, thresholds; JSON the same', async () => {
    const text = await jifangIpmi('sensors')
    expect(text).toMatch(/^Ambient Temp 1 +Temperature +25 degrees C +ok +lnc 5 .*ucr 41/m)
    expect(text).toMatch(/^Power Supply 1 +Power Supply +AC lost$/m)
    expect(text).toMatch(/^Power Supply 2 +Power Supply +present$/m)
    const rows = JSON.parse(await jifangIpmi('sensors', '--json')) as Record<string, unknown>[]
    expect(rows).toHaveLength(15)
    expect(rows[10]).toMatchObject({ name: 'Power Supply 1', state: 'AC lost', state_code: 2, states: ['present', 'AC lost'] })
  })

  test('sel: the whole log or its end', async () => {
    expect(await jifangIpmi('sel')).toMatch(
      /1 .*2020-\S+ \S+ +major +CPU 1 Temp: upper critical going high asserted, reading 92 > threshold 90 degrees C\n2 .*AC lost/,
    )
    expect((await jifangIpmi('sel', '--last', '1')).trim().split('\n')).toHaveLength(1)
  })

  test('info: identity, power, protection', async () => {
    expect(JSON.parse(await jifangIpmi('info', '--json'))).toMatchObject({
      session: 'RMCP+ suite 17',
      manufacturer: 'IBM',
      power: 'on',
      watts: 180,
      sel: { entries: 2 },
      fru: { product: { name: 'System x3650', serial: '99A1234' } },
    })
  })

  test('leaves no session behind, also after a failure', async () => {
    await expect(jifangIpmi('info', '-L', 'administrator', '--ipmi', '1.5', '-C', '5')).rejects.toThrow(/suite 5/)
    await until(() => bmc.sessions === 0, { what: 'every session is closed' })
  })
})
