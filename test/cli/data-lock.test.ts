import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DataInUse, lockData, runsIn } from '../../cli/data-lock.ts'
import { tempDir } from '../support/temp-dir.ts'
import { until } from '../support/until.ts'

const statOf = (pid: number): string[] =>
  readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /, '')
    .split(' ')
const lockBy = (dir: string, pid: number): void => writeFileSync(join(dir, 'lock'), `${pid} ${statOf(pid)[19]}\n`)

describe.skipIf(process.platform !== 'linux')('the lock of a data folder', () => {
  it('belongs to a process as long as that lives', async () => {
    const dir = await tempDir()
    const child = spawn('sleep', ['60'])
    try {
      lockBy(dir, child.pid ?? 0)
      expect(runsIn(dir)).toBe(true)
      expect(() => lockData(dir)).toThrow(DataInUse)
    } finally {
      child.kill('SIGKILL')
    }
  })

  it('is free when its process was killed, although nobody has asked for its end yet', async () => {
    const dir = await tempDir()
    // the shell becomes `sleep`, which never asks after the child that it inherits
    const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] })
    try {
      const pid = await new Promise<number>((resolve) => parent.stdout.once('data', (text: Buffer) => resolve(Number(text.toString()))))
      lockBy(dir, pid)
      process.kill(pid, 'SIGKILL')
      await until(() => statOf(pid)[0] === 'Z', { what: 'zombie' })
      expect(runsIn(dir)).toBe(false)
      const unlock = lockData(dir)
      expect(readFileSync(join(dir, 'lock'), 'utf8')).toMatch(new RegExp(`^${process.pid} `))
      unlock()
    } finally {
      parent.kill('SIGKILL')
    }
  })
})
