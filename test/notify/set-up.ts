import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { createSecretResolver } from '../../core/config/secrets.ts'
import { systemClock } from '../../core/lifecycle/clock.ts'
import { Counters } from '../../core/lifecycle/counters.ts'
import { silentLog } from '../../core/log/log.ts'
import { type Notify, type NotifyOptions, startNotify } from '../../notify/notify.ts'
import type { NotifyConfig } from '../../notify/notify-file.ts'
import { ModemSimulator } from '../support/modem.ts'
import { tempDir } from '../support/temp-dir.ts'

export const PHONE = '+8613800138000'

/** One engineer, one modem, everything by SMS. */
export const SMS_ONLY: NotifyConfig = {
  minIntervalMs: 0,
  people: [{ name: 'zhang', title: '张工', phone: PHONE, language: 'zh' }],
  channels: [{ name: 'modem', kind: 'sms', device: 'ttyX', baud: 9600, validity: 86_400_000, reports: true }],
  routes: [{ severity: ['emergency', 'major', 'minor', 'info'], classes: [], to: ['zhang'], channels: ['modem'] }],
}

export const FAST = { retryMs: [20, 20, 20], roundMs: 60, maxRoundMs: 60, sendMs: 5000, checkMs: 60_000 }
export const FAST_MODEM = { probeMs: 100, answerMs: 500, promptMs: 300, sendMs: 400, quietMs: 20, resetMs: 20 }

export interface Bench {
  readonly simulator: ModemSimulator
  readonly counters: Counters
  readonly events: string
  readonly dir: string
  start(over?: Partial<NotifyOptions>): Promise<Notify>
}

/** A notify in a folder of its own, before a simulated modem. */
export async function bench(config: NotifyConfig = SMS_ONLY): Promise<Bench> {
  const dir = await tempDir()
  const events = join(dir, 'alarms.jsonl')
  const simulator = new ModemSimulator()
  const counters = new Counters()
  return {
    simulator,
    counters,
    events,
    dir,
    start: async (over = {}) => {
      const notify = await startNotify({
        dir: join(dir, 'notify'),
        eventsFile: events,
        config,
        titles: (name) => ({ title: name, short: name === 'app-01' ? '应用1' : name, class: 'server' }),
        unit: () => '%',
        secrets: createSecretResolver({ env: { HOOK: 'top-secret' }, baseDir: dir, paths: [] }),
        log: silentLog,
        counters,
        clock: systemClock,
        openTransport: async () => simulator.transport(),
        modemTiming: FAST_MODEM,
        pace: FAST,
        ...over,
      })
      onTestFinished(() => notify.stop())
      return notify
    },
  }
}
