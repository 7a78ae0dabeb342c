import { createSharedPool, type Lease } from '../../core/lifecycle/shared.ts'
import { ProbeError } from '../../core/model/reason.ts'
import { type LineOptions, lineAddress, lineKey } from '../line/address.ts'
import { createLine, type Line } from '../line/line.ts'

/** The UPS gave the command back, as these do with one they don't know. */
export class UnknownCommand extends ProbeError {}

const pool = createSharedPool<Line>((line) => line.close())

export function leaseMegatecLine(owner: object, options: LineOptions, deviceAddress: string | undefined): Lease<Line> {
  const address = lineAddress(options, deviceAddress, { port: 4001, baud: 2400 })
  return pool.lease(owner, lineKey(address), () => createLine(address))
}

/** What the UPS answers to a command, without the carriage return. Throws ProbeError. */
export async function megatecAsk(line: Line, command: string, timeoutMs: number, signal: AbortSignal): Promise<string> {
  const answer = await line.ask(Buffer.from(`${command}\r`, 'latin1'), takeAnswer, timeoutMs, signal)
  if (answer === command || /^\(?NAK$/i.test(answer)) throw new UnknownCommand('no_such', `${line.name}: the UPS does not know ${command}`)
  return answer
}

/** Noise before the answer's first mark is passed over: adapters send some when they are powered up. */
function takeAnswer(bytes: Buffer): string | null {
  const end = bytes.indexOf(0x0d)
  if (end < 0) return null
  const text = bytes.subarray(0, end).toString('latin1')
  const start = Math.max(text.lastIndexOf('('), text.lastIndexOf('#'))
  return text.slice(Math.max(0, start)).trim()
}
