import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Alarm, AlarmEvent } from '../../core/model/alarm.ts'
import type { DeviceDetail } from '../../core/model/api.ts'
import { until } from './until.ts'

const MAIN = join(import.meta.dirname, '../../dist/cli/main.js')

/** The built program as an operator starts it. */
export interface Program {
  readonly pid: number
  stdout(): string
  stderr(): string
  readonly exited: Promise<number | null>
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>
  kill(): Promise<void>
  /** SIGINT, as Ctrl-C sends it. */
  interrupt(): void
  /** SIGHUP. */
  hangUp(): void
}

const running = new Set<ChildProcess>()

export function jifang(args: readonly string[], env: Record<string, string> = {}): Program {
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LANG: 'zh_CN.UTF-8', ...env },
  })
  running.add(child)
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString('utf8')
  })
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString('utf8')
  })
  const exited = new Promise<number | null>((resolve) =>
    child.once('exit', (code) => {
      running.delete(child)
      resolve(code)
    }),
  )
  return {
    pid: child.pid ?? 0,
    stdout: () => out,
    stderr: () => err,
    exited,
    stop() {
      child.kill('SIGTERM')
      return exited
    },
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
    interrupt() {
      child.kill('SIGINT')
    },
    hangUp() {
      child.kill('SIGHUP')
    },
  }
}

/** Ends what a failed test left. */
export function killAll(): void {
  for (const child of running) child.kill('SIGKILL')
}

export async function writeConfig(dir: string, files: Readonly<Record<string, string>>): Promise<string> {
  await mkdir(dir, { recursive: true })
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text)
  return dir
}

/** The collector's API as a test asks it. */
export function room(port: number) {
  const get = async <T>(path: string): Promise<T> => (await fetch(`http://127.0.0.1:${port}${path}`)).json() as Promise<T>
  return {
    get,
    ready: () =>
      until(
        () =>
          fetch(`http://127.0.0.1:${port}/readyz`).then(
            (r) => r.ok,
            () => false,
          ),
        { timeoutMs: 20_000, what: 'readyz' },
      ),
    device: (name: string) => get<DeviceDetail>(`/api/v1/devices/${name}`),
    alarms: async (state: 'open' | 'all' = 'open') => (await get<{ alarms: Alarm[] }>(`/api/v1/alarms?state=${state}`)).alarms,
  }
}

/** What `tail --json` printed so far. */
export const events = (program: Program): AlarmEvent[] =>
  program
    .stdout()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as AlarmEvent)
