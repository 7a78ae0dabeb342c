import { isIP, isIPv4 } from 'node:net'

/** A block of addresses; both families as 128-bit numbers, IPv4 as mapped (`::ffff:0:0/96`). */
export interface Cidr {
  readonly text: string
  readonly family: 4 | 6
  readonly first: bigint
  readonly last: bigint
}

const MAPPED = 0xffff_0000_0000n

/** `10.1.0.0/16`, `10.1.2.3`, `fd00::/8`; null when it is none. Bits behind the prefix are ignored. */
export function parseCidr(text: string): Cidr | null {
  const [address = '', prefix, ...rest] = text.trim().split('/')
  const family = isIP(address)
  if ((family !== 4 && family !== 6) || rest.length > 0) return null
  const bits = family === 4 ? 32 : 128
  if (prefix !== undefined && !/^\d{1,3}$/.test(prefix)) return null
  const length = prefix === undefined ? bits : Number(prefix)
  const value = addressNumber(address)
  if (length > bits || value === null) return null
  const size = 1n << BigInt(bits - length)
  const first = value - (value % size)
  return { text: text.trim(), family, first, last: first + size - 1n }
}

/** The address as a 128-bit number, IPv4 as mapped; null when it is no address. A zone (`%eth0`) is left out. */
export function addressNumber(address: string): bigint | null {
  const plain = address.split('%')[0] ?? ''
  const family = isIP(plain)
  if (family === 4) return MAPPED + ipv4Number(plain)
  if (family !== 6) return null
  const dotted = plain.lastIndexOf(':') + 1
  const tail = plain.slice(dotted)
  const text = isIPv4(tail) ? plain.slice(0, dotted) + hexOf(ipv4Number(tail)) : plain
  const [head = '', rest] = text.split('::')
  const left = groups(head)
  const right = groups(rest ?? '')
  const zeros = rest === undefined ? 0 : 8 - left.length - right.length
  return [...left, ...Array<bigint>(zeros).fill(0n), ...right].reduce((sum, group) => (sum << 16n) | group, 0n)
}

export function inBlocks(blocks: readonly Cidr[], address: string): boolean {
  const value = addressNumber(address)
  return value !== null && blocks.some((block) => value >= block.first && value <= block.last)
}

/** How many addresses a sweep of the block has: without network and broadcast address in IPv4 up to /30. */
export function countHosts(block: Cidr): bigint {
  const all = block.last - block.first + 1n
  return block.family === 4 && all > 2n ? all - 2n : all
}

/** The addresses of an IPv4 block in order, as `countHosts` counts them. Look at the count first. */
export function* hostsOf(block: Cidr): Generator<string> {
  const edge = block.family === 4 && block.last - block.first > 1n ? 1n : 0n
  for (let value = block.first + edge; value <= block.last - edge; value++) yield addressText(value)
}

/** IPv4 for mapped addresses, else IPv6 without abbreviation. */
export function addressText(value: bigint): string {
  if (value >> 32n === 0xffffn) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join('.')
  return Array.from({ length: 8 }, (_, i) => ((value >> BigInt(112 - i * 16)) & 0xffffn).toString(16)).join(':')
}

/** One spelling per address: IPv4 in IPv6 (`::ffff:10.1.2.3`) becomes IPv4. What is no address stays as it is. */
export function plainAddress(address: string): string {
  return /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(address) ? address.slice(7) : address
}

const ipv4Number = (text: string): bigint => text.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n)
const hexOf = (value: bigint): string => `${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`
const groups = (text: string): bigint[] => (text === '' ? [] : text.split(':').map((group) => BigInt(`0x${group}`)))
