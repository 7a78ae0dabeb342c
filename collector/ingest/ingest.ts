import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../core/lifecycle/clock.ts'
import type { Counters } from '../../core/lifecycle/counters.ts'
import { type Running, StopStack } from '../../core/lifecycle/stack.ts'
import type { Log } from '../../core/log/log.ts'
import type { AgentView } from '../../core/model/api.ts'
import type { Sample } from '../../core/model/sample.ts'
import type { NewRecord, RecordSource } from '../../core/segment/types.ts'
import type { LinkSettings, Outgoing } from '../../core/wire/link.ts'
import type { AckPayload, AgentReply, AgentRequest, CollectorStatus } from '../../core/wire/payloads.ts'
import type { SliceBody } from '../../core/wire/slice.ts'
import { agentTopic } from '../../core/wire/topics.ts'
import { Acks } from './acks.ts'
import { AgentBook } from './agents.ts'
import { Asking } from './asking.ts'
import { type AssignmentBook, openAssignments } from './assignments.ts'
import { ConfigDesk } from './config-desk.ts'
import { openConfigVersions } from './config-version.ts'
import { DeadLetters } from './dead-letters.ts'
import { Intake, type WriteResult } from './intake.ts'
import { type CollectorLink, openCollectorLink } from './listening.ts'
import { restoreStreams, saveStreams } from './state.ts'
import type { Streams } from './streams.ts'

export interface IngestSettings {
  readonly site: string
  readonly collectorId: string
  readonly version: string
  /** The collector's data folder. */
  readonly dataDir: string
  readonly mqtt: LinkSettings
  /** Topics with plain line protocol. */
  readonly extraTopics: readonly string[]
  readonly futureMs?: number
}

export interface IngestDeps {
  /** collector/journal. When `append` rejects, everything appended after it and not yet resolved rejects too. */
  readonly journal: Pick<RecordSource, 'first' | 'synced' | 'read'> & {
    /** Why it can't be written; null when it can. */
    readonly failing: string | null
    append(record: NewRecord): Promise<number>
  }
  /** Records that the journal could not take, each once; their agents send them again later. */
  readonly onUnjournalled: (record: NewRecord) => void
  readonly log: Log
  readonly clock: Clock
  readonly counters: Counters
}

export interface Ingest extends Running {
  readonly connected: boolean
  /** Names of the inventory: what lines from outside may be about. */
  declare(devices: Iterable<string>): void
  /** Hands an agent its slice, now and at every connect. Resolves with its version. */
  publishConfig(agent: string, body: SliceBody): Promise<number>
  request(agent: string, request: AgentRequest, signal: AbortSignal): Promise<AgentReply>
  agents(): readonly AgentView[]
  /** Samples of the collector itself (tags with `device`; the site is added). */
  writeLocal(samples: readonly Sample[]): Promise<void>
  /** Line protocol (ns) from outside; on disk when it resolves, rejects when the journal can't be written. */
  writeLines(text: string): Promise<WriteResult>
  /** For alarms and events; rejects when not connected. Retained ones are the owner's to publish again in `onConnected`. */
  publish(message: Outgoing): Promise<void>
  /** After every connect; returns the unsubscribe function. */
  onConnected(listener: () => void): () => void
}

const SAVE_EVERY_MS = 30_000

