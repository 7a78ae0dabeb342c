import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Alarm, AlarmEvent } from '../../core/model/alarm.ts'
import { Ledger, noticeFor } from '../../notify/ledger.ts'
import { messageText } from '../../notify/text.ts'
import { lasted, type TextSource, withoutAddresses } from '../../notify/words.ts'
import { alphabetOf, splitText } from '../../protocols/gsm/user-data.ts'
import { alarmEvent } from '../support/alarm-events.ts'

const source: TextSource = {
  device: (name) => ({ 'app-01': { title: '应用服务器 1', short: '应用1' }, 'env-1': { title: '环境', short: '机房' } })[name],
  unit: (alarm) => (alarm.rule === 'cpu' ? '%' : ''),
}

/** The text zhang gets next, after each group of events was told. */
function text(language: 'zh' | 'en', ...groups: readonly (readonly AlarmEvent[])[]): string {
  const ledger = new Ledger()
  let last = ''
  for (const group of groups) {
    for (const event of group) ledger.event(event, new Set(['zhang']))
    const items = ledger.owed('zhang')
    last = messageText(items.map(noticeFor), language, source)
    ledger.begin(items)
    ledger.settle(items, 'sent', 'modem', 0)
  }
  return last
}

const raised = (over: Partial<Alarm> = {}, more: Partial<AlarmEvent> = {}) => [alarmEvent('raised', over, more)]

describe('one notice', () => {
  test.each([
    ['beginning', [raised()], '【紧急】应用1 CPU 95% >90 07-21 14:05', '[EMERGENCY] 应用1 CPU 95% >90 07-21 14:05'],
    [
      'end',
      [raised(), [alarmEvent('resolved', { value: 61.25 })]],
      '【恢复】应用1 CPU 61.3% 07-21 14:17 持续12分',
      '[OK] 应用1 CPU 61.3% 07-21 14:17 after 12m',
    ],
    [
      'withdrawal',
      [raised(), [alarmEvent('withdrawn', { value: null })]],
      '【撤销】应用1 CPU 07-21 14:17 持续12分',
      '[WITHDRAWN] 应用1 CPU 07-21 14:17 after 12m',
    ],
    [
      'rise',
      [raised({ severity: 'minor' }), [alarmEvent('severity', { severity: 'major', value: 97 })]],
      '【重要·升级】应用1 CPU 97% >90 07-21 14:05',
      '[MAJOR worse] 应用1 CPU 97% >90 07-21 14:05',
    ],
    ['late', [raised({}, { late: true })], '【紧急·迟到】应用1 CPU 95% >90 07-21 14:05', '[EMERGENCY late] 应用1 CPU 95% >90 07-21 14:05'],
    [
      'again',
      [raised(), [alarmEvent('resolved')], [alarmEvent('reopened')]],
      '【紧急·复发】应用1 CPU 95% >90 07-21 14:05',
      '[EMERGENCY again] 应用1 CPU 95% >90 07-21 14:05',
    ],
    [
      'unattended',
      [raised(), [alarmEvent('acknowledged'), alarmEvent('unacknowledged')]],
      '【紧急·未处理】应用1 CPU 95% >90 07-21 14:05',
      '[EMERGENCY unattended] 应用1 CPU 95% >90 07-21 14:05',
    ],
    [
      'instance',
      [raised({ rule: 'disk', title: { zh: '磁盘', en: 'disk' }, instance: 'path=/data' })],
      '【紧急】应用1 磁盘 /data 95 >90 07-21 14:05',
      '[EMERGENCY] 应用1 disk /data 95 >90 07-21 14:05',
    ],
    [
      'unknown device',
      [raised({ device: '10.1.2.3', title: { zh: '失联 10.1.2.3', en: 'lost' }, value: null, threshold: null })],
      '【紧急】设备 失联 07-21 14:05',
      '[EMERGENCY] device lost 07-21 14:05',
    ],
    [
      'title that names the device',
      [raised({ device: 'env-1', title: { zh: '机房1区烟雾', en: 'smoke' }, value: 'alarm', threshold: '= alarm' })],
      '【紧急】机房1区烟雾 07-21 14:05',
      '[EMERGENCY] 机房 smoke 07-21 14:05',
    ],
  ] as const)('%s', (_name, groups, zh, en) => {
    expect(text('zh', ...groups)).toBe(zh)
    expect(text('en', ...groups)).toBe(en)
  })
})

