import { execFile } from 'node:child_process'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import * as v from 'valibot'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { type UpsSerialOptions, upsSerialKind } from '../../probes/ups-serial/options.ts'
import { upsSerial } from '../../probes/ups-serial/ups-serial.ts'
import { probeDeps, target } from '../probes/deps.ts'
import { IDENTITY, ON_BATTERY, ON_LINE, RATINGS, type SimulatedUps, startUps } from '../support/megatec-ups.ts'
import { type SerialLine, startSerialLine } from '../support/serial-pair.ts'
import { tempDir } from '../support/temp-dir.ts'
import { missing, which } from '../support/tools.ts'
import { until } from '../support/until.ts'

/** What the driver of Network UPS Tools makes of the same line; it prints its variables once and ends. */
async function nut(device: string): Promise<Record<string, string>> {
  const dir = await tempDir()
  await writeFile(join(dir, 'ups.conf'), `[sim]\ndriver=nutdrv_qx\nport=${device}\nprotocol=megatec\n`)
  await chmod(join(dir, 'ups.conf'), 0o640)
  const env = { PATH: process.env.PATH, NUT_CONFPATH: dir, NUT_STATEPATH: dir, NUT_ALTPIDPATH: dir }
  const user = process.getuid?.() === 0 ? ['-u', 'root'] : []
  const { stdout } = await promisify(execFile)(which('nutdrv_qx') ?? 'nutdrv_qx', ['-a', 'sim', ...user, '-d', '1'], {
    env,
    timeout: 30_000,
  })
  return Object.fromEntries(stdout.split('\n').map((line) => [line.split(': ')[0] ?? '', line.split(': ').slice(1).join(': ').trim()]))
}

describe.skipIf(missing('socat', 'nutdrv_qx'))('a UPS on a real pty, beside the driver nutdrv_qx of NUT', () => {
  let ups: SimulatedUps
  let line: SerialLine
  beforeEach(async () => {
    ups = await startUps({ Q1: ON_LINE, I: IDENTITY, F: RATINGS })
    line = await startSerialLine(ups.port)
  })
  afterEach(async () => {
    await line.close()
    await ups.close()
  })

  const open = () => {
    const options = v.parse(upsSerialKind.options, { serial: line.near, request_timeout: '2s' }) as UpsSerialOptions
    const probe = upsSerial.create(target(), options, probeDeps())
    onTestFinished(() => probe.close?.())
    return Object.assign(() => probe.run(AbortSignal.timeout(15_000)), { close: () => probe.close?.() })
  }

  it.each([
    ['on mains', ON_LINE, 'OL', 'OL'],
    ['on battery', ON_BATTERY, 'OB LB', 'OB LB DISCHRG'],
    ['on bypass', ON_LINE.replace(/\d{8}$/, '00100000'), 'OL BYPASS', 'OL BYPASS'],
  ])(
    '%s: the same values and words',
    async (_, q1, theirWords, words) => {
      ups.answers.Q1 = q1
      const run = open()
      const reading = await run()
      // A serial line has one owner.
      await expect(nut(line.near)).rejects.toThrow('locked by another process')
      await run.close()
      const theirs = await until(() => nut(line.near).catch(() => null), { timeoutMs: 30_000, what: 'nutdrv_qx reads the UPS' })
      const mine = reading.samples.find(({ measurement }) => measurement === 'ups')?.fields ?? {}
      const side = (name: string) => reading.samples.find(({ tags }) => tags.side === name)?.fields ?? {}
      expect(mine.status).toBe(words)
      expect((theirs['ups.status'] ?? '').split(' ').sort()).toEqual(theirWords.split(' ').sort())
      expect(side('input').voltage_volt).toBe(Number(theirs['input.voltage']))
      expect(mine.input_fault_voltage_volt).toBe(Number(theirs['input.voltage.fault']))
      expect(side('output').voltage_volt).toBe(Number(theirs['output.voltage']))
      expect(mine.load_percent).toBe(Number(theirs['ups.load']))
      expect(mine.temperature_celsius).toBe(Number(theirs['ups.temperature']))
      expect(mine.nominal_battery_voltage_volt).toBe(Number(theirs['battery.voltage.nominal']))
      expect(mine.nominal_output_voltage_volt).toBe(Number(theirs['input.voltage.nominal']))
      expect([mine.manufacturer, mine.model, mine.firmware]).toEqual([theirs['device.mfr'], theirs['device.model'], theirs['ups.firmware']])
    },
    40_000,
  )

  it('a check that takes over the line of one that has just ended', async () => {
    const before = open()
    await before()
    await expect(open()()).rejects.toMatchObject({ reason: 'busy', message: expect.stringContaining('another program holds it') })
    void before.close()
    expect((await open()()).samples.length).toBeGreaterThan(0)
  })

  it('an adapter that is pulled out and put back', async () => {
    const run = open()
    expect((await run()).samples.length).toBeGreaterThan(0)
    await line.close()
    await expect(run()).rejects.toMatchObject({ reason: 'unreachable', message: expect.stringContaining('is the adapter plugged in?') })
  })
})
