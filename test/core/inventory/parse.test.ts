import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { formatIssue, parseDocument, sortIssues } from '../../../core/config/document.ts'
import { duration } from '../../../core/config/duration.ts'
import type { CheckKind } from '../../../core/inventory/kind.ts'
import { parseInventory } from '../../../core/inventory/parse.ts'

const kind = (options: v.GenericSchema, more: Partial<CheckKind> = {}): CheckKind => ({
  options,
  intervalMs: 60_000,
  timeoutMs: 10_000,
  where: 'remote',
  secrets: [],
  ...more,
})

const kinds = {
  host: kind(v.strictObject({}), { where: 'local', intervalMs: 10_000 }),
  ping: kind(v.strictObject({ packets: v.optional(v.number(), 5) })),
  snmp: kind(
    v.pipe(
      v.strictObject({ community: v.exactOptional(v.string()), user: v.exactOptional(v.string()) }),
      v.check((options) => (options.community === undefined) !== (options.user === undefined), 'needs community or user, not both'),
    ),
    { secrets: ['community'] },
  ),
  contacts: kind(
    v.strictObject({
      via: v.strictObject({ snmp: v.strictObject({ community: v.string() }) }),
      points: v.array(v.strictObject({ name: v.string(), on_delay: v.optional(duration, '0') })),
    }),
    { intervalMs: 2000, timeoutMs: 4000, secrets: ['via.snmp.community'] },
  ),
  modbus: kind(
    v.variant('mode', [
      v.strictObject({ mode: v.literal('tcp'), port: v.number() }),
      v.strictObject({ mode: v.literal('rtu'), path: v.string() }),
    ]),
    { needsAddress: false },
  ),
}

function read(text: string, defaultPollers: string[] = []) {
  const doc = parseDocument(text, 'd.yaml')
  const inventory = parseInventory(doc, kinds, { defaultPollers })
  return { inventory, problems: sortIssues(doc.issues).map(formatIssue) }
}

function devicesOf(text: string) {
  const { inventory, problems } = read(text)
  expect(problems).toEqual([])
  if (!inventory) throw new Error('refused')
  return inventory.devices
}

describe('devices', () => {
  test('get their defaults', () => {
    const text = [
      'site: room',
      'defaults: { interval: 30s, poller: [p1, p2] }',
      'devices:',
      '  - name: a',
      '    class: server',
      '    address: 192.0.2.1',
      '    depends_on: [x, [y, z]]',
      '    alarms: { cpu-high: false }',
      '    checks:',
      '      - { kind: ping }',
      '      - { kind: ping, name: slow, interval: 5m, timeout: 20s, packets: 9, address: "2001:db8::1", enabled: false }',
      '  - { name: x, class: switch, title: 交换机, short: 交换, poller: p3, depends_on: z }',
      '  - { name: y, class: ups, enabled: false }',
      '  - { name: z, class: ups }',
    ]
    const { inventory, problems } = read(text.join('\n'))
    expect(problems).toEqual([])
    const [a, x, y] = inventory?.devices ?? []
    expect(inventory?.site).toBe('room')
    expect(a).toMatchObject({
      title: 'a',
      short: 'a',
      enabled: true,
      pollers: ['p1', 'p2'],
      dependsOn: [['x'], ['y', 'z']],
      alarms: { 'cpu-high': false },
      place: { file: 'd.yaml', line: 4, col: 5 },
      source: ['devices', 0],
    })
    expect(a?.checks).toEqual([
      {
        name: 'ping',
        kind: 'ping',
        intervalMs: 30_000,
        timeoutMs: 10_000,
        address: '192.0.2.1',
        enabled: true,
        options: {},
        place: { file: 'd.yaml', line: 10, col: 9 },
      },
      {
        name: 'slow',
        kind: 'ping',
        intervalMs: 300_000,
        timeoutMs: 20_000,
        address: '2001:db8::1',
        enabled: false,
        options: { packets: 9 },
        place: { file: 'd.yaml', line: 11, col: 9 },
      },
    ])
    expect(x).toMatchObject({ title: '交换机', short: '交换', pollers: ['p3'], dependsOn: [['z']] })
    expect(y).toMatchObject({ enabled: false })
  })

  test('of a range go in step, in every text', () => {
    const text = `
site: room
devices:
  - { name: "imm-[1-3]", class: bmc }
  - name: app-[09-11]
    title: 应用 [9-11]
    class: server
    address: 192.0.2.[100-102]
    depends_on: [ "imm-[1-3]" ]
    checks:
      - { kind: contacts, via: { snmp: { community: "\${env:C_[1-3]}" } }, points: [ { name: "P[01-03]", on_delay: 3s } ] }
`
    const devices = devicesOf(text).slice(3)
    expect(devices.map(({ name, title, address, dependsOn }) => [name, title, address, dependsOn])).toEqual([
      ['app-09', '应用 9', '192.0.2.100', [['imm-1']]],
      ['app-10', '应用 10', '192.0.2.101', [['imm-2']]],
      ['app-11', '应用 11', '192.0.2.102', [['imm-3']]],
    ])
    expect(devices.map((device) => device.checks[0]?.options)).toEqual(
      [1, 2, 3].map((n) => ({ via: { snmp: { community: `\${env:C_${n}}` } }, points: [{ name: `P0${n}`, on_delay: '3s' }] })),
    )
  })

  test('without a range in their name keep brackets as they are', () => {
    const [device] = devicesOf('site: room\ndevices: [ { name: a, class: other, note: "[0-9] [1-3]" } ]\n')
    expect(device?.note).toBe('[0-9] [1-3]')
  })

  test('fall back to the pollers of the program', () => {
    const { inventory } = read('site: room\ndevices: [ { name: a, class: other } ]\n', ['me'])
    expect(inventory?.devices[0]?.pollers).toEqual(['me'])
  })

  test('that are listed nowhere are no device', () => {
    expect(read('site: room\ndevices: []\n').inventory).toEqual({ site: 'room', devices: [] })
    expect(read('site: room\n').problems).toEqual(['d.yaml:1:1 devices: is required'])
  })
})

