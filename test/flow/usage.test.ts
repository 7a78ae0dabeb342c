import { expect, it } from 'vitest'
import { jifang } from '../support/jifang.ts'

const WALK = 'config/demo/walks/demo-ups.snmprec'

it.each([
  [['help', 'tial'], "error: unknown command 'tial'"],
  [['snmp', 'walk', '127.0.0.1', 'sysDescr'], 'jifang: "sysDescr" is no OID'],
  [['snmp', 'walk', '127.0.0.1', '-v', '5'], 'jifang: --snmp-version: must be one of 1, 2c, 3'],
  [['snmp', 'walk', '127.0.0.1', '-v', '3'], 'jifang: SNMPv3 needs a user'],
  [['snmp', 'walk', '127.0.0.1', '-t', '5'], 'jifang: --request-timeout: needs a unit'],
  [['snmp', 'walk', '127.0.0.1:99999'], 'jifang: --port: must be at most 65535'],
  [['snmp', 'walk', '127.0.0.1', '-p', '99999'], "error: option '-p, --port <port>' argument '99999' is invalid"],
  [['snmp', 'simulate', WALK, '--port', '99999'], "error: option '--port <port>' argument '99999' is invalid"],
  [['snmp', 'simulate', WALK, '--loss', '200'], "error: option '--loss <percent>' argument '200' is invalid"],
  [['snmp', 'replay', WALK, '--profile', 'ups-mbi'], 'jifang: there is no profile ups-mbi, did you mean "ups-mib"?'],
  [['discover', '10.0.0.0/8'], 'jifang discover: 16777214 addresses are more than 4096'],
] as const)('%j is bad usage: exit code 2 and why', async (args, why) => {
  const command = jifang([...args])
  expect(await command.exited).toBe(2)
  expect(command.stderr()).toContain(why)
  expect(command.stdout()).toBe('')
})
