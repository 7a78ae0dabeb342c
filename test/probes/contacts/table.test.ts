import { describe, expect, it } from 'vitest'
import { formatIssue, parseDocument } from '../../../core/config/document.ts'
import { parseInventory } from '../../../core/inventory/parse.ts'
import { contactsKind } from '../../../probes/contacts/options.ts'

/** Problems of a station's check, `line path: message`, as `jifang check` prints them. */
function problems(via: string, points: readonly string[], address = '    address: 192.0.2.1\n'): string[] {
  const head = `site: lab\ndevices:\n  - name: env\n    class: env\n${address}    poller: [p]\n    checks:\n      - kind: contacts\n`
  const doc = parseDocument(
    `${head}        via: ${via}\n        points:\n${points.map((point) => `          - ${point}\n`).join('')}`,
    'devices.yaml',
  )
  parseInventory(doc, { contacts: contactsKind })
  return doc.issues.filter((issue) => issue.level === 'error').map((issue) => formatIssue(issue).replace('devices.yaml:', ''))
}

const PRIVATE = '{ snmp: { user: u, auth: { password: "${env:A}" }, privacy: { password: "${env:P}" } } }'
const OUTPUT = '{ name: S, type: siren, oid: 1.3.6.1, output: { oid: 1.3.6.1 } }'

describe('a point table', () => {
  it.each([
    ['over snmp', '{ snmp: { community: "${env:C}" } }', '{ name: A, oid: 1.3.6.1 }'],
    ['over modbus', '{ modbus: { tcp: "gw:502" } }', '{ name: A, source: { fc: 2, address: 0 } }'],
    [
      'over modbus on a serial line',
      '{ modbus: { serial: /dev/ttyS1, baud: 19200, parity: even } }',
      '{ name: A, source: { address: "12", type: float } }',
    ],
    ['over YD/T 1363', '{ ydn23: { serial: COM3, address: 1 } }', '{ name: A, source: { cid1: "60", cid2: "44", offset: 1 } }'],
    ['with a siren by SNMPv3', PRIVATE, OUTPUT],
    ['with a siren on a coil', '{ modbus: {} }', '{ name: S, type: siren, output: { coil: 5, write: true } }'],
  ])('%s is right', (_, via, point) => {
    expect(problems(via, [point])).toEqual([])
  })

  it.each([
    [
      'two ways',
      '{ snmp: { community: c }, modbus: {} }',
      '{ name: A, oid: 1.3.6.1 }',
      '9:14 devices[0].checks[0].via: must name exactly one of snmp, modbus, ydn23',
    ],
    ['no oid', '{ snmp: { community: c } }', '{ name: A }', 'points[0]: needs an oid'],
    ['a register over snmp', '{ snmp: { community: c } }', '{ name: A, source: { fc: 3, address: 1 } }', 'no source'],
    ['an oid over modbus', '{ modbus: {} }', '{ name: A, oid: 1.3.6.1 }', 'an oid has no meaning over modbus'],
    ['no source', '{ modbus: {} }', '{ name: A }', 'needs source: { fc, address }'],
    ['a Modbus source over ydn23', '{ ydn23: {} }', '{ name: A, source: { fc: 3, address: 1 } }', 'needs source: { cid1, cid2, offset }'],
    ['a siren by SNMPv2c', '{ snmp: { community: c } }', OUTPUT, 'is switched by SNMPv3 with auth and privacy only'],
    ['a coil without leave', '{ modbus: {} }', '{ name: S, output: { coil: 5 } }', 'needs `write: true`'],
    ['a function that only writes', '{ modbus: {} }', '{ name: A, source: { fc: 6, address: 1 } }', 'fc'],
    ['a wrong type', '{ snmp: { community: c } }', '{ name: A, oid: 1.3.6.1, on_delay: 3 }', 'needs a unit'],
    ['a station without a community', '{ snmp: {} }', '{ name: A, oid: 1.3.6.1 }', 'via.snmp: SNMP needs a community'],
    [
      'one value for two states',
      '{ snmp: { community: c } }',
      '{ name: A, oid: 1.3.6.1, normal: 0, alarm: [1, 0] }',
      'points[0].alarm: 0 means normal',
    ],
    [
      'a fault that is an alarm',
      '{ snmp: { community: c } }',
      '{ name: A, oid: 1.3.6.1, alarm: 1, fault: [1] }',
      'points[0].fault: 1 means',
    ],
    ['bounds the wrong way', '{ snmp: { community: c } }', '{ name: A, oid: 1.3.6.1, min: 50, max: 10 }', 'points[0].max: must be greater'],
    ['a typo', '{ snmp: { community: c } }', '{ name: A, oid: 1.3.6.1, ondelay: 3s }', 'on_delay'],
    ['a wrong port', '{ modbus: { tcp: "gw:port" } }', '{ name: A, source: { address: 1 } }', 'must be host:port'],
  ])('%s is told with its place', (_, via, point, words) => {
    const found = problems(via, [point])
    expect(found).toHaveLength(1)
    expect(found[0]).toContain(words)
  })

  it('tells a name that is there twice', () => {
    const found = problems('{ modbus: {} }', ['{ name: A, source: { address: 1 } }', '{ name: A, source: { address: 2 } }'])
    expect(found).toEqual(['12:21 devices[0].checks[0].points[1].name: the name "A" is already taken'])
  })

  it.each([
    ['snmp', '{ snmp: { community: "${env:C}" } }', '{ name: A, oid: 1.3.6.1 }', true],
    ['modbus at a port only', '{ modbus: { tcp: ":1502" } }', '{ name: A, source: { address: 1 } }', true],
    ['modbus at a host', '{ modbus: { tcp: "gw:1502" } }', '{ name: A, source: { address: 1 } }', false],
    ['modbus on a serial line', '{ modbus: { serial: /dev/ttyS1 } }', '{ name: A, source: { address: 1 } }', false],
  ])('without an address: %s', (_, via, point, needed) => {
    expect(problems(via, [point], '')).toEqual(needed ? [expect.stringContaining('needs an address')] : [])
  })
})
