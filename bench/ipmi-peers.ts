import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type {} from '../test/support/ipmi-peers.ts'

export interface Peers {
  readonly ports: readonly number[]
  readonly pid: number
  close(): Promise<void>
}

/** Simulated BMCs or a delaying relay in another process; see test/support/ipmi-peers.ts for the arguments. */
export async function startPeers(...args: (string | number)[]): Promise<Peers> {
  const file = fileURLToPath(new URL('../test/support/ipmi-peers.js', import.meta.url))
  const child = spawn(process.execPath, [file, ...args.map(String)], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  return {
    ports: JSON.parse(line) as number[],
    pid: child.pid ?? 0,
    async close() {
      const ended = once(child, 'exit')
      child.stdin.end()
      await ended
    },
  }
}
