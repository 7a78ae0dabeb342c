import { join } from 'node:path'
import type { Inventory } from '../core/inventory/model.ts'
import { type Clock, systemClock } from '../core/lifecycle/clock.ts'
import { type Running, StopStack } from '../core/lifecycle/stack.ts'
import type { Log } from '../core/log/log.ts'
import type { Varbind } from '../core/profile/varbind.ts'
import { createVariation, startSimulator } from '../protocols/snmp/simulator.ts'
import { demoConfigDir } from './demo-place.ts'
import { readRecording } from './snmp-replay.ts'

/** Something that happens in the simulated room, again and again, so that a newcomer sees alarms come and go. Seconds from the start of a round. */
interface Scene {
  readonly device: string
  readonly oid: string
  readonly from: number
  readonly to: number
  /** What the object answers `seconds` into the scene. */
  readonly value: (seconds: number) => number
}

const ROUND_SECONDS = 300
const UPS = '1.3.6.1.2.1.33.1'
const STATION = '1.3.6.1.4.1.99999'

const STORY: readonly Scene[] = [
  // the mains fail for forty seconds
  { device: 'demo-ups', oid: `${UPS}.4.1.0`, from: 60, to: 100, value: () => 5 },
  { device: 'demo-ups', oid: `${UPS}.2.2.0`, from: 60, to: 100, value: (seconds) => Math.floor(seconds) },
  { device: 'demo-ups', oid: `${UPS}.2.4.0`, from: 60, to: 160, value: (seconds) => Math.round(98 - Math.min(seconds, 40) / 4) },
  { device: 'demo-ups', oid: `${UPS}.3.3.1.3.1`, from: 60, to: 100, value: () => 0 },
  // water under the floor for half a minute
  { device: 'demo-env', oid: `${STATION}.1.3.0`, from: 150, to: 180, value: () => 1 },
  // somebody opens the door
  { device: 'demo-env', oid: `${STATION}.1.4.0`, from: 210, to: 222, value: () => 1 },
  // a port goes down and comes back
  { device: 'demo-switch', oid: '1.3.6.1.2.1.2.2.1.8.4', from: 235, to: 275, value: () => 2 },
]

/** Serves the walks of the demonstration room on the loopback ports that its devices.yaml names. */
export async function startDemoRoom(inventory: Inventory, log: Log): Promise<Running> {
  const stack = new StopStack(log)
  try {
    for (const device of inventory.devices) {
      const port = device.checks.map((check) => portOf(check.options)).find((found) => found !== undefined)
      if (port === undefined) continue
      const varbinds = await readRecording(join(demoConfigDir, 'walks', `${device.name}.snmprec`))
      const simulated = await startSimulator({
        varbinds,
        port,
        community: 'demo',
        vary: play(device.name, systemClock),
        clock: systemClock,
      }).catch((error: NodeJS.ErrnoException) => {
        const what = error.code === 'EADDRINUSE' ? 'it is taken by another program (a second demonstration?); stop that one' : error.message
        throw new Error(`the demonstration needs UDP port ${port} of 127.0.0.1 for ${device.name}: ${what}`)
      })
      stack.push(device.name, () => simulated.close())
    }
    return stack
  } catch (error) {
    await stack.stop()
    throw error
  }
}

function portOf(options: Readonly<Record<string, unknown>>): number | undefined {
  const via = (options.via as { snmp?: { port?: unknown } } | undefined)?.snmp?.port
  const port = options.port ?? via
  return typeof port === 'number' ? port : undefined
}

/** Values move a little, and the scenes of the story replace them while they last. */
function play(device: string, clock: Clock): (varbind: Varbind) => Varbind {
  const move = createVariation(clock)
  const start = clock.monotonic()
  const scenes = STORY.filter((scene) => scene.device === device)
  return (varbind) => {
    const second = ((clock.monotonic() - start) / 1000) % ROUND_SECONDS
    const scene = scenes.find(({ oid, from, to }) => oid === varbind.oid && second >= from && second < to)
    return scene ? { ...varbind, value: scene.value(second - scene.from) } : move(varbind)
  }
}
