import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { summary } from '../../cli/check.ts'
import { type ConfigResult, loadConfig } from '../../cli/load-config.ts'
import { formatIssue } from '../../core/config/document.ts'
import { createLibrary } from '../../core/profile/library.ts'
import { buildCliCommand } from '../support/cli-command.ts'
import { tempDir } from '../support/temp-dir.ts'
import { folderWith, wrongConfigs } from './wrong-config.ts'

const shipped = fileURLToPath(new URL('../../config', import.meta.url))
const cases = await wrongConfigs()
const profiles = { ...createLibrary([]), data: [], issues: [] }
const problemsOf = (result: ConfigResult, dir: string): string[] => result.issues.map((issue) => formatIssue(issue).replace(`${dir}/`, ''))

test.each(cases)('$name', async ({ name, target, expected }) => {
  const dir = await tempDir()
  await folderWith(dir, name)
  const result = await loadConfig(dir, { profiles })
  expect(problemsOf(result, dir)).toEqual(expected)
  expect(expected.length).toBeGreaterThan(0)
  expect(expected.every((line) => line.startsWith(`${target}:`))).toBe(true)
  expect(result.ok).toBe(expected.every((line) => / warning: /.test(line)))
})

test('there are at least 30 of them, and no message repeats a secret', () => {
  expect(cases.length).toBeGreaterThanOrEqual(30)
  expect(cases.flatMap((one) => one.expected).filter((line) => /hunter2|20260101/.test(line))).toEqual([])
})

test('the shipped configuration has nothing to complain about', async () => {
  const result = await loadConfig(shipped)
  expect(problemsOf(result, shipped)).toEqual([])
  if (!result.ok) throw new Error('refused')
  const { inventory, settings } = result
  expect(inventory.site).toBe('chaoyang')
  expect(result.agentName).toBe('this-host')
  expect(inventory.devices.filter((device) => device.enabled).map((device) => device.name)).toEqual(['this-host'])
  expect(inventory.devices.length).toBeGreaterThan(100)
  expect(settings.web.listen).toEqual({ host: '127.0.0.1', port: 8420 })
  expect(summary(result)).toMatch(/^site chaoyang, \d+ devices \(1 watched by \d+ checks\), \d+ rules, nobody is told/)
})

test('the shipped inventory uses documentation addresses only', async () => {
  const result = await loadConfig(shipped)
  if (!result.ok) throw new Error('refused')
  const addresses = result.inventory.devices.flatMap((device) => [device.address, ...device.checks.map((check) => check.address)])
  const foreign = addresses.filter(
    (address) => address !== undefined && !/^(192\.0\.2|198\.51\.100|203\.0\.113)\.\d+$|^127\.0\.0\.1$/.test(address),
  )
  expect(foreign).toEqual([])
})

