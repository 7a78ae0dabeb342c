import { ProbeError } from '../../../core/model/reason.ts'
import { textOf } from '../../../core/profile/decode.ts'
import { shippedProfiles } from '../../../core/profile/shipped.ts'
import { createTrapTable } from '../../../core/profile/traps.ts'
import type { Varbind } from '../../../core/profile/varbind.ts'
import { accessWarning, credentialsOf } from '../../../protocols/snmp/access.ts'
import type { TrapMessage } from '../../../protocols/snmp/trap-message.ts'
import { openTrapReceiver, type TrapReceiver } from '../../../protocols/snmp/trap-receiver.ts'
import type { TrapRefusal, V3User } from '../../../protocols/snmp/trap-v3.ts'
import type { Listener, ListenerKind } from '../../probe.ts'
import { EventDesk } from '../event-desk.ts'
import { blocksOf, tellDropped } from '../receiving.ts'
import { SourceGate } from '../source-gate.ts'
import { createSources } from '../sources.ts'
import type { TrapOptions } from './options.ts'

const FLUSH_MS = 5_000

/**
 * Receives traps and informs of all versions. Each is an `event` of the device that its source address belongs to, and a hint to poll
 * that device now: the trap says that something happened, the poll says what is.
 */
export const trap: ListenerKind<TrapOptions> = {
  create(target, options, emit, deps): Listener {
    const { clock, counters, log } = deps
    const users = options.users.map(v3UserOf)
    for (const entry of options.users) {
      const warning = accessWarning({ ...NO_ACCESS, ...entry })
      if (warning) log.warn({}, warning)
    }
    const gate = new SourceGate({ allow: blocksOf(options.allow), rate: options.rate, burst: options.burst })
    const sources = createSources(options.sources, log)
    const desk = new EventDesk({ type: 'trap', emit, clock, counters, foldMs: options.fold })
    const table = createTrapTable([...shippedProfiles(), ...deps.profiles])
    let receiver: TrapReceiver | null = null
    let timer: NodeJS.Timeout | undefined

    function admit(address: string): boolean {
      const entry = gate.enter(address, clock.monotonic())
      counters.add('jifang_traps_received_total', 1, { entry })
      return entry === 'in'
    }

    function onTrap(message: TrapMessage, source: string): void {
      const device = sources.deviceOf(source) ?? (message.agent === null ? null : sources.deviceOf(message.agent))
      const { event, name, severity, text } = table.explain(message.oid, message.varbinds, message.cut)
      desk.take({ source, device, event, name, severity, text, same: sameness(message) })
      if (device !== null && options.poll) deps.hint(device)
    }

    function onRefused(why: TrapRefusal, source: string): void {
      counters.add('jifang_traps_refused_total', 1, { why })
      const text = `${REFUSED[why].zh} / ${REFUSED[why].en}`
      const fresh = desk.take({
        source,
        device: sources.deviceOf(source),
        event: 'refused',
        name: 'refused',
        severity: 'info',
        text,
        same: why,
      })
      if (fresh) log.warn({ source, why }, 'a trap was refused')
    }

    return {
      async start() {
        const { listen: host, port, communities } = options
        const engineId = options.engine_id?.replace('0x', '') ?? engineOf(target.device)
        const now = (): number => clock.monotonic()
        receiver = await openTrapReceiver({ host, port, communities, users, engineId, now, admit, onTrap, onRefused })
        sources.start()
        timer = setInterval(() => {
          tellDropped(gate, desk, sources, clock.monotonic())
          desk.flush()
        }, FLUSH_MS)
        timer.unref()
        log.info({ listen: host, port: receiver.port, traps: table.size, users: users.length }, 'listening for traps')
      },
      async close() {
        clearInterval(timer)
        sources.stop()
        await receiver?.close()
        receiver = null
        tellDropped(gate, desk, sources, clock.monotonic())
        desk.flush(true)
      },
    }
  },
}

const REFUSED: Readonly<Record<TrapRefusal, { readonly zh: string; readonly en: string }>> = {
  malformed: { zh: '收到无法解析的 trap', en: 'a trap that can not be read' },
  community: { zh: '收到团体名不符的 trap', en: 'a trap with a community that is not listed' },
  user: { zh: '收到未知 v3 用户的 trap', en: 'a trap of a version 3 user that is not listed' },
  authentication: { zh: '收到 v3 认证或加密不符的 trap', en: 'a trap whose version 3 authentication or privacy fails' },
  engines: { zh: 'v3 引擎过多，拒收 trap', en: 'more version 3 engines than can be real' },
  version: { zh: '收到未知版本的 trap', en: 'a trap of an unknown SNMP version' },
}

const NO_ACCESS = { port: 0, request_timeout: 0, retries: 0, bulk: false, nonincreasing: false } as const

/** Throws ProbeError `config` for passwords that no device accepts. */
function v3UserOf(entry: TrapOptions['users'][number]): V3User {
  const credentials = credentialsOf({ ...NO_ACCESS, ...entry, version: '3' })
  if (credentials.version !== '3') throw new ProbeError('config', 'trap users are of SNMP version 3')
  return credentials
}

/** RFC 3411 clause 5: an enterprise, format 4 (text), and at most 27 octets of it. */
function engineOf(device: string): string {
  return `80001f8804${Buffer.from(`jifang ${device}`).subarray(0, 27).toString('hex')}`
}

/** Two traps say the same when they differ in nothing but gauges, counters and times. */
function sameness({ oid, varbinds }: TrapMessage): string {
  const parts = varbinds.filter(({ type }) => !MOVING.has(type)).map((varbind) => `${varbind.oid}=${textOf(varbind).slice(0, 200)}`)
  return [oid, ...parts].join(' ').slice(0, 2000)
}

const MOVING: ReadonlySet<Varbind['type']> = new Set(['gauge32', 'counter32', 'counter64', 'timeticks'])
