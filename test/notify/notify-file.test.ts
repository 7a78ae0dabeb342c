import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { formatIssue, parseDocument } from '../../core/config/document.ts'
import { parseNotify } from '../../notify/notify-file.ts'

const read = (text: string) => {
  const doc = parseDocument(text, 'notify.yaml')
  const config = parseNotify(doc)
  return { config, issues: doc.issues.map(formatIssue) }
}

const GOOD = `people:
  - { name: zhang, title: 张工, phone: "+8613800138000" }
  - { name: li, language: en, webhook: "https://h.example/li" }
channels:
  - { name: modem, kind: sms, device: /dev/ttyUSB0, baud: 115200 }
  - { name: hook, kind: webhook, url: "https://ops.example/x", timeout: 3s }
routes:
  - { severity: [emergency], to: [zhang], channels: [modem, hook] }
  - { to: [zhang, li], channels: [hook] }
`

describe('notify.yaml', () => {
  test('gives people, channels and routes with their defaults', () => {
    const { config, issues } = read(GOOD)
    expect(issues).toEqual([])
    expect(config).toEqual({
      minIntervalMs: 60_000,
      people: [
        { name: 'zhang', title: '张工', phone: '+8613800138000', language: 'zh' },
        { name: 'li', title: 'li', language: 'en', webhook: 'https://h.example/li' },
      ],
      channels: [
        { name: 'modem', kind: 'sms', device: '/dev/ttyUSB0', baud: 115_200, validity: 86_400_000, reports: true },
        { name: 'hook', kind: 'webhook', url: 'https://ops.example/x', headers: {}, timeout: 3000 },
      ],
      routes: [
        { severity: ['emergency'], classes: [], to: ['zhang'], channels: ['modem', 'hook'] },
        { severity: ['emergency', 'major', 'minor', 'info'], classes: [], to: ['zhang', 'li'], channels: ['hook'] },
      ],
    })
  })

  test('an empty file is valid: nobody is told', () => {
    expect(read('')).toEqual({ config: { minIntervalMs: 60_000, people: [], channels: [], routes: [] }, issues: [] })
  })

  test.each([
    [
      'to: [zhang], channels',
      'to: [zhnag], channels',
      'notify.yaml:8:35 routes[0].to[0]: no person is named "zhnag", did you mean "zhang"?',
    ],
    ['[modem, hook]', '[modme, hook]', 'notify.yaml:8:54 routes[0].channels[0]: no channel is named "modme", did you mean "modem"?'],
    [
      'to: [zhang, li], channels: [hook]',
      'to: [zhang, li], channels: [modem]',
      'notify.yaml:9:19 routes[1].to[1]: "li" has no phone, but this route sends SMS',
    ],
    ['- { name: hook', '- { name: modem', 'notify.yaml:6:13 channels[1].name: "modem" is already the name of channels[0]'],
    ['baud: 115200', 'boud: 115200', 'notify.yaml:5:53 channels[0].boud: unknown key, did you mean "baud"?'],
    ['kind: sms', 'kind: smss', 'notify.yaml:5:26 channels[0].kind: unknown kind "smss", did you mean "sms"?'],
    [
      '"+8613800138000"',
      '13800138000',
      'notify.yaml:2:38 people[0].phone: must be text, but without quotes YAML reads a number here: put it in quotes',
    ],
  ])('%s → %s', (from, to, message) => {
    const { config, issues } = read(GOOD.replace(from, to))
    expect(config).toBeUndefined()
    expect(issues[0]).toBe(message)
  })

  test('warns about a secret in clear text, without repeating it', () => {
    const { config, issues } = read(GOOD.replace('timeout: 3s', 'secret: hunter2'))
    expect(config).toBeDefined()
    expect(issues).toEqual([
      `notify.yaml:6:72 channels[1].secret: warning: a secret stands here in clear text: use \${env:NAME} or \${file:NAME}`,
    ])
  })

  test('the shipped file is valid, and so is its example once it is uncommented', async () => {
    const text = await readFile('config/notify.yaml', 'utf8')
    expect(read(text)).toEqual({ config: { minIntervalMs: 60_000, people: [], channels: [], routes: [] }, issues: [] })
    const example = text
      .split('\n')
      .filter((line) => !/^(people|channels|routes): \[\]/.test(line) && !/^# ?(yaml-language|[\u4e00-\u9fff])/.test(line))
      .map((line) => line.replace(/^# /, '').replace(/^( *)# (\w+:)/, '$1$2'))
      .join('\n')
    const { config, issues } = read(example)
    expect(issues).toEqual([])
    expect(config).toMatchObject({
      people: [{ name: 'zhang' }, { name: 'li' }],
      channels: [{ kind: 'sms', smsc: '+8613800100500' }, { kind: 'webhook' }],
    })
  })
})