describe('checks', () => {
  const check = (text: string) => read(`site: room\ndevices:\n  - name: a\n    class: other\n    checks:\n      - ${text}\n`)

  test.each([
    [
      '{ kind: telepathy }',
      'd.yaml:6:17 devices[0].checks[0].kind: unknown kind "telepathy": must be one of host, ping, snmp, contacts, modbus',
    ],
    ['{ name: x }', 'd.yaml:6:9 devices[0].checks[0].kind: is required: one of host, ping, snmp, contacts, modbus'],
    ['{ kind: ping }', 'd.yaml:6:9 devices[0].checks[0]: a ping check needs an address: give one to the device or to the check'],
    ['{ kind: snmp, address: x, community: "${env:A}", user: b }', 'd.yaml:6:9 devices[0].checks[0]: needs community or user, not both'],
    [
      '{ kind: snmp, address: x, comunity: "${env:A}" }',
      'd.yaml:6:35 devices[0].checks[0].comunity: unknown key, did you mean "community"?',
    ],
    [
      '{ kind: snmp, address: x, community: a }',
      'd.yaml:6:46 devices[0].checks[0].community: warning: a secret stands here in clear text: write ${env:NAME} or ${file:NAME}',
    ],
    [
      '{ kind: snmp, address: x, community: public }',
      'd.yaml:6:46 devices[0].checks[0].community: warning: the factory setting is still in use: change it on the device',
    ],
    ['{ kind: modbus, mode: tpc }', 'd.yaml:6:31 devices[0].checks[0].mode: unknown mode "tpc", did you mean "tcp"?'],
    [
      '{ kind: modbus, mode: rtu, path: /dev/ttyS0, intervl: 5s }',
      'd.yaml:6:54 devices[0].checks[0].intervl: unknown key; known here: mode, path',
    ],
  ])('%s', (text, message) => {
    expect(check(text).problems).toEqual([message])
  })

  test.each([
    ['{ kind: modbus, mode: rtu, path: /dev/ttyS0, interval: 5s }'],
    ['{ kind: snmp, address: x, community: "${file:a}" }'],
    ['{ kind: host }'],
  ])('%s is well', (text) => {
    expect(check(text).problems).toEqual([])
  })

  test('quick kinds are not slowed down by the default interval, and their deadline stays below the interval', () => {
    const [device] = devicesOf(
      'site: room\ndefaults: { interval: 2m }\ndevices:\n  - name: a\n    class: env\n    address: x\n    checks:\n      - { kind: contacts, via: { snmp: { community: "${env:A}" } }, points: [] }\n      - { kind: host }\n',
    )
    expect(device?.checks.map(({ intervalMs, timeoutMs }) => [intervalMs, timeoutMs])).toEqual([
      [2000, 1800],
      [120_000, 10_000],
    ])
  })
})
