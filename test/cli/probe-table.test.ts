import { expect, test } from 'vitest'
import { runsAsJson } from '../../cli/probe-table.ts'

test('runs with 64-bit counters can be printed for programs', () => {
  const fields = { small: 12n, large: 18_446_744_073_709_551_615n, ratio: 0.5, up: true }
  const sample = { measurement: 'interface', tags: { interface: 'eth0' }, fields, time: 1 }
  const run = { check: 'snmp', kind: 'snmp', reason: 'ok', duration_ms: 3, samples: [sample], verdicts: [] }
  expect(JSON.parse(runsAsJson([run]))[0].samples[0].fields).toEqual({ small: 12, large: '18446744073709551615', ratio: 0.5, up: true })
})
