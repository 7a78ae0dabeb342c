import { chmod, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../../core/lifecycle/clock.ts'
import { Counters } from '../../../core/lifecycle/counters.ts'
import { silentLog } from '../../../core/log/log.ts'
import { createToolProbe } from '../../../probes/ipmi/freeipmi.ts'
import { parseSensorsCsv } from '../../../probes/ipmi/ipmi-sensors-csv.ts'
import { createTool } from '../../../probes/ipmi/tool.ts'
import { ipmiOptions } from '../../support/ipmi-probe.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { until } from '../../support/until.ts'

const deps = { log: silentLog, clock: systemClock, counters: new Counters(), profiles: [] }
const CSV = [
  '1,Ambient Temp,Temperature,Critical,44.00,C,1.00,3.00,5.00,38.00,41.00,45.00,0018h',
  '4,Fan 1A Tach,Fan,Nominal,2420.00,RPM,300.00,400.00,500.00,N/A,N/A,N/A,0000h',
  '11,Power Supply 1,Power Supply,Critical,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,0009h',
  '12,Drive 7,Drive Slot,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,0000h',
  '13,Odd, name,Voltage,Nominal,3.30,V,2.90,3.00,3.10,3.40,3.50,3.60,0000h',
].join('\n')

async function script(dir: string, body: string): Promise<string> {
  const file = join(dir, 'tool')
  await writeFile(file, `#!/bin/sh\n${body}\n`)
  await chmod(file, 0o755)
  return file
}

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('the output of ipmi-sensors', () => {
  test('becomes the same samples as our own client gives', () => {
    const { samples, unreadable } = parseSensorsCsv(`${CSV}\nipmi-sensors: something else\n`, 5)
    expect(unreadable).toBe(1)
    expect(samples.map(({ tags, fields }) => [tags.name, tags.unit, fields.value, fields.state, fields.state_code, fields.status])).toEqual(
      [
        ['ambient_temp', 'degrees_c', 44, 'upper_critical', 2, 0],
        ['fan_1a_tach', 'rpm', 2420, 'ok', 0, 1],
        ['power_supply_1', undefined, undefined, 'critical', 2, 0],
        ['drive_7', undefined, undefined, 'no_reading', -1, undefined],
        ['odd,_name', 'volts', 3.3, 'ok', 0, 1],
      ],
    )
    expect(samples[0]?.fields).toMatchObject({ upper_critical: 41, lower_non_recoverable: 1 })
    expect(samples[2]?.fields.state_bits).toBe(9)
  })
})

describe('the driver', () => {
  test('hands the password over in a file only we can read, never as an argument, and removes it', async () => {
    const dir = await tempDir()
    const tool = await script(
      dir,
      `echo "$@" > ${dir}/args; cp "$(echo "$@" | sed 's/.*--config-file=\\([^ ]*\\).*/\\1/')" ${dir}/conf; ls -l $(dirname "$(echo "$@" | sed 's/.*--config-file=\\([^ ]*\\).*/\\1/')")/freeipmi.conf > ${dir}/mode\ncat <<'END'\n${CSV}\nEND`,
    )
    const probe = createToolProbe(
      '127.0.0.1',
      ipmiOptions({ port: 9623, password: 'hush-hush', cipher_suites: [3], workarounds: ['opensesspriv'] }),
      60_000,
      deps,
      tool,
    )
    expect((await probe.run(AbortSignal.timeout(5000))).samples).toHaveLength(5)
    const args = await readFile(join(dir, 'args'), 'utf8')
    expect(args).toContain('-h 127.0.0.1:9623')
    expect(args).not.toContain('hush-hush')
    expect(await readFile(join(dir, 'conf'), 'utf8')).toBe(
      'username admin\npassword hush-hush\ndriver-type LAN_2_0\ncipher-suite-id 3\nprivilege-level USER\nworkaround-flags opensesspriv\n',
    )
    expect(await readFile(join(dir, 'mode'), 'utf8')).toMatch(/^-rw-------/)
    const folder = /--sdr-cache-directory=(\S+)/.exec(args)?.[1] ?? ''
    expect((await stat(folder)).isDirectory()).toBe(true)
    await probe.close?.()
    await expect(stat(folder)).rejects.toThrow(/ENOENT/)
  })

  test.each([
    ['ipmi-sensors: password invalid', 'auth_failed'],
    ['ipmi-sensors: cipher suite id unavailable', 'mismatch'],
    ['ipmi-sensors: connection timeout', 'timeout'],
    ['ipmi-sensors: permission denied', 'permission'],
    ['', 'no_data'],
  ])('"%s" is %s', async (said, reason) => {
    const tool = await script(await tempDir(), `echo "${said}" >&2; exit 1`)
    const probe = createToolProbe(null, ipmiOptions({}), 60_000, deps, tool)
    await expect(probe.run(AbortSignal.timeout(5000))).rejects.toMatchObject({ reason })
    await probe.close?.()
  })

  test('a tool that is not installed is told as such', async () => {
    const probe = createToolProbe(null, ipmiOptions({}), 60_000, deps, '/nowhere/ipmi-sensors')
    await expect(probe.run(AbortSignal.timeout(5000))).rejects.toMatchObject({ reason: 'missing_tool' })
    await probe.close?.()
  })
})

describe('a tool that hangs', () => {
  test('is killed with its children, and never runs twice', async () => {
    const dir = await tempDir()
    const program = await script(dir, `sleep 60 & echo $! > ${dir}/child; echo $$ >> ${dir}/started; wait`)
    const tool = createTool(program)
    const first = tool.run([], AbortSignal.timeout(20_000))
    const child = Number(
      await until(async () => (await readFile(join(dir, 'child'), 'utf8').catch(() => '')).trim(), { what: 'the child runs' }),
    )
    await expect(tool.run([], AbortSignal.timeout(5000))).rejects.toMatchObject({ reason: 'busy' })
    expect((await first).code).toBeNull()
    await until(() => !alive(child), { what: 'the child of the tool is gone' })
    expect((await readFile(join(dir, 'started'), 'utf8')).trim().split('\n')).toHaveLength(1)
  })

  test('is killed at the deadline and waited for at close', async () => {
    const dir = await tempDir()
    const tool = createTool(await script(dir, 'exec sleep 60'))
    await expect(tool.run([], AbortSignal.timeout(50))).rejects.toMatchObject({ reason: 'timeout' })
    await tool.close()
    expect(await readdir(dir)).toEqual(['tool'])
  })
})

describe('the file of a root timer', () => {
  test('is read while fresh, refused when old or missing', async () => {
    const file = join(await tempDir(), 'sensors.csv')
    const probe = createToolProbe(null, ipmiOptions({ file }), 60_000, deps)
    await expect(probe.run(AbortSignal.timeout(1000))).rejects.toMatchObject({
      reason: 'no_data',
      message: expect.stringContaining('timer'),
    })
    await writeFile(file, CSV)
    expect((await probe.run(AbortSignal.timeout(1000))).samples).toHaveLength(5)
    const old = Date.now() / 1000 - 600
    await utimes(file, old, old)
    await expect(probe.run(AbortSignal.timeout(1000))).rejects.toMatchObject({
      reason: 'no_data',
      message: expect.stringMatching(/600 s old/),
    })
  })
})
