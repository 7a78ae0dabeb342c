import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { SIM_PASSWORD, SIM_USER } from './ipmi-sim.ts'

const run = promisify(execFile)

/** ipmitool against a simulator on loopback; password by environment. */
export async function ipmitool(port: number, how: readonly string[], command: readonly string[]): Promise<string> {
  const args = ['-H', '127.0.0.1', '-p', String(port), '-U', SIM_USER, '-E', ...how, ...command]
  const { stdout } = await run('ipmitool', args, { env: { ...process.env, IPMI_PASSWORD: SIM_PASSWORD }, timeout: 30_000 })
  return stdout
}

export const SUITE_3 = ['-I', 'lanplus', '-C', '3'] as const
export const SUITE_17 = ['-I', 'lanplus', '-C', '17'] as const
export const IPMI_15 = ['-I', 'lan', '-L', 'USER'] as const

/** ipmi-sensors against a simulator on loopback; password by a file only we can read. `suite` null = IPMI 1.5. */
export async function ipmiSensors(port: number, dir: string, suite: number | null, args: readonly string[]): Promise<string> {
  const config = join(dir, 'freeipmi.conf')
  const driver = suite === null ? ['driver-type LAN'] : ['driver-type LAN_2_0', `cipher-suite-id ${suite}`, 'workaround-flags opensesspriv']
  await writeFile(config, [`username ${SIM_USER}`, `password ${SIM_PASSWORD}`, 'privilege-level USER', ...driver, ''].join('\n'), {
    mode: 0o600,
  })
  const { stdout } = await run(
    'ipmi-sensors',
    ['-h', `127.0.0.1:${port}`, `--config-file=${config}`, `--sdr-cache-directory=${dir}`, ...args],
    {
      timeout: 30_000,
    },
  )
  return stdout
}

export interface ToolSensor {
  readonly name: string
  readonly value: string
  readonly unit: string
  readonly state: string
  /** lnr, lcr, lnc, unc, ucr, unr */
  readonly limits: readonly string[]
}

/** The table that `ipmitool sensor` prints. */
export function parseSensorTable(text: string): ToolSensor[] {
  return text
    .split('\n')
    .filter((line) => line.includes('|'))
    .map((line) => {
      const [name = '', value = '', unit = '', state = '', ...limits] = line.split('|').map((cell) => cell.trim())
      return { name, value, unit, state, limits: limits.slice(0, 6) }
    })
}
