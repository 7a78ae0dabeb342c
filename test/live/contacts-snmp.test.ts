import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import * as v from 'valibot'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { createScheduler } from '../../agent/scheduler.ts'
import { systemClock } from '../../core/lifecycle/clock.ts'
import { Counters } from '../../core/lifecycle/counters.ts'
import { silentLog } from '../../core/log/log.ts'
import type { Sample } from '../../core/model/sample.ts'
import type { SliceDevice } from '../../core/wire/payloads.ts'
import { writeOutput } from '../../probes/contacts/output-write.ts'
import { openContactOutputs } from '../../probes/contacts/outputs.ts'
import { probes } from '../../probes/index.ts'
import { kinds } from '../../probes/kinds.ts'
import { accessEntries } from '../../protocols/snmp/access.ts'
import { type Snmpd, startSnmpd } from '../support/snmpd.ts'
import { tempDir } from '../support/temp-dir.ts'
import { missing, which } from '../support/tools.ts'
import { until } from '../support/until.ts'

const BASE = '1.3.6.1.4.1.99999.1'
const STATION = `
rwcommunity hand 127.0.0.1
createUser siren SHA-256 "authpass256" AES "privpass256"
rwuser siren priv
createUser weak SHA-256 "authpass256"
rwuser weak auth
override -rw ${BASE}.1.0 integer 0
override -rw ${BASE}.2.0 octet_str "0"
override -rw ${BASE}.9.0 integer 0
`
const AUTH = { protocol: 'sha256', password: 'authpass256' }
const PRIVATE = { user: 'siren', auth: AUTH, privacy: { protocol: 'aes', password: 'privpass256' } }
const POINTS = [
  { name: 'SMK-01', type: 'smoke', zone: 'main', oid: `${BASE}.1.0`, normal: 0, alarm: 1, fault: [2], on_delay: '1s', latch: true },
  { name: 'WTR-01', type: 'water', oid: `${BASE}.2.0`, normal: 0, alarm: 1 },
]
const SIREN = { name: 'SIREN-01', type: 'siren', oid: `${BASE}.9.0`, output: { oid: `${BASE}.9.0`, on: 1, off: 0, max: '1m' } }
const secrets = { resolve: (text: string) => text }
const run = promisify(execFile)

