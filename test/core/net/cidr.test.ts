import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addressNumber, addressText, type Cidr, countHosts, hostsOf, inBlocks, parseCidr, plainAddress } from '../../../core/net/cidr.ts'

const block = (text: string): Cidr => {
  const parsed = parseCidr(text)
  if (!parsed) throw new Error(text)
  return parsed
}

describe('parseCidr', () => {
  it.each(['', '10.1.2', '10.1.2.3/33', '10.1.2.3/x', '10.1.2.3/8/8', 'fd00::/129', 'host', '10.1.2.3/ 8', '::1/-1'])(
    '%j is none',
    (text) => {
      expect(parseCidr(text)).toBeNull()
    },
  )

  it.each([
    ['10.1.0.0/16', '10.1.255.255', true],
    ['10.1.7.9/16', '10.1.0.0', true],
    ['10.1.0.0/16', '10.2.0.0', false],
    ['10.1.2.3', '10.1.2.3', true],
    ['10.1.2.3', '10.1.2.4', false],
    ['0.0.0.0/0', '255.255.255.255', true],
    ['0.0.0.0/0', 'fd00::1', false],
    ['fd00::/8', 'fdff::1', true],
    ['fd00::/8', 'fe80::1%eth0', false],
    ['fe80::/10', 'fe80::1%eth0', true],
    ['::/0', '10.1.2.3', true],
    ['10.0.0.0/8', '::ffff:10.1.2.3', true],
    ['10.0.0.0/8', 'nonsense', false],
  ])('%s holds %s: %s', (text, address, expected) => {
    expect(inBlocks([block(text)], address)).toBe(expected)
  })

  it('reads back every address it writes', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(addressText(addressNumber(address) ?? 0n)).toBe(address)
        expect(plainAddress(`::ffff:${address}`)).toBe(address)
      }),
    )
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        const value = addressNumber(address) ?? -1n
        expect(addressNumber(addressText(value))).toBe(value)
      }),
    )
  })
})

it.each([
  ['127.0.0.0/30', ['127.0.0.1', '127.0.0.2']],
  ['127.0.0.4/31', ['127.0.0.4', '127.0.0.5']],
  ['127.0.0.9/32', ['127.0.0.9']],
])('hosts of %s', (text, hosts) => {
  expect([...hostsOf(block(text))]).toEqual(hosts)
  expect(countHosts(block(text))).toBe(BigInt(hosts.length))
})
