import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { pingBmc } from '../../protocols/ipmi/ping.ts'
import { freePort, freeUdpPort } from './free-port.ts'
import { type SimSensor, sensorSdrs } from './sim-sensors.ts'
import { until } from './until.ts'

/** OpenIPMI's ipmi_sim on loopback: user `admin`, password `s3cret-pw`, also `monitor` with USER privilege. */
export interface IpmiSim {
  readonly port: number
  /** `sensor_set_value 0x20 0 1 40 1` and other ipmi_sim_cmd(5) lines. */
  command(line: string): Promise<void>
  stop(): Promise<void>
}

export const SIM_USER = 'admin'
export const SIM_PASSWORD = 's3cret-pw'

export async function startIpmiSim(dir: string, sensors: readonly SimSensor[]): Promise<IpmiSim> {
  const port = await freeUdpPort()
  const consolePort = await freePort()
  await mkdir(join(dir, 'state', 'ipmi_sim', 'bmc1'), { recursive: true })
  await writeFile(join(dir, 'lan.conf'), lanConf(port, consolePort))
  await writeFile(join(dir, 'bmc1.emu'), emulation(sensors))
  const args = ['-c', join(dir, 'lan.conf'), '-f', join(dir, 'bmc1.emu'), '-s', join(dir, 'state'), '-n']
  const child = spawn('ipmi_sim', args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output = (output + chunk).slice(-4000)))
  await until(async () => child.exitCode !== null || (await pingBmc('127.0.0.1', { port, timeoutMs: 200 })) !== null, {
    what: 'ipmi_sim answers',
  })
  if (child.exitCode !== null) throw new Error(`ipmi_sim ended with ${child.exitCode}: ${output}`)
  return { port, command: (line) => sendCommand(consolePort, line), stop: () => stop(child) }
}

function lanConf(port: number, consolePort: number): string {
  const levels = ['callback', 'user', 'operator', 'admin'].map((level) => `    allowed_auths_${level} none md2 md5 straight`)
  return [
    'name "bmc1"',
    `console 127.0.0.1 ${consolePort}`,
    'set_working_mc 0x20',
    '  startlan 1',
    `    addr 127.0.0.1 ${port}`,
    '    priv_limit admin',
    ...levels,
    '    guid a123456789abcdefa123456789abcdef',
    '  endlan',
    '  user 1 false "" "test" user 10 none md2 md5 straight',
    `  user 2 true "${SIM_USER}" "${SIM_PASSWORD}" admin 10 none md2 md5 straight`,
    `  user 3 true "monitor" "${SIM_PASSWORD}" user 10 none md2 md5 straight`,
    '',
  ].join('\n')
}

function emulation(sensors: readonly SimSensor[]): string {
  const lines = ['mc_setbmc 0x20', 'mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x000002 0x00dc persist_sdr', 'sel_enable 0x20 1000 0x0a']
  for (const sensor of sensors) {
    const at = `0x20 0 ${sensor.number}`
    lines.push(`sensor_add ${at} ${sensor.type} ${sensor.eventType}`)
    if (sensor.eventType === 1) {
      const [lnc = 0, lcr = 0, lnr = 0, unc = 0, ucr = 0, unr = 0] = sensor.limits ?? []
      const readable = sensor.thresholds ?? (sensor.limits ? 0x3f : 0)
      const enabled = readable.toString(2).padStart(6, '0')
      if (readable !== 0) lines.push(`sensor_set_threshold ${at} settable ${enabled} ${unr} ${ucr} ${unc} ${lnr} ${lcr} ${lnc}`)
      lines.push(`sensor_set_event_support ${at} enable scanning per-state 000111111111111 000111111111111 000111111111111 000111111111111`)
      lines.push(`sensor_set_value ${at} ${sensor.raw} 0`)
    } else {
      lines.push(`sensor_set_event_support ${at} enable scanning per-state 111111111111111 111111111111111 111111111111111 111111111111111`)
      for (let bit = 0; bit < 15; bit++) if (sensor.raw & (1 << bit)) lines.push(`sensor_set_bit ${at} ${bit} 1 0`)
    }
  }
  for (const sdr of sensorSdrs(sensors)) lines.push(`main_sdr_add 0x20 ${[...sdr].join(' ')}`)
  return `${lines.join('\n')}\nmc_enable 0x20\n`
}

/** The console answers with a prompt when the command is done. */
function sendCommand(port: number, line: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let text = ''
    socket.setTimeout(5000, () => socket.destroy(new Error(`ipmi_sim's console did not answer "${line}": ${text}`)))
    socket.once('error', reject)
    socket.once('connect', () => socket.write(`${line}\r\n`))
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      if (text.split('>').length < 3) return
      socket.end()
      resolve()
    })
  })
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 2000)
  await ended
  clearTimeout(timer)
}
