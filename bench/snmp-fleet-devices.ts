import { systemClock } from '../core/lifecycle/clock.ts'
import { startSimulator } from '../protocols/snmp/simulator.ts'
import { parseRecording } from '../protocols/snmp/snmprec.ts'

/** How the devices of the fleet behave, by number: of each twenty one is dead, one slow, one loses packets. */
export type Manner = 'healthy' | 'dead' | 'slow' | 'lossy'
const MANNERS: Readonly<Record<number, Manner>> = { 3: 'dead', 9: 'slow', 15: 'lossy' }
export const mannerOf = (n: number): Manner => MANNERS[n % 20] ?? 'healthy'
/** Each has an address of its own on the loopback network. */
export const addressOf = (n: number): string => `127.20.${Math.floor(n / 200)}.${(n % 200) + 1}`

/** A three-phase UPS by RFC 1628. */
const UPS = `
1.3.6.1.2.1.1.1.0|4|Simulated UPS
1.3.6.1.2.1.1.2.0|6|1.3.6.1.2.1.33
1.3.6.1.2.1.1.3.0|67|8640000
1.3.6.1.2.1.1.5.0|4|ups
1.3.6.1.2.1.33.1.1.1.0|4|Simulated
1.3.6.1.2.1.33.1.1.2.0|4|UPS-20K
1.3.6.1.2.1.33.1.2.1.0|2|2
1.3.6.1.2.1.33.1.2.2.0|2|0
1.3.6.1.2.1.33.1.2.3.0|2|45
1.3.6.1.2.1.33.1.2.4.0|2|100
1.3.6.1.2.1.33.1.2.5.0|2|2735
1.3.6.1.2.1.33.1.2.7.0|2|25
1.3.6.1.2.1.33.1.3.1.0|65|4
${[1, 2, 3].map((line) => `1.3.6.1.2.1.33.1.3.3.1.2.${line}|2|500\n1.3.6.1.2.1.33.1.3.3.1.3.${line}|2|23${line}\n1.3.6.1.2.1.33.1.3.3.1.4.${line}|2|61`).join('\n')}
1.3.6.1.2.1.33.1.4.1.0|2|3
1.3.6.1.2.1.33.1.4.2.0|2|500
${[1, 2, 3].map((line) => `1.3.6.1.2.1.33.1.4.4.1.2.${line}|2|230\n1.3.6.1.2.1.33.1.4.4.1.3.${line}|2|58\n1.3.6.1.2.1.33.1.4.4.1.4.${line}|2|1300\n1.3.6.1.2.1.33.1.4.4.1.5.${line}|2|2${line}`).join('\n')}
1.3.6.1.2.1.33.1.6.1.0|66|0
`
export const UPS_VARBINDS = parseRecording(UPS).varbinds

/** Starts devices 0 … count − 1 on one port; for the process that the bench forks. */
async function serve(count: number, port: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    const manner = mannerOf(n)
    if (manner === 'dead') continue
    await startSimulator({
      varbinds: UPS_VARBINDS,
      host: addressOf(n),
      port,
      delayMs: manner === 'slow' ? 3000 : 0,
      loss: manner === 'lossy' ? 0.3 : 0,
      vary: true,
      clock: systemClock,
    })
  }
  process.send?.('ready')
  process.once('disconnect', () => process.exit(0))
}

const [role, count, port] = process.argv.slice(2)
if (role === 'serve-fleet') await serve(Number(count), Number(port))
