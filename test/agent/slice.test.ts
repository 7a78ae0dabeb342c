import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { SliceKeeper } from '../../agent/slice.ts'
import { silentLog } from '../../core/log/log.ts'
import type { ConfigSlice } from '../../core/wire/payloads.ts'
import { hashSlice, parseSlice } from '../../core/wire/slice.ts'
import { tempDir } from '../support/temp-dir.ts'

const slice = (version: number, device = 'ups-01'): ConfigSlice => {
  const body = { collectors: ['main'], profiles: [], devices: [{ name: device, title: device, class: 'ups', checks: [] }] }
  return { version, hash: hashSlice(body), ...body }
}
const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))

async function keeperIn(dir: string, fail = { with: '' }) {
  const applied: number[] = []
  const keeper = new SliceKeeper({
    path: join(dir, 'config.json'),
    async apply({ version }) {
      if (fail.with) throw new Error(fail.with)
      applied.push(version)
    },
    onChange() {},
    log: silentLog,
  })
  await keeper.load()
  return { keeper, applied }
}

describe('slice', () => {
  test('only a greater version is taken; equal content restarts nothing', async () => {
    const { keeper, applied } = await keeperIn(await tempDir())
    await keeper.offer(bytes(slice(5)))
    await keeper.offer(bytes(slice(4, 'old')))
    await keeper.offer(bytes(slice(6)))
    expect(keeper.version).toBe(6)
    expect(applied).toEqual([5])
    await keeper.offer(bytes(slice(7, 'ups-02')))
    expect(applied).toEqual([5, 7])
    await keeper.offer(bytes({ ...slice(8, 'ups-03'), hash: slice(7, 'ups-02').hash }))
    expect(applied, 'the hash alone is not believed').toEqual([5, 7, 8])
  })

  test('the last good one is in force at the next start', async () => {
    const dir = await tempDir()
    const first = await keeperIn(dir)
    await first.keeper.offer(bytes(slice(5)))
    const second = await keeperIn(dir)
    expect([second.keeper.version, second.applied]).toEqual([5, [5]])
  })

  test('an unusable one is rejected in words and the old one stays, on disk too', async () => {
    const dir = await tempDir()
    const fail = { with: '' }
    const { keeper } = await keeperIn(dir, fail)
    await keeper.offer(bytes(slice(5)))
    await keeper.offer(bytes({ ...slice(6), devices: [{ name: 'a/b' }] }))
    expect([keeper.version, keeper.rejected]).toEqual([5, 'devices[0]: name is missing or not a name'])
    fail.with = 'no room'
    await keeper.offer(bytes(slice(7, 'x')))
    expect([keeper.version, keeper.rejected]).toEqual([5, 'version 7: no room'])
    expect(JSON.parse(await readFile(join(dir, 'config.json'), 'utf8'))).toMatchObject({ version: 5 })
    fail.with = ''
    await keeper.offer(bytes(slice(8, 'y')))
    expect([keeper.version, keeper.rejected]).toEqual([8, null])
  })

  test.each([
    ['{', /^not JSON/],
    ['[]', /not an object/],
    [JSON.stringify({ ...slice(1), version: 0 }), /version/],
    [JSON.stringify({ ...slice(1), collectors: 'main' }), /collectors/],
    [JSON.stringify({ ...slice(1), devices: [...slice(1).devices, ...slice(1).devices] }), /devices\[1\]: ups-01 is there twice/],
    [
      JSON.stringify({ ...slice(1), devices: [{ name: 'a', class: 'ups', checks: [{ name: 'c', kind: 'k', interval_ms: 0 }] }] }),
      /interval_ms/,
    ],
  ])('%s', (text, problem) => {
    expect(parseSlice(text)).toMatch(problem)
  })

  test('the hash does not depend on the order of keys', () => {
    const device = { name: 'a', title: 'A', class: 'ups', checks: [] }
    const turned = { checks: [], class: 'ups', title: 'A', name: 'a' }
    const hash = (devices: ConfigSlice['devices']): string => hashSlice({ collectors: [], profiles: [], devices })
    expect(hash([device])).toBe(hash([turned]))
    expect(hash([device])).not.toBe(hash([{ ...device, title: 'B' }]))
  })
})
