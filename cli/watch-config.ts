import { type FSWatcher, watch } from 'node:fs'
import { join } from 'node:path'
import type { LoadConfig, LocalConfig, RefusedConfig } from './local-config.ts'

const SETTLE_MS = 300
const REARM_MS = 2000

export interface ConfigWatch {
  /** Reads the folder now (SIGHUP) and tells the result even when nothing changed. */
  reload(): Promise<void>
}

/**
 * Tells `onChange` whenever what the folder says has changed: once per burst of writes, also when editors write by renaming
 * or the folder itself is replaced. One call at a time; a refused configuration is told too, and the old one stays in force
 * by doing nothing. `onChange` must not throw. Ends with `signal`.
 */
export function watchConfig<C extends LocalConfig>(
  dir: string,
  load: LoadConfig<C>,
  onChange: (result: C | RefusedConfig) => void | Promise<void>,
  signal: AbortSignal,
  known?: string,
): ConfigWatch {
  let fingerprint = known
  let timer: NodeJS.Timeout | undefined
  let rearm: NodeJS.Timeout | undefined
  let watchers: FSWatcher[] = []
  let queue: Promise<void> = Promise.resolve()

  const look = (always: boolean): Promise<void> => {
    queue = queue
      .catch(() => undefined)
      .then(async () => {
        if (signal.aborted) return
        const result = await load(dir)
        if (signal.aborted || (!always && result.fingerprint === fingerprint)) return
        fingerprint = result.fingerprint
        await onChange(result)
      })
    return queue
  }
  const soon = (): void => {
    clearTimeout(timer)
    timer = setTimeout(() => void look(false), SETTLE_MS)
  }
  const disarm = (): void => {
    for (const watcher of watchers) watcher.close()
    watchers = []
  }
  const arm = (): void => {
    if (signal.aborted) return
    disarm()
    for (const folder of [dir, join(dir, 'profiles')]) {
      try {
        const watcher = watch(folder, (event) => {
          soon()
          // the folder itself was moved away: what is watched is no longer what the path means
          if (event === 'rename') armSoon()
        })
        watcher.on('error', armSoon)
        watchers.push(watcher)
      } catch {
        if (folder === dir) armSoon()
      }
    }
  }
  const armSoon = (): void => {
    clearTimeout(rearm)
    rearm = setTimeout(() => {
      arm()
      soon()
    }, REARM_MS)
    rearm.unref()
  }
  signal.addEventListener(
    'abort',
    () => {
      clearTimeout(timer)
      clearTimeout(rearm)
      disarm()
    },
    { once: true },
  )
  arm()
  if (known === undefined) void load(dir).then((result) => (fingerprint ??= result.fingerprint))
  return { reload: () => look(true) }
}
