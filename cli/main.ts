#!/usr/bin/env node
import { Command, CommanderError } from 'commander'
import { type CommandEntry, commands } from './commands.ts'
import { UsageError } from './usage-error.ts'
import { version } from './version.ts'

/** Commander's own complaints (unknown option, missing argument) are bad usage: exit code 2. */
const BAD_USAGE = 2

async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('jifang')
    .description('jifang 机房: watches a machine room and everything in it')
    .version(version, '-V, --version')
    .showHelpAfterError('(jifang --help shows the commands)')
    .exitOverride()
  const wanted = argv[2] === 'help' ? argv[3] : argv[2]
  const unknown = argv[2] === 'help' && wanted !== undefined && !Object.hasOwn(commands, wanted)
  for (const [name, entry] of Object.entries(commands) as [string, CommandEntry][]) {
    program.addCommand(name === wanted ? named(name, entry, (await entry.load()).command()) : named(name, entry, new Command(name)))
  }
  await program.parseAsync(unknown ? [...argv.slice(0, 2), wanted] : [...argv])
}

function named(name: string, entry: CommandEntry, command: Command): Command {
  command.name(name).summary(entry.summary).exitOverride()
  if (command.description() === '') command.description(entry.summary)
  for (const child of command.commands) child.exitOverride()
  return command
}

// `jifang status | head -1`: whoever read it has had enough
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit()
  throw error
})

try {
  await main(process.argv)
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : BAD_USAGE
  } else {
    process.stderr.write(`jifang: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = error instanceof UsageError ? BAD_USAGE : 1
  }
}
