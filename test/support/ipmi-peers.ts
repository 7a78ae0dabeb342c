import { startBmc } from './bmc.ts'
import { serverSensors } from './sim-sensors.ts'
import { startUdpRelay } from './udp-relay.ts'

/**
 * Run as a process of its own, so that what it costs is not counted to the program that is measured:
 * `relay TARGET_PORT ONE_WAY_MS` or `bmcs COUNT SENSOR_GROUPS SLOW SLOW_MS`. Prints its ports as JSON; ends when its standard input does.
 */
async function main([role, ...numbers]: string[]): Promise<void> {
  const [first = 0, second = 0, slow = 0, slowMs = 0] = numbers.map(Number)
  if (role === 'relay') {
    const relay = await startUdpRelay(first, second)
    process.stdout.write(`${JSON.stringify([relay.port])}\n`)
  } else {
    const ports: number[] = []
    for (let i = 0; i < first; i++) {
      const bmc = await startBmc({ sensors: serverSensors(second) })
      if (i < slow) bmc.fault = (bytes) => [{ bytes, afterMs: slowMs }]
      ports.push(bmc.port)
    }
    process.stdout.write(`${JSON.stringify(ports)}\n`)
  }
  process.stdin.resume().once('end', () => process.exit(0))
}

if (process.argv[1]?.includes('ipmi-peers')) await main(process.argv.slice(2))
