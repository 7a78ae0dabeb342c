import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../core/lifecycle/clock.ts'
import { startSimulator } from '../../protocols/snmp/simulator.ts'
import { parseRecording } from '../../protocols/snmp/snmprec.ts'
import { missing } from '../support/tools.ts'

const run = promisify(execFile)
const RECORDING = `
1.3.6.1.2.1.1.1.0|4|simulated
1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.99999.1
1.3.6.1.2.1.1.3.0|67|123456
${Array.from({ length: 120 }, (_, i) => `1.3.6.1.2.1.2.2.1.10.${i + 1}|65|${4294967295 - i}`).join('\n')}
1.3.6.1.2.1.31.1.1.1.6.1|70|18446744073709551615
1.3.6.1.4.1.99999.1.1.0|2|-273
1.3.6.1.4.1.99999.1.2.0|4x|00ff10
1.3.6.1.4.1.99999.1.3.0|64|10.1.2.3
1.3.6.1.4.1.99999.1.4.4294967295|66|4294967295
1.3.6.1.4.1.99999.1.5.0|5|
`
const { varbinds } = parseRecording(RECORDING)

describe.skipIf(missing('snmpbulkwalk', 'snmpget', 'snmpgetnext', 'snmpwalk'))(
  'a simulated device is a device to the Net-SNMP tools',
  () => {
    async function serve(over: Partial<Parameters<typeof startSimulator>[0]> = {}) {
      const simulator = await startSimulator({ varbinds, clock: systemClock, ...over })
      onTestFinished(() => simulator.close())
      return `127.0.0.1:${simulator.port}`
    }
    const tool = async (program: string, args: string[]) => {
      const { stdout } = await run(program, args, { env: { PATH: process.env.PATH, MIBS: '' } })
      return stdout.trim().split('\n')
    }

    it.each([
      ['snmpbulkwalk', ['-v2c', '-Cr25']],
      ['snmpbulkwalk', ['-v2c', '-Cr1']],
      ['snmpwalk', ['-v2c']],
    ])('%s %j sees every object once, in order', async (program, args) => {
      const lines = await tool(program, [...args, '-c', 'x', '-On', '-Ob', await serve(), '1.3'])
      const oids = lines.filter((line) => !line.includes('No more variables')).map((line) => line.split(' = ')[0]?.slice(1))
      expect(oids).toEqual(varbinds.map((varbind) => varbind.oid))
    })

    it('snmpget reads each type in versions 1 and 2c', async () => {
      const place = await serve()
      const get = (version: string, oid: string) => tool('snmpget', [version, '-c', 'x', '-On', '-Oq', place, oid])
      expect(await get('-v2c', '1.3.6.1.2.1.1.2.0')).toEqual(['.1.3.6.1.2.1.1.2.0 .1.3.6.1.4.1.99999.1'])
      expect(await get('-v2c', '1.3.6.1.2.1.31.1.1.1.6.1')).toEqual(['.1.3.6.1.2.1.31.1.1.1.6.1 18446744073709551615'])
      expect(await get('-v1', '1.3.6.1.4.1.99999.1.1.0')).toEqual(['.1.3.6.1.4.1.99999.1.1.0 -273'])
      expect((await get('-v1', '1.3.6.1.4.1.99999.1.2.0'))[0]).toMatch(/"00 FF 10 "$/)
      expect(await get('-v1', '1.3.6.1.4.1.99999.1.3.0')).toEqual(['.1.3.6.1.4.1.99999.1.3.0 10.1.2.3'])
      expect(await get('-v2c', '1.3.6.1.4.1.99999.1.4.4294967295')).toEqual(['.1.3.6.1.4.1.99999.1.4.4294967295 4294967295'])
      expect((await get('-v2c', '1.3.6.1.4.1.1.0'))[0]).toMatch(/No Such Instance/)
      await expect(get('-v1', '1.3.6.1.4.1.1.0')).rejects.toThrow(/noSuchName/)
    })

    it('waits, loses and varies as told', async () => {
      const slow = await serve({ delayMs: 300 })
      const before = Date.now()
      await tool('snmpget', ['-v2c', '-c', 'x', slow, '1.3.6.1.2.1.1.1.0'])
      expect(Date.now() - before).toBeGreaterThanOrEqual(295)
      const deaf = await serve({ loss: 1 })
      await expect(tool('snmpget', ['-v2c', '-c', 'x', '-r0', '-t0.3', deaf, '1.3.6.1.2.1.1.1.0'])).rejects.toThrow(/Timeout/)
      const living = await serve({ vary: true })
      const uptime = async () => (await tool('snmpget', ['-v2c', '-c', 'x', '-Oqvt', living, '1.3.6.1.2.1.1.3.0']))[0]
      const first = Number(await uptime())
      await expect.poll(async () => Number(await uptime())).toBeGreaterThan(first)
    })
  },
)