describe.skipIf(missing('snmpd', 'snmpset', 'snmpget'))('contacts of a station that is a real snmpd', () => {
  let station: Snmpd
  beforeAll(async () => {
    station = await startSnmpd(STATION)
  })
  afterAll(() => station.close())

  const common = ['-v2c', '-chand', '-Oqv', '-m', '']
  const press = (point: number, type: string, value: string) =>
    run(which('snmpset') ?? 'snmpset', [...common, `127.0.0.1:${station.port}`, `${BASE}.${point}.0`, type, value])
  const look = async (point: number): Promise<string> =>
    (await run(which('snmpget') ?? 'snmpget', [...common, `127.0.0.1:${station.port}`, `${BASE}.${point}.0`])).stdout.trim()

  const device = (via: object, points: readonly object[]): SliceDevice => ({
    name: 'env-station',
    title: 'env-station',
    class: 'env',
    address: '127.0.0.1',
    checks: [
      {
        name: 'contacts',
        kind: 'contacts',
        interval_ms: 2000,
        timeout_ms: 1800,
        options: { via: { snmp: { port: station.port, ...via } }, points },
      },
    ],
  })

  function watch(via: object) {
    const samples: Sample[] = []
    const scheduler = createScheduler({
      site: 'lab',
      probes,
      kinds,
      emit: (some) => void samples.push(...some),
      log: silentLog,
      clock: systemClock,
      counters: new Counters(),
      profiles: [],
      secrets,
    })
    onTestFinished(() => scheduler.stop())
    const states = (point: string) => samples.filter(({ tags }) => tags.point === point).map(({ fields }) => fields.state)
    return { samples, states, start: () => scheduler.apply([device(via, POINTS)]) }
  }

  it('smoke is told within seconds, and silence is unknown', async () => {
    const { samples, states, start } = watch({ community: 'public' })
    await start()
    await until(() => states('SMK-01').at(-1) === 'normal', { what: 'first read' })
    await press(1, 'i', '1')
    const pressed = Date.now()
    await until(() => states('SMK-01').at(-1) === 'alarm', { what: 'smoke alarm' })
    // At most one interval until it is seen, then on_delay, confirmed by reads a second apart.
    expect(Date.now() - pressed).toBeLessThan(8000)
    const alarm = samples.findLast(({ tags }) => tags.point === 'SMK-01')
    expect(alarm).toMatchObject({ measurement: 'env', tags: { site: 'lab', device: 'env-station', type: 'smoke', zone: 'main' } })
    expect(alarm?.fields).toMatchObject({ state_code: 1, raw: 1 })
    // A text where a number was meant, as many stations send it.
    await press(2, 's', '1 ')
    await until(() => states('WTR-01').at(-1) === 'alarm', { what: 'water alarm' })
    await station.kill()
    await until(() => states('SMK-01').at(-1) === 'unknown', { what: 'unknown after the station died', timeoutMs: 6000 })
    const reasons = samples
      .filter(({ measurement, tags }) => measurement === 'check' && tags.group === undefined)
      .map(({ fields }) => fields.reason)
    expect(reasons.at(-1)).toBe('timeout')
    // A started station has its values of the configuration: no smoke.
    await station.start()
    await until(() => states('SMK-01').at(-1) === 'normal', { what: 'normal again', timeoutMs: 20_000 })
    expect(states('SMK-01')).not.toContain(undefined)
  }, 60_000)

  const outputs = async (via: object, over: object = {}) => {
    const file = join(await tempDir(), 'outputs.json')
    const siren = { ...SIREN, output: { ...SIREN.output, ...over } }
    const deps = { devices: () => [device(via, [siren])], secrets, counters: new Counters(), clock: systemClock, log: silentLog, file }
    const opened = await openContactOutputs(deps)
    onTestFinished(() => opened.close())
    return { file, deps, opened }
  }
  const soon = () => AbortSignal.timeout(5000)
  const on = { device: 'env-station', point: 'SIREN-01', on: true, seconds: 30 }

  it('switches the siren by SNMPv3, and off after its time', async () => {
    const { opened, file } = await outputs(PRIVATE)
    await opened.set({ ...on, seconds: 1.5 }, soon())
    expect(await look(9)).toBe('1')
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject([{ device: 'env-station', point: 'SIREN-01' }])
    await until(async () => (await look(9)) === '0', { what: 'siren off', timeoutMs: 5000 })
    await until(async () => (await readFile(file, 'utf8')) === '[]\n', { what: 'nothing is on' })
  })

  it('no longer than `max`, off by request, and off at the end of the program', async () => {
    const { opened } = await outputs(PRIVATE, { max: '1s' })
    await opened.set({ ...on, seconds: 3600 }, soon())
    await until(async () => (await look(9)) === '0', { what: 'siren off after max', timeoutMs: 5000 })
    await opened.set(on, soon())
    await opened.set({ ...on, on: false, seconds: 0 }, soon())
    expect(await look(9)).toBe('0')
    await opened.set(on, soon())
    expect(await look(9)).toBe('1')
    await opened.close()
    expect(await look(9)).toBe('0')
  })

  it('a restart switches off what a crash left on', async () => {
    await press(9, 'i', '1')
    const { deps, file } = await outputs(PRIVATE)
    await writeFile(file, JSON.stringify([{ device: 'env-station', point: 'SIREN-01', until: Date.now() - 1000 }]))
    const again = await openContactOutputs(deps)
    onTestFinished(() => again.close())
    await until(async () => (await look(9)) === '0', { what: 'siren off after the restart', timeoutMs: 5000 })
  })

  it.each([
    ['version 2c', { community: 'hand' }, 'SNMPv2c is refused'],
    ['version 3 without privacy', { user: 'weak', auth: AUTH }, 'without auth and privacy is refused'],
  ])('writes nothing by %s', async (_, via, words) => {
    const { opened } = await outputs(via)
    await expect(opened.set(on, soon())).rejects.toMatchObject({
      reason: 'config',
      message: expect.stringContaining('SNMPv3 with auth and privacy only'),
    })
    // Nor where the configuration was not looked at before.
    const { snmp } = v.parse(v.object({ snmp: v.strictObject(accessEntries) }), { snmp: { port: station.port, ...via } })
    const place = {
      via: { snmp },
      output: { oid: `${BASE}.9.0`, on: 1, off: 0, max: 1000, write: true },
      address: '127.0.0.1',
      counters: new Counters(),
    }
    await expect(writeOutput(place, true, soon())).rejects.toMatchObject({ reason: 'permission', message: expect.stringContaining(words) })
    expect(await look(9)).toBe('0')
  })

  it('refuses what is not declared, and a wrong password in words', async () => {
    const { opened } = await outputs(PRIVATE)
    await expect(opened.set({ ...on, point: 'SIREN-02' }, soon())).rejects.toThrow('no point SIREN-02 with an output')
    await expect(opened.set({ ...on, seconds: 0 }, soon())).rejects.toThrow('seconds must be more than 0')
    const wrong = await outputs({ ...PRIVATE, auth: { ...AUTH, password: 'not the right one' } })
    await expect(wrong.opened.set(on, soon())).rejects.toMatchObject({ reason: 'auth_failed' })
    expect(await look(9)).toBe('0')
  })
})
