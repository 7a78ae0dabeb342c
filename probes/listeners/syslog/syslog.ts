import { parseSyslog } from '../../../protocols/syslog/message.ts'
import { openSyslogServer, type SyslogServer } from '../../../protocols/syslog/server.ts'
import { decodeSyslog } from '../../../protocols/syslog/text.ts'
import type { Listener, ListenerKind } from '../../probe.ts'
import { bounded, EventDesk } from '../event-desk.ts'
import { blocksOf, tellDropped } from '../receiving.ts'
import { SourceGate } from '../source-gate.ts'
import { createSources } from '../sources.ts'
import { Activity } from './activity.ts'
import type { SyslogOptions } from './options.ts'
import { createReaders, createSelector, type Reader } from './reading.ts'

const FLUSH_MS = 5_000
const MAX_READERS = 4096

/**
 * Receives syslog. A message of at least `level`, or one that a pattern names, is an `event` of the device that its source address belongs
 * to; the others are counted, and told once a minute as the event `activity`: a device that says nothing at all is then seen to be silent.
 */
export const syslog: ListenerKind<SyslogOptions> = {
  create(_target, options, emit, deps): Listener {
    const { clock, counters, log } = deps
    const gate = new SourceGate({ allow: blocksOf(options.allow), rate: options.rate, burst: options.burst })
    const sources = createSources(options.sources, log)
    const desk = new EventDesk({ type: 'syslog', emit, clock, counters, foldMs: options.fold })
    const activity = new Activity(desk, clock)
    const readerFor = createReaders(options)
    const readers = new Map<string, Reader>()
    const isRelay = createSelector(options.relays)
    let server: SyslogServer | null = null
    let timer: NodeJS.Timeout | undefined

    function admit(address: string): boolean {
      const entry = gate.enter(address, clock.monotonic())
      counters.add('jifang_syslog_received_total', 1, { entry })
      return entry === 'in'
    }

    function reader(source: string, device: string | null): Reader {
      const key = `${source}|${device ?? ''}`
      const known = readers.get(key)
      if (known) return known
      const made = readerFor(source, device)
      if (readers.size >= MAX_READERS) readers.clear()
      readers.set(key, made)
      return made
    }

    function onMessage(bytes: Uint8Array, source: string): void {
      const sender = sources.deviceOf(source)
      const message = parseSyslog(decodeSyslog(bytes, reader(source, sender).encoding))
      const named = message.host !== null && isRelay(source, sender) ? sources.named(message.host) : null
      const device = named ?? sender
      const read = reader(source, device).read(message)
      if (read === null) {
        activity.count(source, device)
        return
      }
      const text = bounded(message.program === null || message.program === read.name ? message.text : `${message.program}: ${message.text}`)
      if (desk.take({ source, device, ...read, text, same: `${read.event} ${read.severity} ${text}` })) activity.told(source, device)
    }

    function flush(all: boolean): void {
      tellDropped(gate, desk, sources, clock.monotonic())
      activity.flush(all)
      desk.flush(all)
    }

    return {
      async start() {
        const { listen: host, port, protocols } = options
        server = await openSyslogServer({ host, port, protocols, admit, welcome: (address) => gate.allows(address), onMessage })
        sources.start()
        timer = setInterval(() => flush(false), FLUSH_MS)
        timer.unref()
        log.info({ listen: host, port, protocols }, 'listening for syslog')
      },
      async close() {
        clearInterval(timer)
        sources.stop()
        await server?.close()
        server = null
        flush(true)
      },
    }
  },
}
