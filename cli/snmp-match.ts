import { Command } from 'commander'
import { type Matching, matchProfiles } from '../core/profile/match.ts'
import type { VarbindSource } from '../core/profile/varbind.ts'
import { createRecordingSource } from '../protocols/snmp/recording-source.ts'
import { libraryForCommands } from './snmp-profiles.ts'
import { readRecording } from './snmp-replay.ts'
import { type AccessOptions, interrupted, isRecordingFile, openDevice, withAccess } from './snmp-target.ts'

interface MatchOptions extends AccessOptions {
  readonly json?: boolean
  readonly all?: boolean
  readonly config?: string
}

export function matchCommand(): Command {
  return withAccess(new Command('match'))
    .description('say which profiles a device or recording gets, and why')
    .argument('<what>', 'a .snmprec file, or the address of a device')
    .option('--all', 'also the profiles that were not chosen, and why not')
    .option('--json', 'print JSON for programs')
    .option('--config <dir>', 'configuration folder with profiles/ of your own')
    .action(match)
}

async function match(what: string, options: MatchOptions): Promise<void> {
  const library = await libraryForCommands(options.config)
  if (isRecordingFile(what)) {
    print(await matchProfiles(library, createRecordingSource(await readRecording(what))), options)
    return
  }
  const open = openDevice(what, options)
  try {
    const { signal } = interrupted()
    await open.device.identify(signal)
    const source: VarbindSource = await open.device.source(signal)
    print(await matchProfiles(library, source), options)
  } finally {
    open.close()
  }
}

function print(matching: Matching, options: MatchOptions): void {
  const { sysDescr, sysObjectID, verdicts } = matching
  if (options.json) {
    const rows = verdicts.map(({ profile, chosen, rank, because }) => ({ profile: profile.name, chosen, rank, because }))
    process.stdout.write(`${JSON.stringify({ sysDescr, sysObjectID, profiles: rows })}\n`)
    return
  }
  process.stdout.write(`sysDescr     ${sysDescr || '(none)'}\nsysObjectID  ${sysObjectID || '(none)'}\n`)
  for (const { profile, chosen, rank, because } of verdicts) {
    if (chosen) process.stdout.write(`+ ${profile.name} (rank ${rank}): ${because}\n`)
    else if (options.all) process.stdout.write(`- ${profile.name}: ${because}\n`)
  }
  if (matching.profiles.length === 0) process.exitCode = 1
}
