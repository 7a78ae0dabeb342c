import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import * as v from 'valibot'
import { parseDocument, placesOf, valueAt } from '../core/config/document.ts'
import { parseDuration } from '../core/config/duration.ts'
import { wordsFor } from '../core/config/wording.ts'
import { parseInventory } from '../core/inventory/parse.ts'
import { Counters } from '../core/lifecycle/counters.ts'
import { countHosts, hostsOf, parseCidr } from '../core/net/cidr.ts'
import { kinds } from '../probes/kinds.ts'
import { accessEntries, type SnmpAccess } from '../protocols/snmp/access.ts'
import { createSnmpSockets } from '../protocols/snmp/sockets.ts'
import { type Entry, entryOf, entryText } from './discover-entry.ts'
import { type Found, sweep } from './discover-sweep.ts'
import { defaultConfigDir } from './options.ts'
import { libraryForCommands } from './snmp-profiles.ts'
import { number } from './snmp-target.ts'
import { UsageError } from './usage-error.ts'

interface DiscoverOptions {
  readonly community?: readonly string[]
  readonly user?: string
  readonly authProtocol: string
  readonly authPassword?: string
  readonly privProtocol: string
  readonly privPassword?: string
  readonly port: number
  readonly ipmiPort?: number
  readonly requestTimeout: string
  readonly concurrency: number
  readonly deadline: number
  readonly force?: boolean
  readonly json?: boolean
  readonly config?: string
}

const MOST_ADDRESSES = 4096
const BAR = 30

export function command(): Command {
  return new Command('discover')
    .description('look for devices in address blocks and print entries for devices.yaml; nothing is added by itself')
    .argument('<cidr...>', 'blocks such as 10.1.4.0/24, or single addresses')
    .option('-c, --community <name>', 'SNMP community; may be given more than once (default: JIFANG_SNMP_COMMUNITY, else public)', gather)
    .option('-u, --user <name>', 'SNMPv3 user, tried before the communities')
    .option('-a, --auth-protocol <name>', 'md5 sha sha224 sha256 sha384 sha512', 'sha256')
    .addOption(new Option('-A, --auth-password <password>', 'SNMPv3 authentication password').env('JIFANG_SNMP_AUTH_PASSWORD'))
    .option('-x, --priv-protocol <name>', 'des aes aes256 aes256c', 'aes')
    .addOption(new Option('-X, --priv-password <password>', 'SNMPv3 privacy password').env('JIFANG_SNMP_PRIV_PASSWORD'))
    .option('-p, --port <port>', 'UDP port of SNMP', number, 161)
    .option('--ipmi-port <port>', 'UDP port of IPMI (default: 623)', number)
    .option('-t, --request-timeout <duration>', 'for one SNMP request', '1s')
    .option('--concurrency <n>', 'addresses asked at one time', number, 64)
    .addOption(
      new Option('--deadline <duration>', 'ends the search and prints what was found until then')
        .argParser(time)
        .default(15 * 60_000, '15m'),
    )
    .option('--force', `more than ${MOST_ADDRESSES} addresses`)
    .option('--json', 'print JSON for programs')
    .option('--config <dir>', 'configuration folder: what is in its devices.yaml is left out')
    .action(async (blocks: readonly string[], options: DiscoverOptions) => {
      try {
        await discover(blocks, options)
      } catch (error) {
        if (!(error instanceof UsageError)) throw error
        process.stderr.write(`jifang discover: ${error.message}\n`)
        process.exitCode = 2
      }
    })
}

