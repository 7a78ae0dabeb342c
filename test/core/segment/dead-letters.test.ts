import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { deadLetterFile } from '../../../core/segment/dead-letters.ts'
import { tempDir } from '../../support/temp-dir.ts'

test('letters are kept over restarts, bounded, and what is dropped is told', async () => {
  const dir = await tempDir()
  let dropped = 0
  const open = () => deadLetterFile({ dir, name: 'influx', maxBytes: 20_000, onDropped: (bytes) => (dropped += bytes) })
  const letter = (seq: number) => ({ at: 1, reason: 'field type conflict', agent: 'a', session: 's', seq, line: `m v=${seq} 温度` })
  for (let seq = 0; seq < 100; seq++) await open().add([letter(seq)])
  const lines = (await readFile(join(dir, 'influx.jsonl'), 'utf8')).trim().split('\n')
  expect(JSON.parse(lines.at(-1) ?? '')).toEqual(letter(99))
  expect(dropped).toBe(0)
  for (let seq = 100; seq < 500; seq += 20) await open().add(Array.from({ length: 20 }, (_, at) => letter(seq + at)))
  const bytes = async (name: string) => (await stat(join(dir, name))).size
  expect((await bytes('influx.jsonl')) + (await bytes('influx.1.jsonl'))).toBeLessThanOrEqual(20_000)
  expect(dropped).toBeGreaterThan(0)
})
