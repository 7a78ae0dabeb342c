import { expect, test } from 'vitest'
import { failureOf } from '../../../collector/store/database.ts'
import { fileName, parseFileName } from '../../../collector/store/day-file.ts'

test.each([
  ['IO Error: The file "/x.duckdb" exists, but it is not a valid DuckDB database file!', 'corrupt'],
  ['IO Error: Corrupt database file: computed checksum 1 does not match stored checksum 2 in block at location 4096', 'corrupt'],
  ['IO Error: Could not set lock on file "/x.duckdb": Conflicting lock is held in node (PID 12)', 'refused'],
  ['TransactionContext Error: Failed to commit: Could not write file "/x.wal": No space left on device', 'refused'],
  ['IO Error: Cannot open file "/x/y.duckdb": Permission denied', 'refused'],
  ['Out of Memory Error: could not allocate block of size 256 KiB', 'refused'],
  ['INTERRUPT Error: Interrupted!', 'interrupted'],
  ['FATAL Error: Failed: database has been invalidated because of a previous fatal error.', 'fatal'],
  ['something never seen before', 'refused'],
] as const)('%s: %s', (message, failure) => {
  expect(failureOf(new Error(message))).toBe(failure)
})

test('file names tell day and role', () => {
  for (const role of ['main', 'late'] as const) expect(parseFileName(fileName(20_000, role))).toEqual({ day: 20_000, role })
  for (const name of ['cursor', '2026-13-40.duckdb', '2026-01-01.duckdb.wal', '2026-01-01.duckdb.new'])
    expect(parseFileName(name)).toBeNull()
})
