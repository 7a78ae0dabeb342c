import { writeFile } from 'node:fs/promises'
import { Command } from 'commander'
import { rawOf } from '../core/profile/decode.ts'
import { normalizeOid } from '../core/profile/oid.ts'
import type { Answer } from '../core/profile/varbind.ts'
import { formatRecordingLine } from '../protocols/snmp/snmprec.ts'
import { type AccessOptions, interrupted, openDevice, withAccess } from './snmp-target.ts'
import { UsageError } from './usage-error.ts'

/** Everything a device has: the standard tree and the vendors'. */
const WHOLE = '1.3.6.1'

export function walkCommand(): Command {
  return withAccess(new Command('walk'))
    .description('read everything below an OID')
    .argument('<host>', 'address, or address:port')
    .argument('[oid]', 'where to start', WHOLE)
    .option('--json', 'print JSON for programs')
    .action(walk)
}

export function recordCommand(): Command {
  return withAccess(new Command('record'))
    .description('record a device as a .snmprec file, for replay, simulate and support')
    .argument('<host>', 'address, or address:port')
    .argument('[oid...]', 'subtrees (default: everything)')
    .option('-o, --output <file>', 'file to write (default: standard output)')
    .action(record)
}

async function walk(host: string, oid: string, options: AccessOptions & { readonly json?: boolean }): Promise<void> {
  const { varbinds, failed } = await read(host, [oid], options)
  if (options.json)
    process.stdout.write(`${JSON.stringify(varbinds.map((varbind) => ({ oid: varbind.oid, type: varbind.type, raw: rawOf(varbind) })))}\n`)
  else
    for (const varbind of varbinds)
      process.stdout.write(`${varbind.oid} ${varbind.type} ${String(rawOf(varbind)).replace(/\r?\n/g, '\\n')}\n`)
  tell(host, varbinds.length, failed)
}

async function record(host: string, oids: string[], options: AccessOptions & { readonly output?: string }): Promise<void> {
  const { varbinds, failed } = await read(host, oids.length > 0 ? oids : [WHOLE], options)
  const text = varbinds.map((varbind) => `${formatRecordingLine(varbind)}\n`).join('')
  if (options.output === undefined) process.stdout.write(text)
  else if (varbinds.length > 0) {
    await writeFile(options.output, text, { mode: 0o600 })
    process.stderr.write(
      `${options.output}: ${varbinds.length} objects; look through it before giving it away, names and addresses are in it\n`,
    )
  }
  tell(host, varbinds.length, failed)
}

async function read(host: string, oids: readonly string[], options: AccessOptions): Promise<Answer> {
  const roots = oids.map((oid) => normalizeOid(oid))
  const wrong = oids.find((_, i) => roots[i] === null)
  if (wrong !== undefined) throw new UsageError(`"${wrong}" is no OID`)
  const open = openDevice(host, options)
  try {
    const source = await open.device.source(interrupted().signal)
    const answer = await source.columns(roots.filter((root) => root !== null))
    if (answer.varbinds.length > 0 || answer.failed.length > 0) return answer
    return await source.get(roots.filter((root) => root !== null))
  } finally {
    open.close()
  }
}

function tell(host: string, count: number, failed: Answer['failed']): void {
  for (const { oid, reason, detail } of failed) process.stderr.write(`${host}: ${oid}: ${detail ?? reason}\n`)
  if (failed.length === 0 && count === 0) process.stderr.write(`${host}: the device has nothing there\n`)
  if (failed.length > 0 || count === 0) process.exitCode = 1
}
