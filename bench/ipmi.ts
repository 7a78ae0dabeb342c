import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { promisify } from 'node:util'
import { systemClock } from '../core/lifecycle/clock.ts'
import { silentLog } from '../core/log/log.ts'
import { BmcMemory, readBmc } from '../probes/ipmi/bmc.ts'
import { createIpmiClient } from '../protocols/ipmi/client.ts'
import { chooseSuites } from '../protocols/ipmi/login.ts'
import { createUdpHub } from '../protocols/ipmi/udp.ts'
import { SIM_PASSWORD, SIM_USER, startIpmiSim } from '../test/support/ipmi-sim.ts'
import { serverSensors } from '../test/support/sim-sensors.ts'
import type { Report } from './figure.ts'
import { startPeers } from './ipmi-peers.ts'
import { childrenCpuMs } from './process-cost.ts'

const SENSORS = 75
const ONE_WAY_MS = 10
/** Reads until the compiler has come to rest, as it has in an agent that runs for months. */
const WARM_UP = 20

interface Cost {
  readonly wallMs: number
  readonly cpuMs: number
}

const exec = promisify(execFile)

/**
 * A full read of 75 sensors of OpenIPMI's ipmi_sim, on loopback and behind a relay that makes the round trip 20 ms, beside
 * `ipmitool -S cache sdr` and `ipmi-sensors` with its cache. Ours is one session that stays open; the tools open one each time, as they must.
 */
export async function run(report: Report): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'jifang-bench-ipmi-'))
  const sim = await startIpmiSim(dir, serverSensors(SENSORS / 15))
  const relay = await startPeers('relay', sim.port, ONE_WAY_MS)
  const far = relay.ports[0] ?? 0
  try {
    for (const [place, port, rounds] of [
      ['loopback', sim.port, 40],
      ['20 ms RTT', far, 10],
    ] as const) {
      const tools = await measureTools(dir, port, rounds)
      for (const window of [1, 4]) {
        const ours = await measureOurs(port, window, place === 'loopback' ? 200 : rounds)
        for (const [peer, cost] of tools) {
          const name = `75 sensors, ${place}, window ${window}`
          report({ bench: 'ipmi', name: `${name}, wall`, value: ours.wallMs, unit: 'ms', peer, ratio: ours.wallMs / cost.wallMs })
          report({ bench: 'ipmi', name: `${name}, CPU`, value: ours.cpuMs, unit: 'ms', peer, ratio: ours.cpuMs / cost.cpuMs })
        }
      }
      for (const [peer, cost] of tools) {
        report({ bench: 'ipmi', name: `75 sensors, ${place}, ${peer}, wall`, value: cost.wallMs, unit: 'ms' })
        report({ bench: 'ipmi', name: `75 sensors, ${place}, ${peer}, CPU`, value: cost.cpuMs, unit: 'ms' })
      }
    }
  } finally {
    await relay.close()
    await sim.stop()
    await rm(dir, { recursive: true, force: true })
  }
}

async function measureOurs(port: number, window: number, rounds: number): Promise<Cost> {
  const client = createIpmiClient(
    {
      address: '127.0.0.1',
      port,
      username: SIM_USER,
      password: SIM_PASSWORD,
      privilege: 'user',
      version: '2.0',
      suites: chooseSuites([3], false),
      window,
    },
    { hub: createUdpHub(), clock: systemClock, log: silentLog },
  )
  const memory = new BmcMemory(client, { exclude: [], thresholdsMs: Number.POSITIVE_INFINITY })
  const read = async (): Promise<void> => {
    const { results, failure } = await readBmc(client, memory, 0, AbortSignal.timeout(30_000))
    if (failure || results.length !== SENSORS) throw new Error(`read ${results.length} of ${SENSORS} sensors: ${failure?.message ?? ''}`)
  }
  for (let i = 0; i < WARM_UP; i++) await read()
  const cpu = process.cpuUsage()
  const started = performance.now()
  for (let i = 0; i < rounds; i++) await read()
  const wallMs = (performance.now() - started) / rounds
  const spent = process.cpuUsage(cpu)
  await client.close()
  return { wallMs, cpuMs: (spent.user + spent.system) / 1000 / rounds }
}

async function measureTools(dir: string, port: number, rounds: number): Promise<Map<string, Cost>> {
  const env = { ...process.env, IPMI_PASSWORD: SIM_PASSWORD }
  const cache = join(dir, `sdr-${port}.cache`)
  const lan = ['-I', 'lanplus', '-H', '127.0.0.1', '-p', String(port), '-U', SIM_USER, '-E', '-C', '3']
  await exec('ipmitool', [...lan, 'sdr', 'dump', cache], { env })
  const config = join(dir, 'freeipmi.conf')
  await writeFile(
    config,
    `username ${SIM_USER}\npassword ${SIM_PASSWORD}\nprivilege-level USER\ndriver-type LAN_2_0\ncipher-suite-id 3\nworkaround-flags opensesspriv\n`,
    { mode: 0o600 },
  )
  const free = [
    '-h',
    `127.0.0.1:${port}`,
    `--config-file=${config}`,
    `--sdr-cache-directory=${dir}`,
    '--quiet-cache',
    '--comma-separated-output',
  ]
  await exec('ipmi-sensors', [...free, '--sdr-cache-recreate'])
  return new Map([
    ['ipmitool -S cache sdr', await measureTool(() => exec('ipmitool', [...lan, '-S', cache, '-c', 'sdr', 'list'], { env }), rounds)],
    ['ipmi-sensors cached', await measureTool(() => exec('ipmi-sensors', free), rounds)],
    ['ipmi-sensors cached, states', await measureTool(() => exec('ipmi-sensors', [...free, '--output-sensor-state']), rounds)],
  ])
}

/** CPU of the tool alone: what the kernel charges to ended children. */
async function measureTool(work: () => Promise<{ stdout: string }>, rounds: number): Promise<Cost> {
  const cpu = childrenCpuMs(process.pid)
  const started = performance.now()
  for (let i = 0; i < rounds; i++) {
    const { stdout } = await work()
    const lines = stdout.trim().split('\n').length
    if (lines < SENSORS) throw new Error(`the tool printed ${lines} lines for ${SENSORS} sensors`)
  }
  const wallMs = (performance.now() - started) / rounds
  return { wallMs, cpuMs: (childrenCpuMs(process.pid) - cpu) / rounds }
}