/** Listens to the agents, brings what they send into the journal, and acknowledges it when it is on disk (DESIGN §5). */
export async function startIngest(settings: IngestSettings, deps: IngestDeps): Promise<Ingest> {
  const { site, dataDir } = settings
  const { journal, clock, counters, log } = deps
  const stack = new StopStack(log)
  await mkdir(dataDir, { recursive: true })
  const session = `${clock.now().toString(36)}-${randomBytes(3).toString('hex')}`
  const statePath = join(dataDir, 'ingest-state.json')
  const { streams, assignments, versions } = await openBooks(dataDir, statePath, deps)
  const agents = new AgentBook()
  const deadLetters = new DeadLetters(join(dataDir, 'dead-letter'), { log, counters })
  stack.push('dead letters', () => deadLetters.close())
  const acks = new Acks({
    streams,
    send: (agent, stream, seq) => sendAck(link, settings, counters, agent, { collector: settings.collectorId, session: stream, seq }),
  })
  const intake = new Intake({
    site,
    session,
    journal,
    streams,
    acks,
    assignments,
    deadLetters,
    ...(settings.futureMs !== undefined && { futureMs: settings.futureMs }),
    onUnjournalled: deps.onUnjournalled,
    onJournal: () => link.sayPresence(),
    onHeader(agent, header, receivedAt) {
      agents.heard(agent, header.sent, receivedAt)
      counters.set('jifang_agent_skew_ms', receivedAt - header.sent, { agent })
    },
    clock,
    counters,
    log,
  })
  const toAgent = (channel: 'config' | 'request', retain: boolean) => (agent: string, payload: string) =>
    link.publish({ topic: agentTopic(site, agent, channel), payload, retain })
  const desk = new ConfigDesk({
    versions,
    assignments,
    publish: toAgent('config', true),
    onPublished: (agent, version) => agents.wanted(agent, version),
    clock,
    log,
  })
  stack.push('configuration', () => desk.stop())
  const asking = new Asking(toAgent('request', false), () => clock.now())
  const presence = presenceOf(settings, session, clock.now(), journal)
  const link = openCollectorLink(settings, {
    intake,
    agents,
    desk,
    asking,
    acks,
    journal,
    presence,
    onUnjournalled: deps.onUnjournalled,
    clock,
    counters,
    log,
  })
  stack.push('link', () => link.stop())

  const state = keepState(statePath, streams, deps)
  stack.push('state', () => state.stop())
  return facade({ link, assignments, desk, asking, agents, intake, stack })
}

/** QoS 0: a lost one is made good by the next, or by the agent's own patience. */
function sendAck(link: CollectorLink, { site }: IngestSettings, counters: Counters, agent: string, ack: AckPayload): void {
  counters.add('jifang_ingest_acks_total')
  link
    .publish({ topic: agentTopic(site, agent, 'ack'), payload: JSON.stringify(ack), qos: 0 })
    .catch(() => counters.add('jifang_ingest_acks_lost_total'))
}

/** What outlives a restart. */
async function openBooks(dataDir: string, statePath: string, { journal, log }: IngestDeps) {
  return {
    streams: await restoreStreams(statePath, journal, log),
    assignments: await openAssignments(join(dataDir, 'assignments.json')),
    versions: await openConfigVersions(join(dataDir, 'config-version.json')),
  }
}

/** Saves what came of each stream now and then, and at the end. */
function keepState(path: string, streams: Streams, { journal, log }: IngestDeps): Running {
  const timer = setInterval(() => {
    saveStreams(path, journal, streams).catch((error: unknown) => log.warn({ err: error }, 'the ingest state could not be saved'))
  }, SAVE_EVERY_MS)
  return {
    stop() {
      clearInterval(timer)
      return saveStreams(path, journal, streams)
    },
  }
}

/** What the collector says about itself on its status topic. */
function presenceOf({ site, collectorId, version }: IngestSettings, session: string, started: number, journal: IngestDeps['journal']) {
  return (state: CollectorStatus['state']): Outgoing => {
    const status: CollectorStatus = { state, session, started, version, ...(journal.failing !== null && { journal: 'failing' }) }
    return { topic: `jifang/${site}/collector/${collectorId}/status`, payload: JSON.stringify(status), retain: true }
  }
}

interface Parts {
  readonly link: CollectorLink
  readonly assignments: AssignmentBook
  readonly desk: ConfigDesk
  readonly asking: Asking
  readonly agents: AgentBook
  readonly intake: Intake
  readonly stack: StopStack
}

function facade({ link, assignments, desk, asking, agents, intake, stack }: Parts): Ingest {
  return {
    get connected() {
      return link.connected
    },
    declare: (devices) => assignments.declare(devices),
    publishConfig: (agent, body) => desk.publish(agent, body),
    request: (agent, request, signal) => asking.ask(agent, request, signal),
    agents: () => agents.views(),
    writeLocal: (samples) => intake.writeLocal(samples),
    writeLines: (text) => intake.fromOutside(text),
    publish: (message) => link.publish(message),
    onConnected: (listener) => link.onConnected(listener),
    stop: () => stack.stop(),
  }
}
