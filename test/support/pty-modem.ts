import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { ModemSimulator } from './modem.ts'
import { makeTempDir } from './temp-dir.ts'
import { which } from './tools.ts'
import { until } from './until.ts'

export interface PtyModem {
  readonly simulator: ModemSimulator
  /** The device that a driver opens. */
  readonly device: string
  /** Takes the device away, as pulling the USB plug does. */
  unplug(): Promise<void>
  plug(): Promise<void>
  close(): Promise<void>
}

/** A simulated modem on a real pty: socat joins the pty with a socket that the simulator serves. */
export async function startPtyModem(simulator = new ModemSimulator()): Promise<PtyModem> {
  const dir = await makeTempDir()
  const path = join(dir, 'modem.sock')
  const device = join(dir, 'ttyA')
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    simulator.attach(
      (text) => {
        if (!socket.destroyed) socket.write(text, 'latin1')
      },
      () => socket.destroy(),
    )
    socket.on('data', (bytes) => simulator.feed(bytes))
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  let child: ChildProcess | null = null
  const plug = async () => {
    const started = spawn(which('socat') ?? 'socat', [`pty,raw,echo=0,link=${device}`, `unix-connect:${path}`], { stdio: 'ignore' })
    child = started
    await until(() => existsSync(device) && sockets.size > 0, { what: 'socat pty' })
  }
  const unplug = async () => {
    const running = child
    child = null
    if (!running || running.exitCode !== null || running.signalCode !== null) return
    const ended = new Promise((resolve) => running.once('exit', resolve))
    running.kill('SIGTERM')
    await ended
  }
  await plug()
  return {
    simulator,
    device,
    plug,
    unplug,
    close: async () => {
      await unplug()
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
      await rm(dir, { recursive: true, force: true })
    },
  }
}
