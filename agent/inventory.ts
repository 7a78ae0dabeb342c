import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import type { Clock } from '../core/lifecycle/clock.ts'
import type { Running } from '../core/lifecycle/stack.ts'
import type { Log } from '../core/log/log.ts'
import type { Sample } from '../core/model/sample.ts'
import type { Emit } from '../probes/probe.ts'

export interface InventoryDeps {
  readonly site: string
  /** The device that the agent is. */
  readonly device: string
  readonly emit: Emit
  readonly clock: Clock
  readonly log: Log
  /** After the start, when the first measurements are through; ms. */
  readonly firstMs?: number
  readonly everyMs?: number
}

const FIRST_MS = 20_000
const EVERY_MS = 6 * 3_600_000
const DEADLINE_MS = 60_000

/**
 * systeminformation asks a dozen programs and costs 11 MB for ever once loaded: it does so in a process of its own, which ends.
 * Its path is the script's only argument.
 */
const SCRIPT = `
const si = require(process.argv[1])
Promise.all([si.osInfo(), si.system(), si.cpu(), si.mem()]).then(([os, system, cpu, mem]) =>
  process.stdout.write(JSON.stringify({
    os: [os.distro, os.release].filter(Boolean).join(' '), kernel: os.kernel, arch: os.arch, hostname: os.hostname,
    manufacturer: system.manufacturer, model: system.model, serial: system.serial, virtual: system.virtual === true,
    cpu: [cpu.manufacturer, cpu.brand].filter(Boolean).join(' '), cores: cpu.cores, memory_bytes: mem.total,
  })))
`

/** What the machine is, as measurement `host_info`: soon after the start and every six hours. */
export function startInventory(deps: InventoryDeps): Running {
  const stopping = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()
  const arm = (delayMs: number): void => {
    timer = setTimeout(() => {
      running = take()
    }, delayMs)
    timer.unref()
  }
  const take = async (): Promise<void> => {
    try {
      deps.emit([await readInventory(deps, stopping.signal)])
    } catch (error) {
      if (!stopping.signal.aborted) deps.log.warn({ err: error }, 'inventory of this host failed')
    }
    if (!stopping.signal.aborted) arm(deps.everyMs ?? EVERY_MS)
  }
  arm(deps.firstMs ?? FIRST_MS)
  return {
    async stop() {
      stopping.abort()
      clearTimeout(timer)
      await running
    },
  }
}

/** Throws when systeminformation fails or takes longer than a minute. */
export async function readInventory(deps: Pick<InventoryDeps, 'site' | 'device' | 'clock'>, signal: AbortSignal): Promise<Sample> {
  const path = createRequire(import.meta.url).resolve('systeminformation')
  const options = { timeout: DEADLINE_MS, killSignal: 'SIGKILL', signal, windowsHide: true } as const
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', SCRIPT, path], options)
  const found: unknown = JSON.parse(stdout)
  const fields: Record<string, string | number | boolean> = {}
  for (const [key, value] of Object.entries(found ?? {})) {
    // Firmware that was never filled in says so in many ways.
    if (typeof value === 'string' && /^(|-|unknown|default string|to be filled by o\.e\.m\.)$/i.test(value.trim())) continue
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') fields[key] = value
  }
  return { measurement: 'host_info', tags: { site: deps.site, device: deps.device }, fields, time: deps.clock.now() }
}