describe('several notices', () => {
  const many = (count: number, over: Partial<Alarm> = {}) =>
    Array.from({ length: count }, (_, index) =>
      alarmEvent('raised', {
        id: `a${index}`,
        title: { zh: `服务${index}停止`, en: `service ${index} down` },
        severity: 'major',
        value: null,
        ...over,
      }),
    )

  test('are merged, worst first, with their number', () => {
    expect(
      text('zh', [...many(2), alarmEvent('raised', { id: 'smoke', device: 'env-1', title: { zh: '烟感1', en: 'smoke 1' }, value: null })]),
    ).toBe('【紧急】机房 3 项告警：机房 烟感1、应用1 服务0停止、应用1 服务1停止 07-21 14:05')
    expect(text('zh', many(40))).toBe(
      '【重要】机房 40 项告警：应用1 服务0停止、应用1 服务1停止、应用1 服务2停止、应用1 服务3停止等 07-21 14:05',
    )
  })

  test('ends are told in the same message, and alone', () => {
    const ends = many(3).map((event) => alarmEvent('resolved', { id: event.alarm.id, title: event.alarm.title, severity: 'major' }))
    expect(text('zh', many(3), ends)).toBe(
      '【恢复】机房 3 项恢复：应用1 服务0停止恢复、应用1 服务1停止恢复、应用1 服务2停止恢复 07-21 14:17',
    )
    expect(text('zh', many(1), [...ends.slice(0, 1), alarmEvent('raised', { id: 'b' })])).toBe(
      '【紧急】机房 1 项告警 1 项恢复：应用1 CPU 95%、应用1 服务0停止恢复 07-21 14:17',
    )
  })

  test('any number of notices makes a text', () => {
    expect(text('zh', many(3000))).toMatch(/^【重要】机房 3000 项告警：应用1 服务0停止、.*等 07-21 14:05$/)
    const storm = text('zh', many(3000, { severity: 'emergency' }))
    expect(splitText(storm, 'ucs2')).toHaveLength(3)
    expect(storm).toMatch(/^【紧急】机房 3000 项告警：.*等 07-21 14:05$/)
  })

  test('every emergency is named even when that takes more parts', () => {
    const all = text('zh', many(9, { severity: 'emergency' }))
    for (let index = 0; index < 9; index++) expect(all).toContain(`服务${index}停止`)
    expect(splitText(all, 'ucs2').length).toBeGreaterThan(1)
  })
})

test('one notice always fits one part, keeps its level and time, and tells no address', () => {
  const wild = fc.string({ unit: fc.constantFrom(...'烟雾报警应用服务器 abc-01:/😀'), maxLength: 120 })
  fc.assert(
    fc.property(
      wild,
      wild,
      fc.constantFrom('zh' as const, 'en' as const),
      fc.ipV4(),
      fc.boolean(),
      (title, instance, language, ip, ended) => {
        const over: Partial<Alarm> = {
          title: { zh: `${title} ${ip}`, en: `${title} ${ip}` },
          instance: `url=http://${ip}:80/x,point=${instance}`,
          value: `${ip} refused`,
        }
        const groups = ended ? [raised(over), [alarmEvent('resolved', over)]] : [raised(over)]
        const result = text(language, ...groups)
        expect(splitText(result, alphabetOf(result))).toHaveLength(1)
        expect(result).toMatch(ended ? /^(【恢复】|\[OK\])/ : /^(【紧急】|\[EMERGENCY\])/)
        expect(result).toMatch(ended ? /07-21 14:17/ : /07-21 14:05$/)
        expect(result).not.toContain(ip)
      },
    ),
    { numRuns: 200 },
  )
})

test.each([
  [{ value: 1, threshold: '== 1' }, '【紧急】应用1 CPU 07-21 14:05'],
  [{ value: 96.04, threshold: '> 95%' }, '【紧急】应用1 CPU 96% >95 07-21 14:05'],
  [{ value: 33.5, threshold: 'outside 18..27 ℃' }, '【紧急】应用1 CPU 33.5℃ outside 18..27 07-21 14:05'],
  [{ value: 'OB DISCHRG', threshold: 'has OB' }, '【紧急】应用1 CPU OB DISCHRG 07-21 14:05'],
] as const)('%o', (over, expected) => {
  const ledger = new Ledger()
  ledger.event(alarmEvent('raised', over), new Set(['zhang']))
  expect(messageText(ledger.owed('zhang').map(noticeFor), 'zh', { device: source.device })).toBe(expected)
})

test.each([
  ['refused by 10.1.2.3:8080 now', 'refused by now'],
  ['see https://u:p@host/path ok', 'see ok'],
  ['fe80::1ff:fe23:4567:890a down', 'down'],
  ['at 14:05 it was 3.14', 'at 14:05 it was 3.14'],
])('withoutAddresses %s', (given, expected) => expect(withoutAddresses(given)).toBe(expected))

test.each([
  [4000, '4秒', '4s'],
  [720_000, '12分', '12m'],
  [3_900_000, '1小时5分', '1h5m'],
  [97_200_000, '1天3小时', '1d3h'],
])('lasted %i', (ms, zh, en) => expect([lasted(ms, 'zh'), lasted(ms, 'en')]).toEqual([zh, en]))
