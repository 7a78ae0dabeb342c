import { Command } from 'commander'
import { matchCommand } from './snmp-match.ts'
import { replayCommand } from './snmp-replay.ts'
import { simulateCommand } from './snmp-simulate.ts'
import { recordCommand, walkCommand } from './snmp-walk.ts'

export function command(): Command {
  return new Command('snmp')
    .description('walk, record, replay, match and simulate SNMP devices')
    .addCommand(walkCommand())
    .addCommand(recordCommand())
    .addCommand(replayCommand())
    .addCommand(matchCommand())
    .addCommand(simulateCommand())
}
