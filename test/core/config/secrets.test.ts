import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createSecretResolver, isReference, redact, resolveDeep } from '../../../core/config/secrets.ts'
import { ProbeError } from '../../../core/model/reason.ts'
import { tempDir } from '../../support/temp-dir.ts'

async function folder(): Promise<string> {
  const dir = await tempDir()
  await mkdir(join(dir, 'secrets'))
  await writeFile(join(dir, 'secrets', 'ups.community'), 'hunter2\n')
  await writeFile(join(dir, 'outside'), 'not for you')
  await symlink(join(dir, 'outside'), join(dir, 'secrets', 'link'))
  return dir
}

describe('references', () => {
  test('are resolved from the environment and from files, also inside texts and trees', async () => {
    const dir = await folder()
    const resolver = createSecretResolver({ env: { P: 'pw' }, baseDir: dir, paths: ['secrets'] })
    expect(resolver.resolve('a ${env:P} b ${file:ups.community} $${env:P}')).toBe('a pw b hunter2 ${env:P}')
    expect(resolver.resolve(`\${file:${join(dir, 'secrets', 'ups.community')}}`)).toBe('hunter2')
    expect(resolveDeep({ a: ['${env:P}', 1], b: { c: null } }, resolver)).toEqual({ a: ['pw', 1], b: { c: null } })
  })

  test('systemd credentials come first', async () => {
    const dir = await folder()
    const credentials = join(dir, 'credentials')
    await mkdir(credentials)
    await writeFile(join(credentials, 'ups.community'), 'from systemd')
    const resolver = createSecretResolver({ env: { CREDENTIALS_DIRECTORY: credentials }, baseDir: dir, paths: ['secrets'] })
    expect(resolver.resolve('${file:ups.community}')).toBe('from systemd')
  })

  test.each([
    ['${env:ABSENT}', /^\$\{env:ABSENT\}: the environment variable ABSENT is not set$/],
    ['${file:absent}', /^\$\{file:absent\}: no such file below secrets\.paths \(looked in .*secrets\)$/],
    ['${file:../outside}', /no such file below secrets\.paths/],
    ['${file:link}', /no such file below secrets\.paths/],
    ['${file:/etc/hostname}', /no such file below secrets\.paths/],
    ['${file:.}', /no such file below secrets\.paths/],
    ['${vault:x}', /write \$\{env:NAME\} or \$\{file:NAME\}/],
  ])('%s fails as a configuration problem that names the reference', async (text, message) => {
    const resolver = createSecretResolver({ env: {}, baseDir: await folder(), paths: ['secrets'] })
    let thrown: unknown
    try {
      resolver.resolve(text)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(ProbeError)
    expect(thrown).toMatchObject({ reason: 'config', message: expect.stringMatching(message) })
  })
})

test('redact keeps references and hides literals', () => {
  expect(redact('${env:X}')).toBe('${env:X}')
  expect(redact('hunter2')).toBe('<secret>')
  expect(redact('a${env:X}b')).toBe('<secret>${env:X}<secret>')
  expect(redact('')).toBe('')
  expect(isReference('${env:X}')).toBe(true)
  expect(isReference('x${env:X}')).toBe(false)
})