test('every number of the contract’s hardware table is in the shipped inventory', async () => {
  const text = await readFile(join(shipped, 'devices.yaml'), 'utf8')
  const numbers = new Set<number>()
  for (const [, list] of text.matchAll(/contract: "1-2 ([^"]+)"/g)) {
    for (const [, from, to] of (list ?? '').matchAll(/#(\d+)(?:-(\d+))?/g))
      for (let number = Number(from); number <= Number(to ?? from); number++) numbers.add(number)
  }
  const missing = Array.from({ length: 63 }, (_, index) => index + 1).filter((number) => !numbers.has(number))
  expect(missing).toEqual([9, 10, 39, 40]) // rows that the contract itself does not have
})

test('a folder without files, a folder that is none, a file that is not UTF-8', async () => {
  const dir = await tempDir()
  expect(problemsOf(await loadConfig(dir, { profiles }), dir)).toEqual([
    'devices.yaml:1:1 there is no such file: it lists the devices and names the site (an agent alone needs `site:` in jifang.yaml instead)',
  ])
  await writeFile(join(dir, 'jifang.yaml'), 'site: test\nagent: { name: poller-1 }\n')
  expect(await loadConfig(dir, { profiles })).toMatchObject({ ok: true, site: 'test', agentName: 'poller-1', inventory: { devices: [] } })
  await writeFile(join(dir, 'devices.yaml'), Buffer.from('736974653a20b1b1bea90a', 'hex'))
  expect(problemsOf(await loadConfig(dir, { profiles }), dir)).toEqual(['devices.yaml:1:1 is not UTF-8 (GBK?): save it as UTF-8'])
  await mkdir(join(dir, 'notify.yaml'))
  expect(problemsOf(await loadConfig(dir, { profiles }), dir)).toContain('notify.yaml:1:1 can not be read (EISDIR)')
  const absent = join(dir, 'absent')
  expect((await loadConfig(absent)).issues.map(formatIssue)[0]).toBe(`${absent}:1:1 there is no such folder`)
})

test('a profile that does not exist is told with what was meant', async () => {
  const dir = await tempDir()
  const check = (profile: string): string =>
    `      - { kind: snmp, name: ${profile.replace(/\W/g, '')}, community: "$\{env:C}", profile: ${profile} }\n`
  await writeFile(
    join(dir, 'devices.yaml'),
    `site: test\ndevices:\n  - name: a\n    class: ups\n    address: 192.0.2.1\n    checks:\n${['auto', 'ups-mb', '[system, sytem]'].map(check).join('')}`,
  )
  expect(problemsOf(await loadConfig(dir), dir)).toEqual([
    'devices.yaml:8:68 devices[0].checks[1].profile: there is no profile "ups-mb", did you mean "ups-mib"?',
    'devices.yaml:9:83 devices[0].checks[2].profile[1]: there is no profile "sytem", did you mean "system"?',
  ])
})

test('faults in several files are told together, file by file', async () => {
  const dir = await tempDir()
  await writeFile(join(dir, 'jifang.yaml'), 'log: { level: loud }\n')
  await writeFile(join(dir, 'devices.yaml'), 'site: test\ndevices: [ { name: a } ]\n')
  await writeFile(join(dir, 'notify.yaml'), 'peple: []\n')
  expect(problemsOf(await loadConfig(dir, { profiles }), dir)).toEqual([
    'jifang.yaml:1:15 log.level: must be one of debug, info, warn, error',
    'devices.yaml:2:12 devices[0].class: is required',
    'notify.yaml:1:1 peple: unknown key, did you mean "people"?',
  ])
})

test('a slip in devices.yaml does not hide what rules and notices say of devices, rules and people', async () => {
  const dir = await tempDir()
  await writeFile(join(dir, 'devices.yaml'), 'site: test\ndevices:\n  - { name: app, class: server, adress: x }\n')
  await writeFile(join(dir, 'alarms.yaml'), 'rules: [{ name: disk-full, devices: [app, ap] }]\n')
  await writeFile(join(dir, 'notify.yaml'), 'people: [{ name: li }]\nroutes: [{ to: [lee], channels: [hook] }]\ncolour: red\n')
  const problems = problemsOf(await loadConfig(dir, { profiles }), dir)
  expect(problems.map((line) => line.split(': ')[0])).toEqual([
    'devices.yaml:3:33 devices[0].adress',
    'alarms.yaml:1:43 rules[0].devices[1]',
    'notify.yaml:2:17 routes[0].to[0]',
    'notify.yaml:2:34 routes[0].channels[0]',
    'notify.yaml:3:1 colour',
  ])
})

test('secrets that are not here are warnings with their place', async () => {
  const dir = await tempDir()
  await writeFile(join(dir, 'devices.yaml'), 'site: test\ndevices: []\n')
  await writeFile(join(dir, 'jifang.yaml'), 'web:\n  tokens: [ { person: li, role: operator, token: "${file:li}" } ]\n')
  await writeFile(join(dir, 'notify.yaml'), 'channels: [ { name: hook, kind: webhook, url: "${env:GONE}", secret: "${env:HERE}" } ]\n')
  const result = await loadConfig(dir, { profiles, env: { HERE: 'x' } })
  expect(result.ok).toBe(true)
  expect(problemsOf(result, dir)).toEqual([
    expect.stringMatching(/^jifang.yaml:2:\d+ web.tokens\[0\].token: warning: \$\{file:li\}: no such file below secrets.paths/),
    'notify.yaml:1:47 channels[0].url: warning: ${env:GONE}: the environment variable GONE is not set',
  ])
})

test('jifang check prints, counts and exits with 2 or 0', async () => {
  const dir = await tempDir()
  await folderWith(dir, 'devices.unknown-keys.yaml')
  const check = await buildCliCommand('check')
  onTestFinished(() => check.remove())
  const bad = await check.run([dir])
  expect(bad.code).toBe(2)
  expect(bad.stdout.split('\n')[0]).toBe(`${dir}/devices.yaml:7:1 default: unknown key, did you mean "defaults"?`)
  expect(bad.stdout).toContain(`\n${dir}: 5 errors\n`)
  const good = await check.run(['--json', shipped])
  expect(good.code).toBe(0)
  expect(JSON.parse(good.stdout)).toMatchObject({ ok: true, errors: 0, warnings: 0, site: 'chaoyang', watched: 1 })
  expect(bad.stderr + good.stderr).toBe('')
})
