import type { Running } from '../core/lifecycle/stack.ts'
import type { Log } from '../core/log/log.ts'
import type { LoadedConfig } from './load-config.ts'

/** A program part that takes over what a reload can't change in it by stopping and starting: on disk nothing gets lost in between. */
export interface Restartable<T extends Running> extends Running {
  readonly current: T
  /** Starts anew with this configuration; when that fails, with the old one. */
  restart(config: LoadedConfig): Promise<void>
}

export async function startRestartable<T extends Running>(
  name: string,
  first: LoadedConfig,
  start: (config: LoadedConfig) => Promise<T>,
  log: Log,
): Promise<Restartable<T>> {
  let config = first
  let current = await start(first)
  return {
    get current() {
      return current
    },
    async restart(next) {
      await current.stop()
      try {
        current = await start(next)
        config = next
        log.info({ part: name }, 'restarted with its new settings')
      } catch (error) {
        log.error({ part: name, err: error }, 'does not start with its new settings; the old ones stay in force')
        current = await start(config)
      }
    },
    stop: () => current.stop(),
  }
}

export type Section = keyof LoadedConfig['settings']

/** Sections of jifang.yaml in which two configurations differ. */
export function changedSections(older: LoadedConfig, newer: LoadedConfig): ReadonlySet<Section> {
  const sections = new Set([...Object.keys(older.settings), ...Object.keys(newer.settings)] as Section[])
  return new Set([...sections].filter((section) => JSON.stringify(older.settings[section]) !== JSON.stringify(newer.settings[section])))
}

/** Sections whose change needs a part to start anew. */
export const COLLECTOR_SECTIONS: readonly Section[] = ['mqtt', 'collector', 'influx', 'store', 'journal', 'web', 'ingest', 'secrets']
export const AGENT_SECTIONS: readonly Section[] = ['mqtt', 'agent', 'spool', 'secrets']
