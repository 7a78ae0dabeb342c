import { setMaxListeners } from 'node:events'
import { textOf } from '../core/profile/decode.ts'
import type { ProfileLibrary } from '../core/profile/library.ts'
import { type Matching, matchProfiles } from '../core/profile/match.ts'
import { findTool, runTool } from '../probes/ping/tool.ts'
import { pingBmcs } from '../protocols/ipmi/ping.ts'
import type { SnmpAccess } from '../protocols/snmp/access.ts'
import { openSnmpDevice } from '../protocols/snmp/device.ts'
import type { SnmpSockets } from '../protocols/snmp/sockets.ts'

/** What answers at one address. */
export interface Found {
  readonly address: string
  readonly ping: boolean
  /** Answers IPMI over LAN. */
  readonly ipmi: boolean
  readonly snmp: FoundSnmp | null
}

export interface FoundSnmp {
  /** Which of the accesses worked. */
  readonly access: number
  readonly name: string
  readonly location: string
  readonly matching: Matching
}

export interface SweepOptions {
  readonly addresses: readonly string[]
  /** Tried one after the other, on every address. */
  readonly accesses: readonly SnmpAccess[]
  readonly library: ProfileLibrary
  readonly sockets: SnmpSockets
  readonly concurrency: number
  readonly ipmiPort?: number
  readonly signal: AbortSignal
  readonly onProgress: (done: number, of: number) => void
}

const SYS_NAME = '1.3.6.1.2.1.1.5.0'
const SYS_LOCATION = '1.3.6.1.2.1.1.6.0'
const PING_CHUNK = 256
/** One device with many profiles' probes to answer, ms. */
const DEVICE_MS = 20_000

/** Asks every address, gently. What was found before the signal aborts is kept; `complete` says whether it was all. */
export async function sweep(
  options: SweepOptions,
): Promise<{ readonly found: readonly Found[]; readonly complete: boolean; readonly pinged: boolean }> {
  const { addresses, signal, onProgress } = options
  // Every address that is asked listens for the end of the search.
  setMaxListeners(0, signal)
  let done = 0
  const of = addresses.length * 2
  const step = (by: number): void => {
    done += by
    onProgress(Math.min(done, of), of)
  }
  const controllers = findBmcs(options)
  const alive = await pingAll(addresses, signal, step)
  const snmp = await askAll(options, alive, step)
  const bmcs = await controllers
  const found = addresses.flatMap((address): Found[] => {
    const one = { address, ping: alive?.has(address) ?? false, ipmi: bmcs.has(address), snmp: snmp.get(address) ?? null }
    return one.ping || one.ipmi || one.snmp ? [one] : []
  })
  return { found, complete: !signal.aborted, pinged: alive !== null }
}

async function findBmcs({ addresses, ipmiPort, signal }: SweepOptions): Promise<ReadonlySet<string>> {
  try {
    const found = await pingBmcs(addresses, { ...(ipmiPort === undefined ? {} : { port: ipmiPort }), signal })
    return new Set(found.filter(({ ipmi }) => ipmi).map(({ address }) => address))
  } catch (error) {
    if (signal.aborted) return new Set()
    throw error
  }
}

/** Addresses that answer ICMP; null without fping. */
async function pingAll(addresses: readonly string[], signal: AbortSignal, step: (by: number) => void): Promise<ReadonlySet<string> | null> {
  const fping = process.platform === 'win32' ? null : findTool('fping')
  if (!fping) {
    step(addresses.length)
    return null
  }
  const alive = new Set<string>()
  for (let at = 0; at < addresses.length && !signal.aborted; at += PING_CHUNK) {
    const chunk = addresses.slice(at, at + PING_CHUNK)
    const asked = new Set(chunk)
    const { text } = await runTool(fping, ['-a', '-q', '-r', '1', '-t', '500', '-i', '5', '--', ...chunk], signal)
    for (const line of text.split('\n')) if (asked.has(line.trim())) alive.add(line.trim())
    step(chunk.length)
  }
  return alive
}

async function askAll(
  options: SweepOptions,
  alive: ReadonlySet<string> | null,
  step: (by: number) => void,
): Promise<ReadonlyMap<string, FoundSnmp>> {
  const found = new Map<string, FoundSnmp>()
  const queue = [...options.addresses]
  const work = async (): Promise<void> => {
    for (let address = queue.shift(); address !== undefined && !options.signal.aborted; address = queue.shift()) {
      // What does not answer ICMP may still answer SNMP: it is asked, but not twice.
      const answer = await askSnmp(options, address, alive?.has(address) ?? true)
      if (answer) found.set(address, answer)
      step(1)
    }
  }
  await Promise.all(Array.from({ length: Math.min(options.concurrency, queue.length) }, work))
  return found
}

async function askSnmp({ accesses, library, sockets, signal }: SweepOptions, address: string, patient: boolean): Promise<FoundSnmp | null> {
  for (const [index, access] of accesses.entries()) {
    const own = new AbortController()
    const stop = (): void => own.abort()
    const timer = setTimeout(stop, DEVICE_MS)
    signal.addEventListener('abort', stop, { once: true })
    const device = openSnmpDevice({ address, access, sockets })
    try {
      await device.identify(own.signal, patient)
      const source = await device.source(own.signal)
      const { varbinds } = await source.get([SYS_NAME, SYS_LOCATION])
      const text = (oid: string): string => {
        const varbind = varbinds.find((candidate) => candidate.oid === oid)
        return varbind ? textOf(varbind) : ''
      }
      return { access: index, name: text(SYS_NAME), location: text(SYS_LOCATION), matching: await matchProfiles(library, source) }
    } catch {
      // Nobody, or not with this community: the next one.
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
      device.close()
    }
    if (signal.aborted) return null
  }
  return null
}
