import { join } from 'node:path'
import type { SecretResolver } from '../core/config/secrets.ts'
import type { Clock } from '../core/lifecycle/clock.ts'
import type { Counters } from '../core/lifecycle/counters.ts'
import type { Running } from '../core/lifecycle/stack.ts'
import type { Log } from '../core/log/log.ts'
import type { Sample } from '../core/model/sample.ts'
import { type Notify, startNotify } from '../notify/notify.ts'
import type { CollectorConfig } from './collector.ts'
import { SELF } from './self.ts'

export interface Notifying extends Running {
  readonly current: Notify
  /** With the room's configuration as it is now; what is owed stays owed. */
  restart(): Promise<void>
}

export interface NotifyingDeps {
  readonly secrets: SecretResolver
  readonly log: Log
  readonly clock: Clock
  readonly counters: Counters
}

/** The notices, started anew when people or channels change. The channels' health goes the way of all samples. */
export async function openNotifying(
  dataDir: string,
  room: { readonly config: CollectorConfig },
  write: (samples: readonly Sample[]) => Promise<void>,
  deps: NotifyingDeps,
): Promise<Notifying> {
  const open = (): Promise<Notify> =>
    startNotify({
      ...deps,
      dir: join(dataDir, 'outbox'),
      eventsFile: join(dataDir, 'alarms.jsonl'),
      config: room.config.notify,
      titles: (device) => room.config.inventory.devices.find(({ name }) => name === device),
      onHealth: (samples) => {
        write(samples.map((sample) => ({ ...sample, tags: { device: SELF, ...sample.tags } }))).catch((error: unknown) =>
          deps.log.debug({ err: error }, 'the health of the channels could not be journalled'),
        )
      },
    })
  let current = await open()
  return {
    get current() {
      return current
    },
    async restart() {
      await current.stop()
      current = await open()
    },
    stop: () => current.stop(),
  }
}
