import type { Clock } from '../../core/lifecycle/clock.ts'
import type { Counters } from '../../core/lifecycle/counters.ts'
import { pause } from '../../core/lifecycle/pause.ts'
import type { Log } from '../../core/log/log.ts'
import type { NewRecord } from '../../core/segment/types.ts'
import { type Link, type LinkMessage, type LinkSettings, type Outgoing, openLink } from '../../core/wire/link.ts'
import type { AgentStatus, CollectorStatus } from '../../core/wire/payloads.ts'
import { anyAgentTopic, clientId, collectorStatusTopic, isAgentTopic, parseAgentTopic } from '../../core/wire/topics.ts'
import type { Acks } from './acks.ts'
import type { AgentBook } from './agents.ts'
import type { Asking } from './asking.ts'
import type { ConfigDesk } from './config-desk.ts'
import type { Intake } from './intake.ts'

export interface ListeningParts {
  readonly intake: Intake
  readonly agents: AgentBook
  readonly desk: ConfigDesk
  readonly asking: Asking
  readonly acks: Acks
  readonly journal: { append(record: NewRecord): Promise<number> }
  readonly onUnjournalled: (record: NewRecord) => void
  readonly presence: (state: CollectorStatus['state']) => Outgoing
  readonly clock: Clock
  readonly counters: Counters
  readonly log: Log
}

/** A broker that hangs must not hold up the end. */
const GOODBYE_MS = 1_000

interface Where {
  readonly site: string
  readonly collectorId: string
  readonly mqtt: LinkSettings
  readonly extraTopics: readonly string[]
}

export interface CollectorLink extends Link {
  /** After every connect; returns the unsubscribe function. */
  onConnected(listener: () => void): () => void
  /** Says again how the collector is; nothing happens when not connected, the next connect says it. */
  sayPresence(): void
}

/** The collector's connection: sorts what comes in, and says that it is there. */
export function openCollectorLink(where: Where, parts: ListeningParts): CollectorLink {
  const { site, collectorId } = where
  const { log, counters } = parts
  const listeners = new Set<() => void>()
  const ownStatus = collectorStatusTopic(site, collectorId)
  let leaving = false
  const sayPresence = (): void => {
    link.publish(parts.presence('online')).catch((error: unknown) => log.debug({ err: error }, 'presence not told'))
  }
  const link = openLink({ log, counters }, where.mqtt, {
    // ':' is in no name: an agent that is called like the collector does not throw it out.
    clientId: clientId(site, `collector:${collectorId}`),
    subscriptions: [
      anyAgentTopic(site, 'data'),
      anyAgentTopic(site, 'status'),
      anyAgentTopic(site, 'reply'),
      anyAgentTopic(site, 'config'),
      ownStatus,
      ...where.extraTopics,
    ],
    will: () => parts.presence('offline'),
    onConnect() {
      counters.set('jifang_broker_connected', 1)
      parts.acks.forget()
      sayPresence()
      parts.desk.onConnect()
      for (const listener of listeners) listener()
    },
    onDisconnect() {
      counters.set('jifang_broker_connected', 0)
    },
    onMessage(message) {
      if (message.topic !== ownStatus) route(site, message, parts)
      else if (!leaving && !isOnline(message, parts.presence)) sayPresence()
    },
  })
  return {
    get connected() {
      return link.connected
    },
    publish: (message) => link.publish(message),
    sayPresence() {
      if (link.connected && !leaving) sayPresence()
    },
    async stop() {
      leaving = true
      const goodbye = link.publish(parts.presence('offline')).catch(() => undefined) // else the will says it
      const said = new AbortController()
      await Promise.race([goodbye, pause(GOODBYE_MS, said.signal)])
      said.abort()
      await link.stop()
    },
    onConnected(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

function route(site: string, message: LinkMessage, parts: ListeningParts): void {
  const from = parseAgentTopic(site, message.topic)
  // An agent whose name is none has no assignments either: it must not come in as one from outside.
  if (!from && isAgentTopic(site, message.topic)) parts.counters.add('jifang_ingest_unreadable_total')
  else if (!from) onExtra(message, parts)
  else if (from.channel === 'data') parts.intake.onData(from.agent, message.payload)
  else if (from.channel === 'status') onStatus(from.agent, message, parts)
  else if (from.channel === 'config') parts.desk.onConfig(from.agent, message.payload)
  else if (from.channel === 'reply' && !parts.asking.onReply(from.agent, message.payload))
    parts.counters.add('jifang_ingest_replies_dropped_total')
}

/** Is it what we say ourselves? An old will may have come over it. */
function isOnline(message: LinkMessage, presence: ListeningParts['presence']): boolean {
  return message.payload.toString('utf8') === presence('online').payload
}

/** Every status that is news enters the journal, since it can change an alarm. */
function onStatus(agent: string, message: LinkMessage, parts: ListeningParts): void {
  const { agents, desk, journal, clock, counters } = parts
  if (message.payload.length === 0) return
  const receivedAt = clock.now()
  const seen = agents.status(agent, message.payload, message.retained, receivedAt)
  if (!seen) counters.add('jifang_ingest_unreadable_total')
  if (!seen?.fresh) return
  desk.onStatus(agent, seen.status.config)
  const record: NewRecord = { kind: 'status', receivedAt, agent, session: sessionOf(seen.status), seq: 0, payload: message.payload }
  journal.append(record).catch(() => parts.onUnjournalled(record)) // the journal has told it
}

function onExtra(message: LinkMessage, parts: ListeningParts): void {
  parts.intake.onLines(message.payload).catch((error: unknown) => {
    parts.counters.add('jifang_ingest_extra_lost_total')
    parts.log.debug({ topic: message.topic, err: error }, 'lines from outside could not be journalled')
  })
}

const sessionOf = (status: AgentStatus): string => status.session.slice(0, 63)
