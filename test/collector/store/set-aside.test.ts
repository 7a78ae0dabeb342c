import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { moveAside } from '../../../collector/store/set-aside.ts'
import { tempDir } from '../../support/temp-dir.ts'

test('a damaged file is moved with its log, and only the newest are kept', async () => {
  const dir = await tempDir()
  const path = join(dir, '2026-01-01.duckdb')
  for (let round = 0; round < 12; round++) {
    await writeFile(path, 'x')
    if (round === 11) await writeFile(`${path}.wal`, 'y')
    expect(await moveAside(dir, path, 1_790_000_000_000 + round)).toBe(
      join(dir, 'broken', `2026-01-01.duckdb.${1_790_000_000_000 + round}`),
    )
  }
  const kept = await readdir(join(dir, 'broken'))
  expect(kept).toHaveLength(10)
  expect(kept.filter((name) => name.endsWith('011.wal') || name.endsWith('011'))).toHaveLength(2)
  expect(await readdir(dir)).toEqual(['broken'])
})
