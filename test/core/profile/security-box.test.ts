import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { evaluate } from '../../../core/profile/evaluate.ts'
import { loadProfiles } from '../../../core/profile/parse.ts'
import { createRecordingSource } from '../../../protocols/snmp/recording-source.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { recorded } from './reading.ts'
import { shipped } from './shipped-profile.ts'

const BOX = `
1.3.6.1.2.1.1.1.0|4|appliance
1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.8072.3.2.10
1.3.6.1.2.1.1.3.0|67|12345678
1.3.6.1.2.1.2.2.1.1.1|2|1
1.3.6.1.2.1.2.2.1.2.1|4|eth0
1.3.6.1.2.1.2.2.1.8.1|2|1
1.3.6.1.4.1.2021.4.5.0|2|2048000
1.3.6.1.4.1.2021.4.6.0|2|512000
1.3.6.1.4.1.99999.1.1.0|66|4711
1.3.6.1.4.1.99999.1.2.0|2|123
1.3.6.1.4.1.99999.1.3.0|2|2
`

const BASES = ['security-box', 'system', 'interfaces', 'host-resources', 'ucd', 'net-snmp-extend']

/** The example of the profiles' README, as an operator would copy it. */
async function example(): Promise<string> {
  const text = await readFile('config/profiles/README.md', 'utf8')
  const found = /```yaml\n(profile: my-ids\n[\s\S]*?)```/.exec(text)?.[1]
  if (found === undefined) throw new Error('the README has no example')
  return found
}

test('a box without a public MIB: what every box answers, and the objects of the operator', async () => {
  const own = join(await tempDir(), 'profiles')
  await mkdir(own)
  await writeFile(join(own, 'my-ids.yaml'), await example())
  const { library, issues } = await loadProfiles([own], BASES.map(shipped))
  expect(issues).toEqual([])
  const results = await evaluate(
    library.withBases('my-ids').flatMap((profile) => profile.groups),
    createRecordingSource(recorded(BOX)),
  )
  const values = new Map(
    results
      .flatMap((result) => result.values)
      .filter(({ quality }) => quality === 'ok')
      .map(({ measurement, field, value, text, state }) => [`${measurement}.${field}`, state ?? value ?? text]),
  )
  expect(Object.fromEntries(values)).toMatchObject({
    'snmp_system.uptime_seconds': 123_456.78,
    'firewall.sessions': 4711,
    'firewall.cpu_percent': 12.3,
    'firewall.engine': 'alarm',
  })
  expect(library.withBases('my-ids').map(({ name }) => name)).toEqual(['my-ids', ...BASES])
  for (const measurement of ['interface', 'snmp_memory'])
    expect([...values.keys()].some((name) => name.startsWith(`${measurement}.`))).toBe(true)
  expect(library.get('my-ids')?.data.alarms?.[0]?.name).toBe('my-ids-engine')
})
