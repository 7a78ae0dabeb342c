import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { formatIssue, parseDocument } from '../../../core/config/document.ts'
import { loadProfiles, parseProfile } from '../../../core/profile/parse.ts'
import { tempDir } from '../../support/temp-dir.ts'

const HEAD = 'profile: acme\ntitle: Acme\nmatch: always\ngroups:\n'
const GROUP = '  - name: g\n    measurement: m\n'

function issues(text: string): string[] {
  const document = parseDocument(text, 'acme.yaml')
  parseProfile(document)
  return document.issues.map(formatIssue)
}

describe('a broken profile is told as file:line:col', () => {
  it.each([
    ['an unknown key', `${HEAD}${GROUP}    fields: { a: { oid: 1.3.1.0, sclae: 2 } }\n`, /^acme\.yaml:7:\d+ groups\[0\]\.fields\.a.*scale/],
    ['a value from nowhere', `${HEAD}${GROUP}    fields: { a: { scale: 2 } }\n`, /^acme\.yaml:7:\d+ groups\[0\]\.fields\.a: says nowhere/],
    ['a column without a table', `${HEAD}${GROUP}    fields: { a: 3 }\n`, /^acme\.yaml:7:\d+ .*needs a group with a table/],
    ['an unknown unit', `${HEAD}${GROUP}    fields: { a_celsius: { oid: 1.3.1.0, unit: farenheit } }\n`, /unknown unit "farenheit"/],
    [
      'an expression',
      `${HEAD}${GROUP}    fields: { a: { oid: 1.3.1.0, expr: "value +" } }\n`,
      /^acme\.yaml:7:\d+ groups\[0\]\.fields\.a\.expr: unexpected/,
    ],
    [
      'a name nobody gave',
      `${HEAD}${GROUP}    where: "kind == 1"\n    fields: { a: 1.3.1.0 }\n`,
      /^acme\.yaml:7:\d+ groups\[0\]\.where: "kind" is not under let/,
    ],
    ['a regular expression', `${HEAD}${GROUP}    fields: { a: { oid: 1.3.1.0, extract: "(" } }\n`, /not a regular expression/],
    ['a second group of one name', `${HEAD}${GROUP}    fields: { a: 1.3.1.0 }\n${GROUP}    fields: { a: 1.3.2.0 }\n`, /a second group "g"/],
    ['nothing to read', 'profile: acme\ntitle: Acme\nmatch: always\n', /neither groups nor extends/],
    ['a scaled counter', `${HEAD}${GROUP}    fields: { a: { oid: 1.3.1.0, counter: true, scale: 8 } }\n`, /a counter is kept raw/],
  ])('%s', (_, text, expected) => {
    expect(
      issues(text).some((issue) => expected.test(issue)),
      issues(text).join('\n'),
    ).toBe(true)
  })

  it('all errors at once', () => {
    expect(issues(`${HEAD}${GROUP}    where: "x +"\n    fields: { a: { unit: foo, oid: 1.3.1.0 }, b: 7 }\n`).length).toBeGreaterThanOrEqual(
      3,
    )
  })
})

describe('loadProfiles', () => {
  const write = (dir: string, name: string, text: string) => writeFile(join(dir, `${name}.yaml`), text)
  const body = (name: string, more = '') =>
    `profile: ${name}\ntitle: ${name}\n${more}groups: [{ name: g, measurement: m, fields: { a: 1.3.1.0 } }]\n`

  it('lets the operator replace a profile, and a broken one leaves the others', async () => {
    const dir = await tempDir()
    await mkdir(join(dir, 'shipped'))
    await mkdir(join(dir, 'own'))
    await write(join(dir, 'shipped'), 'a', body('a'))
    await write(join(dir, 'shipped'), 'broken', 'profile: broken\ntitle: x\ngroups: 5\n')
    await write(join(dir, 'own'), 'a', body('a', 'priority: 7\n'))
    const loaded = await loadProfiles([join(dir, 'shipped'), join(dir, 'own'), join(dir, 'absent')])
    expect(loaded.library.profiles.map((profile) => [profile.name, profile.priority])).toEqual([['a', 7]])
    expect(loaded.issues.map((issue) => `${issue.file.split('/').pop()}:${issue.line}:${issue.col}`)).toContain('broken.yaml:3:9')
  })

  it('tells profiles that extend nothing or each other', async () => {
    const dir = await tempDir()
    await write(dir, 'a', body('a', 'extends: b\n'))
    await write(dir, 'b', body('b', 'extends: [a, nothing]\n'))
    const { issues: found } = await loadProfiles([dir])
    expect(found.map((issue) => issue.message)).toEqual(
      expect.arrayContaining([expect.stringMatching(/no profile "nothing"/), expect.stringMatching(/extends this profile in turn/)]),
    )
  })

  it('the shipped library is without a mistake', async () => {
    const { issues: found, library } = await loadProfiles([fileURLToPath(new URL('../../../config/profiles', import.meta.url))])
    expect(found.map(formatIssue)).toEqual([])
    expect(library.profiles.length).toBeGreaterThan(5)
  })
})
