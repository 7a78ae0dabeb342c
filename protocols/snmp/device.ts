import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { ProbeError } from '../../core/model/reason.ts'
import { numberOf, textOf } from '../../core/profile/decode.ts'
import type { Varbind, VarbindSource } from '../../core/profile/varbind.ts'
import { credentialsOf, type SnmpAccess, writeRefusal } from './access.ts'
import { createLiveSource } from './live-source.ts'
import { attempt, type Run } from './run.ts'
import { createSnmpSession, type SnmpSession } from './session.ts'
import type { SnmpSockets } from './sockets.ts'
import { createTuning, type Tuning } from './tuning.ts'

const SYS_DESCR = '1.3.6.1.2.1.1.1.0'
const SYS_OBJECT_ID = '1.3.6.1.2.1.1.2.0'
const SYS_UPTIME = '1.3.6.1.2.1.1.3.0'

/** What one cheap GET tells: that the device lives, and which it is. */
export interface Identity {
  readonly sysDescr: string
  readonly sysObjectID: string
  /** Hundredths of a second; null when the device has none. */
  readonly uptime: number | null
}

/** A device that is read again and again: keeps its session and what was learnt about its limits. Used by one run at a time. */
export interface SnmpDevice {
  /** One GET. `patient: false` sends it once (for a device known to be silent). Throws SnmpFailure or ProbeError('dns'). */
  identify(signal: AbortSignal, patient?: boolean): Promise<Identity>
  source(signal: AbortSignal): Promise<VarbindSource>
  /** Writes an INTEGER. ProbeError('permission') unless the access is SNMPv3 with auth and privacy. */
  set(oid: string, value: number, signal: AbortSignal): Promise<void>
  /** Forgets what was learnt: the device behind the address may be another one. */
  forget(): void
  readonly tuning: Readonly<Pick<Tuning, 'repetitions' | 'maxOids' | 'bulk'>>
  close(): void
}

export interface DeviceOptions {
  readonly address: string
  readonly access: SnmpAccess
  readonly sockets: SnmpSockets
}

/** Checks the credentials (ProbeError('config')) and does no I/O. */
export function openSnmpDevice({ address, access, sockets }: DeviceOptions): SnmpDevice {
  const credentials = credentialsOf(access)
  const fresh = (): Tuning =>
    createTuning({
      version: credentials.version,
      bulk: access.bulk,
      ...(access.max_oids === undefined ? {} : { maxOids: access.max_oids }),
    })
  let tuning = fresh()
  let session: SnmpSession | null = null
  let resolved = ''

  async function open(): Promise<SnmpSession> {
    const ip = isIP(address) ? address : await resolve(address)
    if (session && ip === resolved) return session
    session?.close()
    resolved = ip
    session = createSnmpSession({ address: ip, port: access.port, credentials, socket: sockets.forAddress(ip) })
    return session
  }

  async function runOf(signal: AbortSignal, retries: number): Promise<Run> {
    const { request_timeout: timeoutMs, nonincreasing } = access
    return { session: await open(), tuning, signal, timeoutMs, retries, nonincreasing, silences: 0, fatal: null }
  }

  return {
    async identify(signal, patient = true) {
      const run = await runOf(signal, patient ? access.retries : 0)
      return await identify(run)
    },
    source: async (signal) => createLiveSource(await runOf(signal, access.retries)),
    async set(oid, value, signal) {
      const refusal = writeRefusal(access)
      if (refusal !== null) throw new ProbeError('permission', refusal)
      const run = await runOf(signal, access.retries)
      await attempt(run, () => run.session.set(oid, value, run.timeoutMs, signal))
    },
    forget() {
      tuning = fresh()
    },
    get tuning() {
      return tuning
    },
    close() {
      session?.close()
      session = null
    },
  }
}

async function identify(run: Run): Promise<Identity> {
  const oids = run.session.version === '1' ? [SYS_UPTIME] : [SYS_DESCR, SYS_OBJECT_ID, SYS_UPTIME]
  const found = new Map<string, Varbind>()
  try {
    for (const { varbind } of await attempt(run, () => run.session.get(oids, run.timeoutMs, run.signal)))
      if (varbind) found.set(varbind.oid, varbind)
    // Version 1 fails a whole GET for one object that is not there, so the names are asked for on their own.
    if (run.session.version === '1') for (const { varbind } of await namesV1(run)) if (varbind) found.set(varbind.oid, varbind)
  } catch (error) {
    // An error answer is an answer: the device lives, it only lacks the system group.
    if ((error as { kind?: unknown }).kind !== 'bad_oid') throw error
  }
  const text = (oid: string): string => {
    const varbind = found.get(oid)
    return varbind ? textOf(varbind) : ''
  }
  const uptime = found.get(SYS_UPTIME)
  const ticks = uptime ? numberOf(uptime) : null
  return { sysDescr: text(SYS_DESCR), sysObjectID: text(SYS_OBJECT_ID), uptime: ticks === null ? null : Number(ticks) }
}

const namesV1 = (run: Run) => attempt(run, () => run.session.get([SYS_DESCR, SYS_OBJECT_ID], run.timeoutMs, run.signal))

async function resolve(name: string): Promise<string> {
  try {
    return (await lookup(name)).address
  } catch (error) {
    throw new ProbeError('dns', `${name} does not resolve`, { cause: error })
  }
}
