import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AlarmEvent } from '../../core/model/alarm.ts'
import { freePort } from './free-port.ts'
import { jifang, killAll, type Program, room, writeConfig } from './jifang.ts'
import { makeTempDir } from './temp-dir.ts'
import { until } from './until.ts'

export const OPERATOR = 'zhang-token-0123456789'
export const VIEWER = 'kan-token-0123456789ab'

/** A rule that lines written over HTTP make true and untrue at once: `env,device=rack,point=T1 value=60`. */
export const RACK_HOT = `rules:
  - name: rack-hot
    title: { zh: "{point} 温度高", en: "{point} hot" }
    on: env.value
    levels: [ { severity: major, fire: "> 50", clear: "< 40" }, { severity: emergency, fire: "> 80", clear: "< 70" } ]
`

export interface RunningRoom {
  readonly dir: string
  readonly config: string
  readonly data: string
  readonly port: number
  readonly mqttPort: number
  readonly url: string
  readonly api: ReturnType<typeof room>
  readonly program: Program
  /** Starts `up`, or starts it again. */
  start(): Promise<void>
  /** Writes a file of the configuration. */
  write(name: string, text: string): Promise<void>
  /** Line protocol over HTTP; the status. */
  send(lines: string): Promise<number>
  /** Sets the temperature of the rack and waits until an event comes of it. */
  heat(value: number, kind: AlarmEvent['kind'], point?: string): Promise<AlarmEvent>
  /** A command of the operator at this room; resolves when it has ended. */
  run(args: readonly string[], env?: Record<string, string>): Promise<{ code: number | null; out: string; err: string }>
  close(): Promise<void>
}

/** `jifang up` in a folder of its own: a host that measures itself each second, and a rack that tests heat. */
export async function runningRoom(files: Readonly<Record<string, string>> = {}, extra = ''): Promise<RunningRoom> {
  const dir = await makeTempDir()
  const [port, mqttPort] = [await freePort(), await freePort()]
  const data = join(dir, 'data')
  const config = await writeConfig(join(dir, 'config'), {
    'jifang.yaml': `mqtt: { listen: "127.0.0.1:${mqttPort}" }
agent: { name: box }
web:
  listen: "127.0.0.1:${port}"
  tokens:
    - { person: 张三, role: operator, token: "\${env:ZHANG}" }
    - { person: 看客, role: viewer, token: "\${env:KAN}" }
${extra}`,
    'devices.yaml': `site: test
devices:
  - { name: box, title: 值班室主机, class: host, checks: [ { kind: host, interval: 1s, timeout: 900ms } ] }
  - { name: rack, title: 机柜 A03, class: env }
`,
    'alarms.yaml': RACK_HOT,
    ...files,
  })
  const url = `http://127.0.0.1:${port}`
  const api = room(port)
  let program: Program | null = null
  const self: RunningRoom = {
    dir,
    config,
    data,
    port,
    mqttPort,
    url,
    api,
    get program() {
      if (!program) throw new Error('not started')
      return program
    },
    async start() {
      const started = jifang(['up', '--config', config, '--data', data], { ZHANG: OPERATOR, KAN: VIEWER })
      program = started
      await until(() => started.stdout().includes('/api/v1/devices'), { timeoutMs: 20_000, what: `panel: ${started.stderr()}` })
      await api.ready()
    },
    write: (name, text) => writeFile(join(config, name), text),
    async send(lines) {
      return (await fetch(`${url}/api/v2/write`, { method: 'POST', body: lines })).status
    },
    async heat(value, kind, point = 'T1') {
      const before = (await api.alarms('all')).find(({ instance }) => instance === `point=${point}`)?.updated ?? 0
      if ((await self.send(`env,device=rack,point=${point} value=${value}`)) !== 204) throw new Error('not written')
      const alarm = await until(
        async () => (await api.alarms('all')).find(({ instance, updated }) => instance === `point=${point}` && updated > before),
        { what: `${kind} of ${point}` },
      )
      return { id: '', at: alarm.updated, kind, alarm }
    },
    async run(args, env = {}) {
      const command = jifang([...args, '--data', data], env)
      const code = await command.exited
      return { code, out: command.stdout(), err: command.stderr() }
    },
    async close() {
      await program?.stop()
      killAll()
      await rm(dir, { recursive: true, force: true })
    },
  }
  await self.start()
  return self
}
