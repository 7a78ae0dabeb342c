import { readFile } from 'node:fs/promises'
import { Command } from 'commander'
import { didYouMean } from '../core/config/suggest.ts'
import { evaluate, type GroupResult } from '../core/profile/evaluate.ts'
import { matchProfiles, namedProfiles } from '../core/profile/match.ts'
import type { ReadValue } from '../core/profile/model.ts'
import type { Varbind } from '../core/profile/varbind.ts'
import { createRecordingSource } from '../protocols/snmp/recording-source.ts'
import { parseRecording } from '../protocols/snmp/snmprec.ts'
import { libraryForCommands } from './snmp-profiles.ts'
import { pad } from './text.ts'
import { UsageError } from './usage-error.ts'

/** A recording's varbinds; lines that can't be read are told on stderr and skipped. */
export async function readRecording(file: string): Promise<readonly Varbind[]> {
  const { varbinds, issues } = parseRecording(await readFile(file, 'utf8'))
  for (const { line, message } of issues.slice(0, 20)) process.stderr.write(`${file}:${line}: ${message}, skipped\n`)
  if (issues.length > 20) process.stderr.write(`${file}: ${issues.length - 20} more lines skipped\n`)
  return varbinds
}

/** One entry of `snmp replay --json` (DESIGN §8): a value as the device sent it and as it is stored. */
interface ReplayEntry {
  readonly oid: string
  readonly raw: number | string
  readonly value: number | string | null
  readonly unit: string | null
  readonly text: string | null
  readonly measurement: string
  readonly field: string
  readonly tags: Readonly<Record<string, string>>
}

export function replayEntries(results: readonly GroupResult[]): ReplayEntry[] {
  return results.flatMap(({ values }) => values.filter((value) => value.oid !== '' && value.quality === 'ok').map(entryOf))
}

function entryOf(value: ReadValue): ReplayEntry {
  const { oid, raw, unit, text, measurement, field, tags } = value
  return { oid, raw, value: typeof value.value === 'bigint' ? String(value.value) : value.value, unit, text, measurement, field, tags }
}

interface ReplayOptions {
  readonly json?: boolean
  readonly config?: string
  readonly profile?: string[]
}

export function replayCommand(): Command {
  return new Command('replay')
    .description('read a recording through the profiles as if it were the device')
    .argument('<file>', 'a .snmprec file')
    .option('--json', 'print JSON for programs')
    .option('--config <dir>', 'configuration folder with profiles/ of your own')
    .option('--profile <name...>', 'use these profiles instead of those that match')
    .action(replay)
}

async function replay(file: string, options: ReplayOptions): Promise<void> {
  const [library, varbinds] = await Promise.all([libraryForCommands(options.config), readRecording(file)])
  const source = createRecordingSource(varbinds)
  const strange = options.profile?.find((name) => !library.get(name))
  if (strange !== undefined) {
    const known = library.profiles.map((profile) => profile.name)
    throw new UsageError(`there is no profile ${strange}${didYouMean(strange, known)}`)
  }
  const named = options.profile?.flatMap((name) => library.withBases(name))
  const profiles = named ? await namedProfiles(named, source) : (await matchProfiles(library, source)).profiles
  const results = await evaluate(
    profiles.flatMap((profile) => profile.groups),
    source,
  )
  if (options.json) process.stdout.write(`${JSON.stringify(replayEntries(results))}\n`)
  else process.stdout.write(valueTable(results))
}

/** What a person wants to see: per profile and group the values with their labels, and what could not be used. */
export function valueTable(results: readonly GroupResult[]): string {
  const lines: string[] = []
  for (const { group, values, reason, detail } of results) {
    if (values.length === 0 && reason === 'no_such') continue
    lines.push(`${group.profile} / ${group.name}: ${reason}${detail ? ` (${detail})` : ''}`)
    for (const value of values) {
      if (value.quality === 'missing' || value.oid === '') continue
      const tags = Object.entries(value.tags).map(([key, text]) => `${key}=${text}`)
      const shown =
        value.quality === 'bad_value'
          ? `bad value ${value.raw}`
          : [value.value, value.unit, value.text].filter((part) => part !== null).join(' ')
      lines.push(`  ${pad(`${value.measurement}.${value.field}`, 40)} ${pad(tags.join(' '), 44)} ${pad(shown, 28)} ${value.oid}`)
    }
  }
  return `${lines.join('\n')}\n`
}