async function discover(blocks: readonly string[], options: DiscoverOptions): Promise<void> {
  const wanted = addressesOf(blocks, options.force === true)
  const { accesses, printed, hints } = accessesOf(options)
  const configDir = options.config ?? defaultConfigDir()
  const [library, known] = await Promise.all([libraryForCommands(configDir), knownOf(configDir)])
  const addresses = wanted.filter((address) => !known.addresses.has(address))
  const skipped = wanted.filter((address) => known.addresses.has(address))
  const stop = new AbortController()
  const timer = setTimeout(() => stop.abort(), options.deadline)
  const interrupt = (): void => stop.abort()
  process.once('SIGINT', interrupt)
  const sockets = createSnmpSockets({ counters: new Counters() })
  try {
    const { found, complete, pinged } = await sweep({
      addresses,
      accesses,
      library,
      sockets,
      concurrency: Math.max(1, Math.min(512, options.concurrency)),
      ...(options.ipmiPort === undefined ? {} : { ipmiPort: options.ipmiPort }),
      signal: stop.signal,
      onProgress: progress,
    })
    clearProgress()
    const entries = found.map((one) => entryOf(one, { names: known.names, accesses: printed }))
    if (options.json) printJson(found, entries, skipped, complete)
    else printYaml(entries, hints)
    tell(entries.length, wanted.length, skipped, complete, pinged)
    if (!complete) process.exitCode = 1
  } finally {
    clearTimeout(timer)
    process.off('SIGINT', interrupt)
    sockets.close()
  }
}

function addressesOf(blocks: readonly string[], force: boolean): string[] {
  const parsed = blocks.map((text) => {
    const block = parseCidr(text)
    if (!block) throw usage(`${text} is neither an address nor a block such as 10.1.4.0/24`)
    return block
  })
  const count = parsed.reduce((sum, block) => sum + countHosts(block), 0n)
  if (count > BigInt(MOST_ADDRESSES) && !force)
    throw usage(`${count} addresses are more than ${MOST_ADDRESSES}: take a smaller block, or --force`)
  if (count > 1n << 20n) throw usage(`${count} addresses are too many for one search`)
  return [...new Set(parsed.flatMap((block) => [...hostsOf(block)]))]
}

/** What is tried, and how each is written into devices.yaml: with references, so that no secret is printed. */
function accessesOf(options: DiscoverOptions): { accesses: SnmpAccess[]; printed: Record<string, unknown>[]; hints: string[] } {
  const { user, authPassword, privPassword, authProtocol, privProtocol, port, requestTimeout } = options
  const own = port === 161 ? {} : { port }
  const raw: Record<string, unknown>[] = []
  const printed: Record<string, unknown>[] = []
  const hints: string[] = []
  if (user !== undefined) {
    const auth = (secret: string) => (authPassword === undefined ? {} : { auth: { protocol: authProtocol, password: secret } })
    const privacy = (secret: string) => (privPassword === undefined ? {} : { privacy: { protocol: privProtocol, password: secret } })
    raw.push({ user, ...auth(authPassword ?? ''), ...privacy(privPassword ?? '') })
    printed.push({ user, ...auth('${env:SNMP_AUTH_PASSWORD}'), ...privacy('${env:SNMP_PRIV_PASSWORD}'), ...own })
    hints.push('SNMP_AUTH_PASSWORD, SNMP_PRIV_PASSWORD: those of the SNMPv3 user')
  }
  const communities = options.community ?? (user === undefined ? [process.env.JIFANG_SNMP_COMMUNITY ?? 'public'] : [])
  for (const [index, community] of communities.entries()) {
    const name = communities.length === 1 ? 'SNMP_COMMUNITY' : `SNMP_COMMUNITY_${index + 1}`
    raw.push({ community })
    printed.push({ community: `\${env:${name}}`, ...own })
    hints.push(
      `${name}: ${communities.length === 1 ? 'the community that was searched with' : `community number ${index + 1} of those searched with`}`,
    )
  }
  const accesses = raw.map((entry) => {
    const parsed = v.safeParse(v.strictObject(accessEntries), { ...entry, port, request_timeout: requestTimeout, retries: 1 })
    if (!parsed.success) throw usage(parsed.issues.map((issue) => `${v.getDotPath(issue) ?? ''}: ${wordsFor(issue)}`).join('; '))
    return parsed.output
  })
  return { accesses, printed, hints }
}

