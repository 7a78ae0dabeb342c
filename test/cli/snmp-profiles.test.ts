import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadOwnProfiles, profileFolders } from '../../cli/snmp-profiles.ts'
import { tempDir } from '../support/temp-dir.ts'

test('the shipped profiles are nobody’s own, also where the configuration folder is the package’s', async () => {
  expect(profileFolders('config')).toEqual([join(import.meta.dirname, '../../config/profiles')])
  expect(await loadOwnProfiles('config')).toEqual([])
})

test('a profile of the operator is their own', async () => {
  const dir = await tempDir()
  await mkdir(join(dir, 'profiles'))
  await cp('config/profiles/ups-mib.yaml', join(dir, 'profiles/ups-mib.yaml'))
  expect(profileFolders(dir)).toHaveLength(2)
  expect((await loadOwnProfiles(dir)).map(({ profile }) => profile)).toEqual(['ups-mib'])
})
