import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { makeTempDir } from './temp-dir.ts'
import { which } from './tools.ts'
import { until } from './until.ts'

export interface SerialLine {
  /** The two ends; with a TCP port there is only `near`. */
  readonly near: string
  readonly far: string
  close(): Promise<void>
}

/** A null-modem cable: two ptys joined by socat, or one that leads to a TCP port of 127.0.0.1. */
export async function startSerialLine(tcpPort?: number): Promise<SerialLine> {
  const dir = await makeTempDir()
  const [near, far] = [join(dir, 'near'), join(dir, 'far')]
  const other = tcpPort === undefined ? `pty,raw,echo=0,link=${far}` : `tcp:127.0.0.1:${tcpPort}`
  const child = spawn(which('socat') ?? 'socat', [`pty,raw,echo=0,link=${near}`, other], { stdio: 'ignore' })
  await until(() => existsSync(near) && (tcpPort !== undefined || existsSync(far)), { what: 'socat pty' })
  return {
    near,
    far,
    async close() {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = new Promise((resolve) => child.once('exit', resolve))
        child.kill('SIGTERM')
        await ended
      }
      await rm(dir, { recursive: true, force: true })
    },
  }
}
