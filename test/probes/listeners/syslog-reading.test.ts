import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { Counters } from '../../../core/lifecycle/counters.ts'
import { silentLog } from '../../../core/log/log.ts'
import type { Sample } from '../../../core/model/sample.ts'
import { EventDesk } from '../../../probes/listeners/event-desk.ts'
import { createSources } from '../../../probes/listeners/sources.ts'
import { Activity } from '../../../probes/listeners/syslog/activity.ts'
import { type SyslogOptions, syslogKind } from '../../../probes/listeners/syslog/options.ts'
import { createReaders, createSelector } from '../../../probes/listeners/syslog/reading.ts'
import { trapKind } from '../../../probes/listeners/trap/options.ts'
import { parseSyslog } from '../../../protocols/syslog/message.ts'
import { until } from '../../support/until.ts'

const options = (given: object): SyslogOptions => v.parse(syslogKind.options, given) as SyslogOptions

describe('how messages are read', () => {
  const readers = createReaders(
    options({
      level: 'warning',
      severity: { crit: 'emergency' },
      overrides: [
        { from: ['ids-01'], level: 'debug', severity: { alert: 'minor' }, encoding: 'gbk' },
        { from: ['10.9.0.0/16'], level: 'emerg' },
      ],
      patterns: [
        { match: 'heartbeat', drop: true },
        { match: '^SQL', name: 'attack', severity: 'major', from: ['ids-01'] },
        { match: 'fan \\d+ failed', severity: 'major' },
      ],
    }),
  )
  const read = (source: string, device: string | null, line: string) => readers(source, device).read(parseSyslog(line))

  it.each([
    ['10.1.1.1', null, '<8>a: b', { event: 'other', name: 'a', severity: 'emergency' }],
    ['10.1.1.1', null, '<9>a: b', { event: 'other', name: 'a', severity: 'major' }],
    ['10.1.1.1', null, '<10>a: b', { event: 'other', name: 'a', severity: 'emergency' }],
    ['10.1.1.1', null, '<12>no tag here', { event: 'other', name: 'syslog', severity: 'minor' }],
    ['10.1.1.1', null, '<13>a: b', null],
    ['10.1.1.1', 'ids-01', '<15>a: b', { event: 'other', name: 'a', severity: 'info' }],
    ['10.1.1.1', 'ids-01', '<9>a: b', { event: 'other', name: 'a', severity: 'minor' }],
    ['10.1.1.1', 'ids-01', '<14>a: SQL', { event: 'attack', name: 'attack', severity: 'major' }],
    ['10.1.1.1', 'fw-01', '<14>a: SQL', null],
    ['10.1.1.1', 'fw-01', '<15>a: fan 2 failed', { event: 'other', name: 'a', severity: 'major' }],
    ['10.1.1.1', 'fw-01', '<8>a: heartbeat', null],
    ['10.9.1.1', 'fw-02', '<9>a: b', null],
    ['10.9.1.1', 'fw-02', '<8>a: b', { event: 'other', name: 'a', severity: 'emergency' }],
  ] as const)('%s of %s: %s', (source, device, line, expected) => {
    expect(read(source, device, line)).toEqual(expected)
  })

  it('the encoding of a source', () => {
    expect([readers('10.1.1.1', 'ids-01').encoding, readers('10.1.1.1', null).encoding]).toEqual(['gbk', 'auto'])
  })
})

it.each([
  ['10.1.0.7', null, true],
  ['10.2.0.7', null, false],
  ['10.2.0.7', 'log-server', true],
  ['', null, false],
])('createSelector: %s, %s', (source, device, expected) => {
  expect(createSelector(['10.1.0.0/16', 'log-server'])(source, device)).toBe(expected)
})

describe('sources', () => {
  it('addresses at once, names once they resolve, relayed hosts by device, address or name', async () => {
    const sources = createSources({ '10.1.2.3': 'ups-01', '::ffff:10.1.2.4': 'ups-02', localhost: 'here' }, silentLog)
    expect(['10.1.2.3', '10.1.2.4', '127.0.0.1', 'x'].map((address) => sources.deviceOf(address))).toEqual(['ups-01', 'ups-02', null, null])
    expect(['UPS-01', '10.1.2.4', 'LOCALHOST', 'nobody'].map((host) => sources.named(host))).toEqual(['ups-01', 'ups-02', 'here', null])
    sources.start()
    await until(() => sources.deviceOf('127.0.0.1') === 'here' || sources.deviceOf('::1') === 'here', { what: 'localhost resolves' })
    sources.stop()
  })
})

it('activity: at the first flush, then once a minute, never beside events of its own', () => {
  const clock = { at: 1_000_000, now: () => clock.at, monotonic: () => clock.at }
  const events: Sample[] = []
  const desk = new EventDesk({
    type: 'syslog',
    emit: (samples) => void events.push(...samples),
    clock,
    counters: new Counters(),
    foldMs: 1000,
  })
  const activity = new Activity(desk, clock)
  const minute = (counted: number, told = false): unknown[] => {
    events.length = 0
    for (let i = 0; i < counted; i++) activity.count('10.0.0.1', 'ids-01')
    if (told) activity.told('10.0.0.1', 'ids-01')
    clock.at += 30_000
    activity.flush()
    clock.at += 30_000
    activity.flush()
    return events.map((event) => event.fields.count)
  }
  expect([minute(3), minute(2), minute(4, true), minute(0), minute(0), minute(1)]).toEqual([[3], [2], [4], [], [], [1]])
  expect(events[0]?.tags).toEqual({ type: 'syslog', severity: 'info', event: 'activity', device: 'ids-01' })
})

describe('options', () => {
  it.each([
    [trapKind, {}],
    [trapKind, { communities: [] }],
    [trapKind, { communities: ['a'], allow: ['10.0.0.0/33'] }],
    [trapKind, { communities: ['a'], listen: 'eth0' }],
    [trapKind, { users: [{ user: 'x' }], engine_id: '80' }],
    [trapKind, { communities: ['a'], rate: 0 }],
    [syslogKind, { patterns: [{ match: '(' }] }],
    [syslogKind, { patterns: [{ match: 'a', name: 'two words' }] }],
    [syslogKind, { protocols: [] }],
    [syslogKind, { overrides: [{ from: ['a'], severity: { critical: 'major' } }] }],
  ])('%# are refused', (kind, given) => {
    expect(v.safeParse(kind.options, given).success).toBe(false)
  })

  it('secrets of traps are known as such', () => {
    expect(trapKind.secrets).toEqual(['communities.*', 'users.*.auth.password', 'users.*.privacy.password'])
  })
})
