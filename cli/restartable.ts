import type { Running } from '../core/lifecycle/stack.ts'
import type { Log } from '../core/log/log.ts'
import type { LocalConfig } from './local-config.ts'

/** A program part that takes over what a reload can't change in it by stopping and starting: on disk nothing gets lost in between. */
export interface Restartable<T extends Running, C extends LocalConfig> extends Running {
  readonly current: T
  /** Starts anew with this configuration. @throws when it does not start with it; then it runs with the old one again */
  restart(config: C): Promise<void>
  /** Takes the last restart back. */
  undo(): Promise<void>
}

export async function startRestartable<T extends Running, C extends LocalConfig>(
  name: string,
  first: C,
  start: (config: C) => Promise<T>,
  log: Log,
): Promise<Restartable<T, C>> {
  let before = first
  let config = first
  let current = await start(first)
  let stopped = false
  let busy: Promise<void> = Promise.resolve()

  /** Without it the program is of no use: it ends, so that whoever watches over it starts it clean. */
  const startAgain = async (wanted: C): Promise<void> => {
    try {
      current = await start(wanted)
    } catch (error) {
      log.error({ part: name, err: error }, 'does not start with its old settings either; the program ends')
      process.exitCode = 1
      process.kill(process.pid, 'SIGTERM')
    }
  }
  const change = async (next: C): Promise<void> => {
    await current.stop()
    if (stopped) return
    try {
      current = await start(next)
    } catch (error) {
      if (!stopped) await startAgain(config)
      throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`)
    }
    before = config
    config = next
    log.info({ part: name }, 'restarted with its new settings')
  }
  const inTurn = (next: () => C): Promise<void> => {
    const done = busy.then(() => (stopped ? undefined : change(next())))
    busy = done.catch(() => undefined)
    return done
  }
  return {
    get current() {
      return current
    },
    restart: (next) => inTurn(() => next),
    undo: () => inTurn(() => before),
    async stop() {
      stopped = true
      await busy
      await current.stop()
    },
  }
}

/** Restarts parts in this order. When one does not start, those before it go back: all run by one configuration. @throws its reason */
export async function restartAll<C extends LocalConfig>(parts: readonly Restartable<Running, C>[], next: C): Promise<void> {
  const done: Restartable<Running, C>[] = []
  for (const part of parts) {
    try {
      await part.restart(next)
    } catch (error) {
      for (const other of done.reverse()) await other.undo()
      throw error
    }
    done.push(part)
  }
}

export type Section = keyof LocalConfig['settings']

/** Sections of jifang.yaml in which two configurations differ; `site` and `agent` also when devices.yaml names them anew. */
export function changedSections(older: LocalConfig, newer: LocalConfig): ReadonlySet<Section> {
  const sections = new Set([...Object.keys(older.settings), ...Object.keys(newer.settings)] as Section[])
  const changed = new Set(
    [...sections].filter((section) => JSON.stringify(older.settings[section]) !== JSON.stringify(newer.settings[section])),
  )
  if (older.site !== newer.site) changed.add('site')
  if (older.agentName !== newer.agentName) changed.add('agent')
  return changed
}

/** Sections whose change needs a part to start anew. */
export const COLLECTOR_SECTIONS: readonly Section[] = [
  'site',
  'mqtt',
  'collector',
  'influx',
  'store',
  'journal',
  'web',
  'ingest',
  'secrets',
]
export const AGENT_SECTIONS: readonly Section[] = ['site', 'mqtt', 'agent', 'spool', 'secrets']
