import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A new empty folder, removed when the running test ends. Outside of a test call `makeTempDir` and remove it yourself. */
export async function tempDir(): Promise<string> {
  const dir = await makeTempDir()
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

export const makeTempDir = (): Promise<string> => mkdtemp(join(tmpdir(), 'jifang-test-'))
