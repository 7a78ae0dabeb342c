import { basename } from 'node:path'
import { Command } from 'commander'
import { systemClock } from '../core/lifecycle/clock.ts'
import { type SimulatedDevice, startSimulator } from '../protocols/snmp/simulator.ts'
import { readRecording } from './snmp-replay.ts'
import { number, upTo } from './snmp-target.ts'

interface SimulateOptions {
  readonly port?: number
  readonly host: string
  readonly community?: string
  readonly delay: number
  readonly loss: number
  readonly vary?: boolean
}

export function simulateCommand(): Command {
  return new Command('simulate')
    .description('serve recordings as SNMP v1/v2c devices, one port each, until Ctrl-C')
    .argument('<file...>', '.snmprec files')
    .option('--port <port>', 'UDP port of the first; the others follow (default: free ones)', upTo(65_535))
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--community <name>', 'answer this community only (default: any)')
    .option('--delay <ms>', 'wait before each answer', number, 0)
    .option('--loss <percent>', 'leave so many requests unanswered', upTo(100), 0)
    .option('--vary', 'let counters count and measured values move')
    .action(simulate)
}

async function simulate(files: string[], options: SimulateOptions): Promise<void> {
  const devices: SimulatedDevice[] = []
  try {
    for (const [i, file] of files.entries()) {
      const device = await startSimulator({
        varbinds: await readRecording(file),
        host: options.host,
        ...(options.port === undefined ? {} : { port: options.port + i }),
        ...(options.community === undefined ? {} : { community: options.community }),
        delayMs: options.delay,
        loss: options.loss / 100,
        vary: options.vary === true,
        clock: systemClock,
      })
      devices.push(device)
      process.stdout.write(`${device.host}:${device.port} ${basename(file)}\n`)
    }
    await new Promise<void>((resolve) => {
      process.once('SIGINT', resolve)
      process.once('SIGTERM', resolve)
    })
  } finally {
    await Promise.all(devices.map((device) => device.close()))
  }
}
