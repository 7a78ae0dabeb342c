import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ProbeError, type Reason } from '../../core/model/reason.ts'
import type { Probe, ProbeDeps, Reading } from '../probe.ts'
import { CSV_ARGUMENTS, parseSensorsCsv } from './ipmi-sensors-csv.ts'
import type { IpmiOptions } from './options.ts'
import { createTool, type Tool } from './tool.ts'

/** Drivers `freeipmi` (`address` given) and `local` (null): the tool ipmi-sensors, or the file that a root timer keeps. */
export function createToolProbe(
  address: string | null,
  options: IpmiOptions,
  intervalMs: number,
  deps: ProbeDeps,
  program = 'ipmi-sensors',
): Probe {
  if (address === null && options.file !== undefined) return fileProbe(options.file, intervalMs, deps)
  return new ToolProbe(address, options, deps, createTool(program))
}

class ToolProbe implements Probe {
  readonly #address: string | null
  readonly #options: IpmiOptions
  readonly #deps: ProbeDeps
  readonly #tool: Tool
  #folder: Promise<string> | null = null

  constructor(address: string | null, options: IpmiOptions, deps: ProbeDeps, tool: Tool) {
    this.#address = address
    this.#options = options
    this.#deps = deps
    this.#tool = tool
  }

  async run(signal: AbortSignal): Promise<Reading> {
    this.#folder ??= this.#prepare()
    const folder = await this.#folder
    const place =
      this.#address === null ? [] : ['-h', `${this.#address}:${this.#options.port}`, `--config-file=${join(folder, 'freeipmi.conf')}`]
    const { code, stdout, stderr } = await this.#tool.run([...place, ...CSV_ARGUMENTS, `--sdr-cache-directory=${folder}`], signal)
    const { samples, unreadable } = parseSensorsCsv(stdout, this.#deps.clock.now())
    if (samples.length === 0) throw toolError(code, stderr || stdout)
    if (code === 0 && unreadable === 0) return { samples }
    return { samples, reason: 'partial', detail: `ipmi-sensors ended with ${code}, ${unreadable} lines not understood` }
  }

  async close(): Promise<void> {
    await this.#tool.close()
    const folder = await this.#folder?.catch(() => null)
    if (folder) await rm(folder, { recursive: true, force: true })
  }

  /** The password goes into a file that only we can read: arguments are visible to every user of the machine. */
  async #prepare(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'jifang-ipmi-'))
    const { username, password, privilege, cipher_suites, workarounds, version, kg } = this.#options
    const level = privilege === 'administrator' ? 'ADMIN' : privilege.toUpperCase()
    const lines = [
      `username ${username}`,
      `password ${password}`,
      ...(kg === undefined ? [] : [`k_g ${kg}`]),
      `driver-type ${version === '1.5' ? 'LAN' : 'LAN_2_0'}`,
      ...(version === '1.5' ? [] : [`cipher-suite-id ${cipher_suites[0] ?? 3}`]),
      `privilege-level ${level}`,
      ...(workarounds.length === 0 ? [] : [`workaround-flags ${workarounds.join(',')}`]),
    ]
    await writeFile(join(folder, 'freeipmi.conf'), `${lines.join('\n')}\n`, { mode: 0o600 })
    return folder
  }
}

function fileProbe(file: string, intervalMs: number, deps: ProbeDeps): Probe {
  return {
    async run() {
      const { mtimeMs } = await stat(file).catch((error: unknown) => {
        throw new ProbeError('no_data', `${file} is not there: is the timer that writes it enabled?`, { cause: error })
      })
      const age = deps.clock.now() - mtimeMs
      if (age > 3 * intervalMs) throw new ProbeError('no_data', `${file} is ${Math.round(age / 1000)} s old: its timer does not run`)
      const { samples, unreadable } = parseSensorsCsv(await readFile(file, 'utf8'), mtimeMs)
      if (samples.length === 0) throw new ProbeError('no_data', `${file} holds no sensor`)
      return unreadable === 0 ? { samples } : { samples, reason: 'partial', detail: `${unreadable} lines of ${file} not understood` }
    },
  }
}

/** What FreeIPMI says when it fails, by meaning. */
const FAILURES: readonly (readonly [RegExp, Reason])[] = [
  [/username invalid|password invalid|authentication type unavailable|k_g invalid|privilege level (insufficient|cannot)/i, 'auth_failed'],
  [/cipher suite id unavailable/i, 'mismatch'],
  [/session timeout|connection timeout|message timeout/i, 'timeout'],
  [/BMC busy|driver busy|device busy/i, 'busy'],
  [/permission denied|could not find inband device|internal IPMI error|driver timeout/i, 'permission'],
]

function toolError(code: number | null, said: string): ProbeError {
  const line = said.trim().split('\n').at(-1) ?? ''
  const reason = FAILURES.find(([pattern]) => pattern.test(said))?.[1] ?? 'no_data'
  return new ProbeError(reason, `ipmi-sensors (exit ${code}): ${line || 'said nothing'}`)
}
