import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type ConfigResult, loadConfig } from '../../cli/load-config.ts'
import { watchConfig } from '../../cli/watch-config.ts'
import { tempDir } from '../support/temp-dir.ts'
import { until } from '../support/until.ts'

const inventory = (name: string): string => `site: test\ndevices: [ { name: ${name}, class: other } ]\n`

async function watched() {
  const dir = join(await tempDir(), 'config')
  await mkdir(dir)
  await writeFile(join(dir, 'devices.yaml'), inventory('a'))
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  const results: ConfigResult[] = []
  const { fingerprint } = await loadConfig(dir)
  const watch = watchConfig(dir, loadConfig, (result) => void results.push(result), stop.signal, fingerprint)
  const names = () => results.map((result) => (result.ok ? result.inventory.devices[0]?.name : 'refused'))
  return {
    dir,
    watch,
    names,
    stop,
    count: (n: number) => until(() => names().length >= n, { timeoutMs: 8000, what: `${n} changes, got ${names()}` }),
  }
}

test('a write, a rename as editors do it, a mistake and its repair are told once each', async () => {
  const { dir, names, count } = await watched()
  await writeFile(join(dir, 'devices.yaml'), inventory('b'))
  await count(1)
  await writeFile(join(dir, '.devices.yaml.swp'), inventory('c'))
  await rename(join(dir, '.devices.yaml.swp'), join(dir, 'devices.yaml'))
  await count(2)
  await writeFile(join(dir, 'devices.yaml'), 'site: [')
  await count(3)
  await writeFile(join(dir, 'devices.yaml'), inventory('d'))
  await count(4)
  expect(names()).toEqual(['b', 'c', 'refused', 'd'])
})

test('the same content again is no change, but reload() tells it anyway', async () => {
  const { dir, watch, names, count } = await watched()
  await writeFile(join(dir, 'devices.yaml'), inventory('a'))
  await writeFile(join(dir, 'devices.yaml'), inventory('b'))
  await count(1)
  await watch.reload()
  expect(names()).toEqual(['b', 'b'])
})

test('survives that the folder is replaced', async () => {
  const { dir, count, names } = await watched()
  await rename(dir, `${dir}-old`)
  await mkdir(`${dir}-new`)
  await writeFile(join(`${dir}-new`, 'devices.yaml'), inventory('x'))
  await rename(`${dir}-new`, dir)
  await until(() => names().at(-1) === 'x', { timeoutMs: 8000, what: `the new folder, got ${names()}` })
  const before = names().length
  await writeFile(join(dir, 'devices.yaml'), inventory('y'))
  await count(before + 1)
  expect(names().at(-1)).toBe('y')
  await rm(`${dir}-old`, { recursive: true })
})

test('after the end nothing is told', async () => {
  const { dir, watch, names, stop } = await watched()
  stop.abort()
  await writeFile(join(dir, 'devices.yaml'), inventory('z'))
  await watch.reload()
  expect(names()).toEqual([])
})
