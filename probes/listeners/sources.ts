import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { Log } from '../../core/log/log.ts'
import { plainAddress } from '../../core/net/cidr.ts'

const REFRESH_MS = 600_000

/** Which declared device an address is. */
export interface Sources {
  deviceOf(address: string): string | null
  /** The device that a host name or address in a message means; only for messages of relays that are believed. */
  named(host: string): string | null
  /** Looks names up now and every ten minutes; addresses are known at once. */
  start(): void
  stop(): void
}

/** `map`: address or host name → device, as the slice brings it; where two names lead to one address the first wins. */
export function createSources(map: Readonly<Record<string, string>>, log: Log): Sources {
  const fixed = new Map<string, string>()
  const names: [string, string][] = []
  for (const [address, device] of Object.entries(map)) {
    if (isIP(address) !== 0) fixed.set(plainAddress(address), device)
    else names.push([address, device])
  }
  const byName = new Map(Object.values(map).map((device) => [device.toLowerCase(), device]))
  for (const [name, device] of names) if (!byName.has(name.toLowerCase())) byName.set(name.toLowerCase(), device)
  let resolved = new Map<string, string>()
  let timer: NodeJS.Timeout | undefined
  let stopped = false

  async function resolve(): Promise<void> {
    const found = new Map<string, string>()
    for (const [name, device] of names) {
      if (stopped) return
      try {
        for (const { address } of await lookup(name, { all: true })) {
          const plain = plainAddress(address)
          if (!found.has(plain)) found.set(plain, device)
        }
      } catch (error) {
        log.debug({ name, device, err: error }, 'the name of a source does not resolve')
        for (const [address, known] of resolved) if (known === device && !found.has(address)) found.set(address, device)
      }
    }
    resolved = found
  }

  return {
    named: (host) => byName.get(host.toLowerCase()) ?? fixed.get(plainAddress(host)) ?? null,
    deviceOf: (address) => fixed.get(address) ?? resolved.get(address) ?? null,
    start() {
      if (names.length === 0) return
      void resolve()
      timer = setInterval(() => void resolve(), REFRESH_MS)
      timer.unref()
    },
    stop() {
      stopped = true
      clearInterval(timer)
    },
  }
}
