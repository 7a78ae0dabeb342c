import { execFile } from 'node:child_process'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../core/lifecycle/clock.ts'
import { evaluate } from '../../core/profile/evaluate.ts'
import { matchProfiles } from '../../core/profile/match.ts'
import { loadProfiles } from '../../core/profile/parse.ts'
import { createSampler } from '../../core/profile/samples.ts'
import { createRecordingSource } from '../../protocols/snmp/recording-source.ts'
import { startSimulator } from '../../protocols/snmp/simulator.ts'
import { parseRecording } from '../../protocols/snmp/snmprec.ts'
import { tempDir } from '../support/temp-dir.ts'
import { missing, which } from '../support/tools.ts'

const BASE = `1.3.6.1.2.1.1.1.0|4|Simulated UPS
1.3.6.1.2.1.1.2.0|6|1.3.6.1.2.1.33
1.3.6.1.2.1.1.3.0|67|8640000
1.3.6.1.2.1.33.1.1.1.0|4|Simulated
1.3.6.1.2.1.33.1.1.2.0|4|UPS-20K
1.3.6.1.2.1.33.1.2.3.0|2|45
1.3.6.1.2.1.33.1.2.4.0|2|87
1.3.6.1.2.1.33.1.2.5.0|2|2735
1.3.6.1.2.1.33.1.2.7.0|2|25
1.3.6.1.2.1.33.1.3.2.0|2|1
1.3.6.1.2.1.33.1.3.3.1.2.1|2|499
1.3.6.1.2.1.33.1.3.3.1.3.1|2|231
1.3.6.1.2.1.33.1.4.2.0|2|500
1.3.6.1.2.1.33.1.4.3.0|2|1
1.3.6.1.2.1.33.1.4.4.1.2.1|2|230
1.3.6.1.2.1.33.1.4.4.1.3.1|2|58
1.3.6.1.2.1.33.1.4.4.1.5.1|2|23`

/** What the driver of Network UPS Tools makes of the same device; it prints its variables once and ends. */
async function nut(port: number): Promise<Record<string, string>> {
  const dir = await tempDir()
  await writeFile(join(dir, 'ups.conf'), `[sim]\ndriver=snmp-ups\nport=127.0.0.1:${port}\ncommunity=x\nmibs=ietf\n`)
  await chmod(join(dir, 'ups.conf'), 0o640)
  const env = { PATH: process.env.PATH, MIBS: '', NUT_CONFPATH: dir, NUT_STATEPATH: dir, NUT_ALTPIDPATH: dir }
  const user = process.getuid?.() === 0 ? ['-u', 'root'] : []
  const { stdout } = await promisify(execFile)(which('snmp-ups') ?? 'snmp-ups', ['-a', 'sim', ...user, '-d', '1'], { env, timeout: 30_000 })
  return Object.fromEntries(stdout.split('\n').map((line) => [line.split(': ')[0] ?? '', line.split(': ').slice(1).join(': ')]))
}

describe.skipIf(missing('snmp-ups'))('snmp-ups of NUT as an independent reader', () => {
  it.each([
    ['on mains', 3, 2, 'OL'],
    ['on battery', 5, 2, 'OB'],
    ['on battery, low', 5, 3, 'OB LB'],
    ['on bypass', 4, 2, 'BYPASS'],
  ])('%s: reads the same values and words', async (_, source, battery, words) => {
    const { varbinds } = parseRecording(`${BASE}\n1.3.6.1.2.1.33.1.4.1.0|2|${source}\n1.3.6.1.2.1.33.1.2.1.0|2|${battery}`)
    const simulator = await startSimulator({ varbinds, clock: systemClock })
    onTestFinished(() => simulator.close())
    const theirs = await nut(simulator.port)
    const { library } = await loadProfiles([fileURLToPath(new URL('../../config/profiles', import.meta.url))])
    const recording = createRecordingSource(varbinds)
    const { profiles } = await matchProfiles(library, recording)
    const results = await evaluate(
      profiles.flatMap((profile) => profile.groups),
      recording,
    )
    const samples = createSampler(1).samples(results, { time: 0, at: 0, uptime: 0 })
    const ups = samples.find((sample) => sample.measurement === 'ups')?.fields ?? {}
    const line = (side: string) => samples.find((sample) => sample.tags.side === side)?.fields ?? {}
    expect(ups.charge_percent).toBe(Number(theirs['battery.charge']))
    expect(Number(ups.runtime_minutes) * 60).toBe(Number(theirs['battery.runtime']))
    expect(ups.battery_voltage_volt).toBe(Number(theirs['battery.voltage']))
    expect(ups.battery_temperature_celsius).toBe(Number(theirs['battery.temperature']))
    expect(ups.output_frequency_hertz).toBe(Number(theirs['output.frequency']))
    expect(line('input').voltage_volt).toBe(Number(theirs['input.voltage']))
    expect(line('input').frequency_hertz).toBe(Number(theirs['input.frequency']))
    expect(line('output').voltage_volt).toBe(Number(theirs['output.voltage']))
    expect(line('output').current_ampere).toBe(Number(theirs['output.current']))
    expect(line('output').load_percent).toBe(Number(theirs['ups.load']))
    expect(ups.model).toBe(theirs['ups.model'])
    expect(ups.status).toBe(words)
    for (const word of words.split(' ')) expect(theirs['ups.status']).toContain(word)
  })
})
