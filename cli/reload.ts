import { formatIssue } from '../core/config/document.ts'
import type { Log } from '../core/log/log.ts'
import type { LoadConfig, LocalConfig } from './local-config.ts'
import { changedSections, type Section } from './restartable.ts'
import { watchConfig } from './watch-config.ts'

export interface Following {
  /** Reads the files now, as SIGHUP asks. */
  readonly reload: () => Promise<void>
  stop(): void
}

/**
 * Keeps a service in line with its configuration files: validated first, the old one kept on errors.
 * `apply` gets the new configuration and the sections of jifang.yaml that differ.
 */
export function followConfig<C extends LocalConfig>(
  dir: string,
  load: LoadConfig<C>,
  first: C,
  log: Log,
  apply: (config: C, changed: ReadonlySet<Section>) => Promise<void>,
): Following {
  const stop = new AbortController()
  let current = first
  const watch = watchConfig(
    dir,
    load,
    async (next) => {
      if (!next.ok) {
        for (const issue of next.issues) log.error({}, formatIssue(issue))
        log.error(
          { errors: next.issues.filter(({ level }) => level === 'error').length },
          'the new configuration has errors; the old one stays in force',
        )
        return
      }
      try {
        await apply(next, changedSections(current, next))
        log.info({ devices: next.inventory.devices.length }, 'configuration taken over')
        current = next
      } catch (error) {
        log.error({ err: error }, 'the new configuration could not be taken over')
      }
    },
    stop.signal,
    first.fingerprint,
  )
  return { reload: () => watch.reload(), stop: () => stop.abort() }
}
