import { expect, test } from 'vitest'
import { diffInventory } from '../../../core/inventory/diff.ts'
import type { Check, Device, Inventory } from '../../../core/inventory/model.ts'
import { agentsOf, buildSlice, sourcesOf, stableHash } from '../../../core/inventory/slice.ts'

const place = { file: 'd.yaml', line: 1, col: 1 }
const kinds = { host: { where: 'local' }, ping: { where: 'remote' }, trap: { where: 'push' } } as const
const check = (kind: string, more: Partial<Check> = {}): Check => ({
  name: kind,
  kind,
  intervalMs: 60_000,
  timeoutMs: 10_000,
  enabled: true,
  options: {},
  place,
  ...more,
})
const device = (name: string, checks: Check[], more: Partial<Device> = {}): Device => ({
  name,
  title: name,
  short: name,
  class: 'server',
  enabled: true,
  dependsOn: [],
  pollers: ['p1', 'p2'],
  checks,
  alarms: {},
  place,
  ...more,
})
const inventory: Inventory = {
  site: 'room',
  devices: [
    device('p1', [check('host'), check('trap')]),
    device('a', [check('host'), check('ping', { address: '192.0.2.1' }), check('ping', { name: 'off', enabled: false })]),
    device('b', [check('ping')], { enabled: false }),
    device('c', [check('ping')], { pollers: ['p2'], address: '192.0.2.3' }),
    device('d', [check('ping')], { pollers: [] }),
  ],
}
const slice = (agent: string, alive: string[]) =>
  buildSlice(inventory, agent, { kinds, isAlive: (name) => alive.includes(name) }).map(({ name, checks }) => [
    name,
    checks.map((one) => one.name),
  ])

test('local and push checks belong to the agent named like the device, remote ones to the first poller alive', () => {
  expect(slice('p1', ['p1', 'p2'])).toEqual([
    ['p1', ['host', 'trap']],
    ['a', ['ping']],
  ])
  expect(slice('p2', ['p1', 'p2'])).toEqual([['c', ['ping']]])
  expect(slice('p2', ['p2'])).toEqual([
    ['a', ['ping']],
    ['c', ['ping']],
  ])
  expect(slice('a', ['p1'])).toEqual([['a', ['host']]])
})

test('with no poller alive the first one keeps its work', () => {
  expect(slice('p1', [])).toEqual(slice('p1', ['p1', 'p2']))
})

test('a slice is what goes over the wire', () => {
  expect(buildSlice(inventory, 'p2', { kinds, isAlive: () => true })).toEqual([
    {
      name: 'c',
      title: 'c',
      class: 'server',
      address: '192.0.2.3',
      checks: [{ name: 'ping', kind: 'ping', interval_ms: 60_000, timeout_ms: 10_000, options: {} }],
    },
  ])
})

test('agentsOf names everybody who may be asked', () => {
  expect([...agentsOf(inventory, kinds)].sort()).toEqual(['a', 'p1', 'p2'])
})

test('the hash does not depend on the order of keys, but on everything else', () => {
  expect(stableHash({ a: 1, b: { c: [1, 2], d: null } })).toBe(stableHash({ b: { d: null, c: [1, 2] }, a: 1 }))
  expect(stableHash({ a: [1, 2] })).not.toBe(stableHash({ a: [2, 1] }))
  expect(stableHash({})).toMatch(/^[0-9a-f]{32}$/)
})

test('diffInventory sees meaning, not places', () => {
  const moved = {
    ...inventory,
    devices: inventory.devices.map((one) => ({ ...one, place: { ...place, line: 9 }, source: ['devices', 9] })),
  }
  expect(diffInventory(inventory, moved)).toEqual({ added: [], removed: [], changed: [] })
  const [p1, a, , c, d] = inventory.devices as [Device, Device, Device, Device, Device]
  const newer = {
    site: 'room',
    devices: [d, { ...a, checks: [check('ping', { address: '192.0.2.9' })] }, { ...c, title: 'C' }, p1, device('e', [])],
  }
  expect(diffInventory(inventory, newer)).toEqual({ added: ['e'], removed: ['b'], changed: ['a', 'c'] })
})

test('a listener for many devices is told who is who: addresses of devices before those of checks, the first of two, what is written last', () => {
  const listening: Inventory = {
    site: 'room',
    devices: [
      device('p1', [check('trap', { options: { sources: { '192.0.2.9': 'by-hand', '192.0.2.3': 'c2' } } }), check('ping')], {
        pollers: ['p1'],
      }),
      device('a', [check('ping', { address: '192.0.2.1' }), check('ipmi', { address: '192.0.2.3' })], { address: 'a.example' }),
      device('c', [check('ping')], { address: '192.0.2.3' }),
      device('d', [check('ping')], { address: '192.0.2.3' }),
      device('e', [check('ping')], { address: '127.0.0.1' }),
      device('off', [check('ping')], { address: '192.0.2.5', enabled: false }),
    ],
  }
  const known = { 'a.example': 'a', '192.0.2.3': 'c', '192.0.2.1': 'a' }
  expect(sourcesOf(listening)).toEqual(known)
  const many = { ...kinds, trap: { where: 'push', manySources: true } } as const
  const [own] = buildSlice(listening, 'p1', { kinds: many, isAlive: () => true })
  expect(own?.checks.map(({ options }) => options)).toEqual([{ sources: { ...known, '192.0.2.9': 'by-hand', '192.0.2.3': 'c2' } }, {}])
})
