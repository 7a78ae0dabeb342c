import { expect, it } from 'vitest'
import { nameOf } from '../../cli/discover-entry.ts'
import { NAME_PATTERN } from '../../core/wire/topics.ts'

it.each([
  ['SW-CORE-1.room.example', 'SW-CORE-1'],
  ['  ups 01 ', 'ups-01'],
  ['主机房空调', 'switch-10-1-2-3'],
  ['10.1.2.3', 'switch-10-1-2-3'],
  ['', 'switch-10-1-2-3'],
  ['localhost', 'switch-10-1-2-3'],
  ['---', 'switch-10-1-2-3'],
  ['_sw_1', 'sw_1'],
  ['x'.repeat(200), 'x'.repeat(63)],
])('sysName %j becomes %j', (sysName, name) => {
  expect(nameOf(sysName, 'switch', '10.1.2.3')).toBe(name)
  expect(name).toMatch(NAME_PATTERN)
})
