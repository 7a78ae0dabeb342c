import { describe, expect, it } from 'vitest'
import { effectiveRule } from '../../alarm/override.ts'
import { profileRules } from '../../alarm/profile-rules.ts'
import { builtInRules, parseRules } from '../../alarm/rules-file.ts'
import { formatIssue, parseDocument } from '../../core/config/document.ts'
import { device, inventory, rules } from './scene.ts'

function problems(yaml: string, ...devices: Parameters<typeof inventory>): string[] {
  const doc = parseDocument(yaml, 'alarms.yaml')
  const parsed = parseRules(doc, { inventory: inventory(...devices) })
  expect(parsed === undefined).toBe(doc.issues.some((issue) => issue.level === 'error'))
  return doc.issues.map(formatIssue)
}

describe('alarms.yaml', () => {
  it('adds rules to the built-in ones, changes them by name, or does without them', () => {
    const built = builtInRules().rules
    expect(built.length).toBeGreaterThan(25)
    expect(rules('rules: []').version).toBe(builtInRules().version)
    const changed = rules('rules: [{ name: disk-full, levels: [{ severity: info, fire: "> 1" }] }, { name: swap-full, enabled: false }]')
    expect(changed.rules).toHaveLength(built.length - 1)
    expect(changed.rules.find((rule) => rule.name === 'disk-full')).toMatchObject({
      measurement: 'disk',
      by: ['path'],
      levels: [{ severity: 'info', clear: { text: '<= 0.97' } }],
      place: { file: 'alarms.yaml', line: 1 },
    })
    expect(changed.version).not.toBe(builtInRules().version)
    expect(rules('defaults: false').rules).toEqual([])
  })

  it('has titles in both languages that fit an SMS', () => {
    for (const rule of builtInRules().rules) {
      expect(rule.title.zh.length, rule.name).toBeLessThanOrEqual(30)
      expect(rule.title.zh, rule.name).toMatch(/\p{Script=Han}|\{/u)
      expect(rule.title.en, rule.name).not.toMatch(/\p{Script=Han}/u)
    }
  })

  it('takes the rules of profiles, which alarms.yaml can change', () => {
    const profiles = profileRules([
      {
        profile: 'acme',
        alarms: [
          {
            name: 'acme-hot',
            title: { zh: '热', en: 'hot' },
            on: 'ups.temperature_celsius',
            levels: [{ severity: 'major', fire: '> 45' }],
          },
        ],
      },
      { profile: 'bare' },
      { profile: 'bad', alarms: [{ name: 'x', on: 'nothing' }] },
    ])
    const doc = parseDocument('rules: [{ name: acme-hot, levels: [{ severity: minor, fire: "> 50" }] }]', 'alarms.yaml')
    expect(parseRules(doc, { profiles })).toBeUndefined()
    expect(doc.issues.map(formatIssue)).toEqual([expect.stringMatching(/^profiles\/bad.yaml:1:1 alarms: /)])
    const good = parseDocument('rules: [{ name: acme-hot, levels: [{ severity: minor, fire: "> 50" }] }]', 'alarms.yaml')
    expect(parseRules(good, { profiles: profiles.slice(0, 1) })?.rules.find((rule) => rule.name === 'acme-hot')).toMatchObject({
      title: { zh: '热' },
      measurement: 'ups',
      levels: [{ severity: 'minor' }],
    })
  })

  it('sorts levels by severity and reads every word of a rule', () => {
    const [rule] = rules(`
defaults: false
rules:
  - name: x
    title: 标题
    on: m.f.g
    where: { path: ["/a", "/b*"], type: "not tmpfs" }
    classes: server
    devices: [a, "b*"]
    levels: [{ severity: info, fire: "> 1", for: 1m30s, runs: 2, clear_for: 5s }, { severity: emergency, fire: "> 2", clear: "< 1.5" }]
    all: [{ on: n.g, fire: has OB }]
    latch: true
    sla: { arrived: 10m }
    loss: device
`).rules
    expect(rule).toMatchObject({
      title: { zh: '标题', en: '标题' },
      measurement: 'm',
      field: 'f.g',
      where: [
        { key: 'path', values: ['/a', '/b*'], not: false },
        { key: 'type', values: ['tmpfs'], not: true },
      ],
      levels: [{ severity: 'emergency' }, { severity: 'info', forMs: 90_000, runs: 2, clearForMs: 5000 }],
      all: [{ measurement: 'n', same: 'device' }],
      latch: true,
      sla: { arrived: 600_000 },
      loss: 'device',
    })
  })

  it.each([
    [
      'rules: [{ name: dsk-full, enabled: false }]',
      ['alarms.yaml:1:17 rules[0].name: there is no built-in rule dsk-full, did you mean "disk-full"?'],
    ],
    [
      'rules:\n  - name: a\n    on: cpu\n    levls: []\n',
      ['alarms.yaml:3:9 rules[0].on: must be measurement.field', 'alarms.yaml:4:5 rules[0].levls: unknown key, did you mean "levels"?'],
    ],
    [
      'rules:\n  - { name: a, on: m.f, levels: [{ severity: mayor, fire: ">> 3" }] }\n  - { name: a, on: m.f, levels: [{ severity: major }] }\n',
      [
        expect.stringMatching(/^alarms.yaml:2:46 rules\[0\].levels\[0\].severity: /),
        'alarms.yaml:3:13 rules[1].name: the rule a is already given above',
      ],
    ],
    [
      'rules:\n  - { name: a, on: m.f, levels: [{ severity: major, fire: ">> 3" }] }\n  - { name: a, on: m.f, levels: [{ severity: major }] }\n',
      [
        'alarms.yaml:3:13 rules[1].name: the rule a is already given above',
        expect.stringMatching(/^alarms.yaml:2:59 rules\[0\].levels\[0\].fire: /),
      ],
    ],
    [
      'rules: [{ name: a, on: m.f, levels: [{ severity: major, fire: "> 90", clear: "< 95" }] }]',
      [expect.stringContaining('it would end at once')],
    ],
    [
      'rules: [{ name: a, on: m.f, usual: {}, levels: [{ severity: major, fire: "> 90" }] }]',
      [expect.stringContaining('usual: is not available yet')],
    ],
    [
      'rules: [{ name: a, on: m.f, rate: {}, count: { within: 1m }, levels: [{ severity: major, fire: "> 90" }] }]',
      [expect.stringContaining("count: can't be combined with rate")],
    ],
    [
      'rules: [{ name: a, on: m.f, no_data: 1h, levels: [{ severity: major }] }]',
      [expect.stringContaining('needs `devices` or `classes`')],
    ],
    ['rules: [{ name: a, levels: [{ severity: major, fire: "> 1" }] }]', [expect.stringContaining('needs `on: measurement.field`')]],
    [
      'rules: [{ name: a, on: m.f, devices: bpp, levels: [{ severity: major, fire: "> 1" }] }]',
      ['alarms.yaml:1:38 rules[0].devices: there is no device bpp, did you mean "app"?'],
    ],
  ])('%j is refused with its place', (yaml, expected) => {
    expect(problems(yaml, device('app'))).toEqual(expected)
  })
})

describe("a device's own alarms", () => {
  const disk = builtInRules().rules.find((rule) => rule.name === 'disk-full')
  if (!disk) throw new Error('no disk-full')
  const place = { file: 'devices.yaml', line: 7, col: 3 }

  it('switch a rule off or change the levels they name', () => {
    expect(effectiveRule(disk, device('a', { alarms: { 'disk-full': false } }))).toBeNull()
    const own = effectiveRule(
      disk,
      device('a', {
        alarms: {
          'disk-full': [
            { severity: 'major', fire: '> 99' },
            { severity: 'emergency', fire: '> 99.5', for: '10s' },
          ],
        },
        place,
      }),
    )
    expect(own?.levels.map((level) => `${level.severity} ${level.fire.text} ${level.clear.text} ${level.forMs}`)).toEqual([
      'emergency > 99.5 <= 96.515 10000',
      'major > 99 <= 96.03 60000',
      'minor > 85 < 82 300000',
    ])
    expect(own?.place).toBe(place)
    expect(effectiveRule(disk, device('a', { alarms: { 'disk-full': { for: '7m' } } }))?.levels.map((level) => level.forMs)).toEqual([
      420_000, 420_000,
    ])
  })

  it('are checked with the device as place', () => {
    expect(
      problems(
        'rules: []',
        device('a', { place, alarms: { 'disc-full': false, 'disk-full': { levels: [{ severity: 'major', fire: 'x' }] } } }),
      ),
    ).toEqual([
      'devices.yaml:7:3 alarms.disc-full: there is no rule disc-full, did you mean "disk-full"?',
      expect.stringMatching(/^devices.yaml:7:3 alarms.disk-full.levels\[0\].fire: can't understand "x"/),
    ])
  })

  it('do not reach classes and devices a rule is not for', () => {
    const [rule] = rules(
      'defaults: false\nrules: [{ name: x, on: m.f, classes: [ups], devices: ["u*"], levels: [{ severity: info, fire: "> 1" }] }]',
    ).rules
    if (!rule) throw new Error('no rule')
    expect(effectiveRule(rule, device('u1', { class: 'ups' }))).toBe(rule)
    expect(effectiveRule(rule, device('u1'))).toBeNull()
    expect(effectiveRule(rule, device('x1', { class: 'ups' }))).toBeNull()
  })
})
