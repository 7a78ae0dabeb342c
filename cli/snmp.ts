import { Command } from 'commander'
import { replayCommand } from './snmp-replay.ts'

export function command(): Command {
  return new Command('snmp').description('walk, record, replay, match and simulate SNMP devices').addCommand(replayCommand())
}