/** Addresses and names that devices.yaml has; of a broken one what can be made out. */
async function knownOf(configDir: string): Promise<{ addresses: ReadonlySet<string>; names: Set<string> }> {
  const path = join(configDir, 'devices.yaml')
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { addresses: new Set(), names: new Set() }
    throw error
  }
  const document = parseDocument(text, path)
  const inventory = parseInventory(document, kinds)
  if (inventory) {
    const addresses = inventory.devices.flatMap(({ address, checks }) => [address, ...checks.map((check) => check.address)])
    return {
      addresses: new Set(addresses.filter((address) => address !== undefined)),
      names: new Set(inventory.devices.map(({ name }) => name)),
    }
  }
  process.stderr.write(`${path} has errors (see jifang check): ranges in it are not left out\n`)
  const texts = (...at: string[]): string[] =>
    placesOf(document.value, at)
      .map((place) => valueAt(document.value, place))
      .filter((value) => typeof value === 'string')
  const addresses = [...texts('devices', '*', 'address'), ...texts('devices', '*', 'checks', '*', 'address')]
  return { addresses: new Set(addresses), names: new Set(texts('devices', '*', 'name')) }
}

function printYaml(entries: readonly Entry[], hints: readonly string[]): void {
  if (entries.length === 0) return
  const uses = (wanted: string): boolean => entries.some(({ device }) => device.checks.some(({ kind }) => kind === wanted))
  const secrets = [
    ...(uses('snmp') ? hints : []),
    ...(uses('ipmi') ? ['IPMI_USER, IPMI_PASSWORD: a user of the management controllers that may only read'] : []),
  ]
  process.stdout.write('# For review; names, classes and rooms are guesses.\n')
  if (secrets.length > 0) process.stdout.write('# Secrets in the environment of the agent:\n')
  for (const hint of secrets) process.stdout.write(`#   ${hint}\n`)
  process.stdout.write(`devices:\n${entries.map(entryText).join('')}`)
}

function printJson(found: readonly Found[], entries: readonly Entry[], skipped: readonly string[], complete: boolean): void {
  const devices = found.map((one, at) => ({
    address: one.address,
    ping: one.ping,
    snmp: one.snmp !== null,
    ipmi: one.ipmi,
    sys_name: one.snmp?.name ?? null,
    sys_descr: one.snmp?.matching.sysDescr ?? null,
    sys_object_id: one.snmp?.matching.sysObjectID ?? null,
    profiles: entries[at]?.profiles ?? [],
    entry: entries[at]?.device ?? null,
  }))
  process.stdout.write(`${JSON.stringify({ devices, skipped, complete })}\n`)
}

function tell(found: number, asked: number, skipped: readonly string[], complete: boolean, pinged: boolean): void {
  const say = (line: string): void => void process.stderr.write(`${line}\n`)
  say(`${found} of ${asked - skipped.length} addresses answer`)
  if (skipped.length > 0)
    say(
      `left out, already in devices.yaml: ${skipped.slice(0, 20).join(', ')}${skipped.length > 20 ? ` and ${skipped.length - 20} more` : ''}`,
    )
  if (!pinged) say('fping is not installed: addresses that answer ping alone were not found')
  if (!complete) say('the search was ended before all addresses were asked')
}

function progress(done: number, of: number): void {
  if (process.stderr.isTTY !== true || of === 0) return
  const full = Math.floor((done / of) * BAR)
  process.stderr.write(`\r[${'#'.repeat(full)}${' '.repeat(BAR - full)}] ${Math.floor((done / of) * 100)} %`)
}

function clearProgress(): void {
  if (process.stderr.isTTY === true) process.stderr.write(`\r${' '.repeat(BAR + 8)}\r`)
}

function gather(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value]
}

function time(text: string): number {
  const ms = parseDuration(text)
  if (ms === null) throw new InvalidArgumentError('expected a duration such as 10m')
  return ms
}

const usage = (message: string): UsageError => new UsageError(message)
