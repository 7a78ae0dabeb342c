import { formatIssue } from '../core/config/document.ts'
import type { Log } from '../core/log/log.ts'
import type { LoadedConfig } from './load-config.ts'
import { watchConfig } from './watch-config.ts'

export interface Following {
  /** Reads the files now, as SIGHUP asks. */
  readonly reload: () => Promise<void>
  stop(): void
}

/**
 * Keeps a service's configuration in line with its files: validated first, the old one kept on errors.
 * What stands in jifang.yaml (addresses, broker, databases) is for the next start, and said to be.
 */
export function followConfig(dir: string, first: LoadedConfig, log: Log, apply: (config: LoadedConfig) => Promise<void>): Following {
  const stop = new AbortController()
  let settings = JSON.stringify(first.settings)
  const watch = watchConfig(
    dir,
    async (next) => {
      if (!next.ok) {
        for (const issue of next.issues) log.error({}, formatIssue(issue))
        log.error({ errors: next.issues.length }, 'the new configuration has errors; the old one stays in force')
        return
      }
      try {
        await apply(next)
        log.info({ devices: next.inventory.devices.length, rules: next.rules.rules.length }, 'configuration taken over')
      } catch (error) {
        log.error({ err: error }, 'the new configuration could not be taken over')
      }
      const changed = JSON.stringify(next.settings)
      if (changed !== settings) log.warn({}, 'jifang.yaml changed: its settings take effect at the next start')
      settings = changed
    },
    stop.signal,
    first.fingerprint,
  )
  return { reload: () => watch.reload(), stop: () => stop.abort() }
}
