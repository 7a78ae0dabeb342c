import { closeSync, openSync } from 'node:fs'
import { formatIssue } from '../core/config/document.ts'
import { createSdNotify, type SdNotify } from '../core/lifecycle/sd-notify.ts'
import type { Running } from '../core/lifecycle/stack.ts'
import type { Log } from '../core/log/log.ts'
import { createLog } from '../core/log/pino-log.ts'
import type { LoadConfig, LocalConfig } from './local-config.ts'

/** Ctrl-C and SIGTERM end a service within this; after it the process ends anyhow. */
const STOP_DEADLINE_MS = 5000
/** npm and timeout(1) hand on a signal that the terminal has sent already: the same wish, not impatience. */
const SAME_WISH_MS = 1000

/** A process whose work is done ends by itself within this, or is ended. */
const LINGER_MS = 500

/** What a service program gives back once it runs. */
export interface Service extends Running {
  /** Grows as long as the service does its work; ties the watchdog to progress. */
  progress(): number
  /** SIGHUP. */
  reload(): Promise<void>
}

/** Reads the configuration for a service; on errors prints every one and sets exit code 2. */
export async function configFor<C extends LocalConfig>(dir: string, load: LoadConfig<C>): Promise<C | null> {
  const config = await load(dir)
  for (const issue of config.issues) process.stderr.write(`${formatIssue(issue)}\n`)
  if (config.ok) return config
  process.stderr.write(`jifang: the configuration in ${dir} has errors; nothing was started (jifang check ${dir})\n`)
  process.exitCode = 2
  return null
}

/** The log of a service: readable at a terminal, JSON lines for the journal and for files. */
export const serviceLog = (config: LocalConfig): Promise<Log> =>
  createLog({ level: config.settings.log.level, format: process.stderr.isTTY === true ? 'pretty' : 'json' })

/** Starts a service, tells systemd, and runs it until a signal; resolves when it has stopped. Start errors are one line and exit code 1. */
export async function runService(log: Log, start: (sd: SdNotify) => Promise<Service>): Promise<void> {
  const sd = createSdNotify({ log })
  const signals = takeSignals()
  let service: Service
  process.on('unhandledRejection', (error) => {
    log.error({ err: error }, 'a defect: an unhandled rejection; the process ends so that it can be started clean')
    process.exit(1)
  })
  try {
    service = await start(sd)
  } catch (error) {
    process.stderr.write(`jifang: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
    await sd.stopping()
    // what was started before the failure may hold the process: it has nothing left to do
    setTimeout(() => process.exit(1), LINGER_MS).unref()
    return
  }
  await sd.ready(() => service.progress())
  await new Promise<void>((resolve) => {
    let since = 0
    const stop = (signal: string): void => {
      if (since > 0 && Date.now() - since < SAME_WISH_MS) return
      if (since > 0) {
        log.warn({ signal }, 'stopped by a second signal without waiting')
        process.exit(1)
      }
      since = Date.now()
      const deadline = setTimeout(() => {
        log.error({ ms: STOP_DEADLINE_MS }, 'did not stop in time, ending anyhow; what is on disk is complete')
        process.exit(1)
      }, STOP_DEADLINE_MS - 200)
      void sd
        .stopping()
        .then(() => service.stop())
        .finally(() => {
          clearTimeout(deadline)
          resolve()
        })
    }
    signals.serve({ stop, reload: () => void service.reload() })
  })
  // whatever still holds the process has nothing left to do
  setTimeout(() => process.exit(), LINGER_MS).unref()
}

interface Wishes {
  readonly stop: (signal: string) => void
  readonly reload: () => void
}

/** Takes signals from the first moment on: one that comes during the start does not kill, but is served when the start is done. */
function takeSignals(): { serve(wishes: Wishes): void } {
  let serving: Wishes | null = null
  let early: ((wishes: Wishes) => void)[] = []
  const take = (wish: (wishes: Wishes) => void): void => {
    if (serving) wish(serving)
    else early.push(wish)
  }
  const stop = (signal: NodeJS.Signals): void => {
    // a start that takes longer than a stop may take is not waited for
    if (!serving) setTimeout(() => process.exit(1), STOP_DEADLINE_MS).unref()
    take((wishes) => wishes.stop(signal))
  }
  process.on('SIGHUP', () => (terminalIsGone() ? stop('SIGHUP') : take((wishes) => wishes.reload())))
  process.on('SIGINT', () => stop('SIGINT'))
  process.on('SIGTERM', () => stop('SIGTERM'))
  return {
    serve(wishes) {
      serving = wishes
      for (const wish of early) wish(wishes)
      early = []
    },
  }
}

/** Was this started at a terminal that has been closed since? Then SIGHUP is the hang-up itself and not the wish to reload. */
const startedAtTerminal = process.stdout.isTTY === true

function terminalIsGone(): boolean {
  if (!startedAtTerminal) return false
  try {
    closeSync(openSync('/dev/tty', 'r'))
    return false
  } catch {
    return true
  }
}
