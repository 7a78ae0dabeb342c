/** A program of its own that tells what is in alarms.jsonl, for tests that kill it: `EVENTS DIR DEVICE`. */
import { createSecretResolver } from '../../core/config/secrets.ts'
import { systemClock } from '../../core/lifecycle/clock.ts'
import { Counters } from '../../core/lifecycle/counters.ts'
import { silentLog } from '../../core/log/log.ts'
import { startNotify } from '../../notify/notify.ts'

const [events = '', dir = '', device = ''] = process.argv.slice(2)

await startNotify({
  dir,
  eventsFile: events,
  config: {
    minIntervalMs: 0,
    people: [{ name: 'zhang', title: '张工', phone: '+8613800138000', language: 'zh' }],
    channels: [{ name: 'modem', kind: 'sms', device, baud: 115_200, validity: 86_400_000, reports: true }],
    routes: [{ severity: ['emergency'], classes: [], to: ['zhang'], channels: ['modem'] }],
  },
  titles: () => ({ title: '应用服务器 1', short: '应用1', class: 'server' }),
  unit: () => '%',
  secrets: createSecretResolver({ env: {}, baseDir: dir, paths: [] }),
  log: silentLog,
  counters: new Counters(),
  clock: systemClock,
  pace: { retryMs: [50], roundMs: 200 },
  modemTiming: { quietMs: 30, probeMs: 300 },
})
process.stdout.write('started\n')
