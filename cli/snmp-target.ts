import { existsSync } from 'node:fs'
import { type Command, InvalidArgumentError, Option } from 'commander'
import * as v from 'valibot'
import { wordsFor } from '../core/config/wording.ts'
import { Counters } from '../core/lifecycle/counters.ts'
import { accessEntries, accessProblem, type SnmpAccess } from '../protocols/snmp/access.ts'
import { openSnmpDevice, type SnmpDevice } from '../protocols/snmp/device.ts'
import { createSnmpSockets } from '../protocols/snmp/sockets.ts'
import { UsageError } from './usage-error.ts'

/** Options of commands that talk to a device. Passwords may come from JIFANG_SNMP_* so that they stay out of the process list. */
export interface AccessOptions {
  readonly snmpVersion?: string
  readonly community: string
  readonly user?: string
  readonly authProtocol: string
  readonly authPassword?: string
  readonly privProtocol: string
  readonly privPassword?: string
  readonly context?: string
  readonly port: number
  readonly requestTimeout: string
  readonly retries: number
  readonly bulk: boolean
}

export function withAccess(command: Command): Command {
  return command
    .option('-v, --snmp-version <1|2c|3>', 'SNMP version (default: 2c, with a user 3)')
    .addOption(new Option('-c, --community <name>', 'community').env('JIFANG_SNMP_COMMUNITY').default('public'))
    .option('-u, --user <name>', 'SNMPv3 user')
    .option('-a, --auth-protocol <name>', 'md5 sha sha224 sha256 sha384 sha512', 'sha256')
    .addOption(new Option('-A, --auth-password <password>', 'SNMPv3 authentication password').env('JIFANG_SNMP_AUTH_PASSWORD'))
    .option('-x, --priv-protocol <name>', 'des aes aes256 aes256c', 'aes')
    .addOption(new Option('-X, --priv-password <password>', 'SNMPv3 privacy password').env('JIFANG_SNMP_PRIV_PASSWORD'))
    .option('--context <name>', 'SNMPv3 context')
    .option('-p, --port <port>', 'UDP port', upTo(65_535), 161)
    .option('-t, --request-timeout <duration>', 'for one request', '2s')
    .option('-r, --retries <n>', 'requests after one that was not answered', number, 2)
    .option('--no-bulk', 'GETNEXT instead of GETBULK')
}

export function number(text: string): number {
  const value = Number(text)
  if (!Number.isFinite(value) || value < 0) throw new InvalidArgumentError('expected a number')
  return value
}

/** A number of at most `max`. */
export function upTo(max: number): (text: string) => number {
  return (text) => {
    const value = number(text)
    if (value > max) throw new InvalidArgumentError(`expected a number of at most ${max}`)
    return value
  }
}

export interface OpenDevice {
  readonly device: SnmpDevice
  close(): void
}

/** HOST or HOST:PORT. Throws a UsageError with words when the options don't fit together. */
export function openDevice(host: string, options: AccessOptions): OpenDevice {
  const place = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(host)
  const address = place?.[1] ?? place?.[2] ?? host
  const parsed = v.safeParse(v.strictObject(accessEntries), accessOf(options, place?.[3] ? Number(place[3]) : options.port))
  if (!parsed.success)
    throw new UsageError(parsed.issues.map((issue) => `${OPTION_OF[v.getDotPath(issue) ?? ''] ?? '--port'}: ${wordsFor(issue)}`).join('; '))
  const problem = accessProblem(parsed.output)
  if (problem) throw new UsageError(problem.message)
  const sockets = createSnmpSockets({ counters: new Counters(), perFamily: 1 })
  const device = openSnmpDevice({ address, access: parsed.output, sockets })
  return {
    device,
    close() {
      device.close()
      sockets.close()
    },
  }
}

/** Where an option of the file came from. */
const OPTION_OF: Readonly<Record<string, string>> = {
  version: '--snmp-version',
  'auth.protocol': '--auth-protocol',
  'privacy.protocol': '--priv-protocol',
  request_timeout: '--request-timeout',
  retries: '--retries',
}

function accessOf(options: AccessOptions, port: number): Partial<Record<keyof SnmpAccess, unknown>> {
  const { user, authPassword, privPassword, context, snmpVersion } = options
  return {
    ...(snmpVersion === undefined ? {} : { version: snmpVersion }),
    ...(user === undefined ? { community: options.community } : { user }),
    ...(authPassword === undefined ? {} : { auth: { protocol: options.authProtocol, password: authPassword } }),
    ...(privPassword === undefined ? {} : { privacy: { protocol: options.privProtocol, password: privPassword } }),
    ...(context === undefined ? {} : { context }),
    port,
    request_timeout: options.requestTimeout,
    retries: options.retries,
    bulk: options.bulk,
  }
}

export const isRecordingFile = (name: string): boolean => /\.(snmprec|snmpwalk)$/.test(name) || existsSync(name)

/** Ctrl-C ends a long walk and keeps what was read. */
export function interrupted(): AbortController {
  const stop = new AbortController()
  process.once('SIGINT', () => stop.abort())
  return stop
}
