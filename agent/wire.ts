import type { Counters } from '../core/lifecycle/counters.ts'
import type { Running } from '../core/lifecycle/stack.ts'
import type { Log } from '../core/log/log.ts'
import { type Link, type LinkSettings, openLink } from '../core/wire/link.ts'
import type { AckPayload, CollectorStatus } from '../core/wire/payloads.ts'
import { agentTopic, clientId, collectorStatusTopic } from '../core/wire/topics.ts'

export interface WireHandlers {
  /** Text of the will on the status topic. */
  will(): string
  onConnect(): void
  onAck(ack: AckPayload): void
  onCollector(id: string, status: CollectorStatus, retained: boolean): void
  onConfig(payload: Buffer): void
  onRequest(payload: Buffer): void
  onOwnStatus(payload: Buffer, retained: boolean): void
}

/** The agent's topics on one connection. `send` can be used before `open`: it rejects then. */
export class AgentWire implements Running {
  readonly #deps: { readonly log: Log; readonly counters: Counters }
  readonly #o: { readonly site: string; readonly name: string; readonly mqtt: LinkSettings }
  #link: Link | null = null

  constructor(deps: { log: Log; counters: Counters }, o: { site: string; name: string; mqtt: LinkSettings }) {
    this.#deps = deps
    this.#o = o
  }

  get connected(): boolean {
    return this.#link?.connected === true
  }

  /** Resolves when the broker has it. Status is retained. */
  send(channel: 'data' | 'status' | 'reply', payload: string | Buffer): Promise<void> {
    if (!this.#link) return Promise.reject(new Error('not connected to the broker'))
    return this.#link.publish({ topic: agentTopic(this.#o.site, this.#o.name, channel), payload, retain: channel === 'status' })
  }

  open(handlers: WireHandlers): void {
    const { site, name, mqtt } = this.#o
    const routes: Record<string, (payload: Buffer, retained: boolean) => void> = {
      [agentTopic(site, name, 'ack')]: (payload) => handlers.onAck(parseAck(payload)),
      [agentTopic(site, name, 'config')]: (payload) => handlers.onConfig(payload),
      [agentTopic(site, name, 'request')]: (payload) => handlers.onRequest(payload),
      [agentTopic(site, name, 'status')]: (payload, retained) => handlers.onOwnStatus(payload, retained),
    }
    this.#link = openLink(this.#deps, mqtt, {
      clientId: clientId(site, name),
      subscriptions: [...Object.keys(routes), collectorStatusTopic(site, '+')],
      will: () => ({ topic: agentTopic(site, name, 'status'), payload: handlers.will(), retain: true }),
      onConnect: () => handlers.onConnect(),
      onDisconnect() {},
      onMessage: ({ topic, payload, retained }) => {
        try {
          const route = routes[topic]
          if (route) route(payload, retained)
          else if (payload.length > 0) handlers.onCollector(topic.split('/')[3] ?? '', parseCollector(payload), retained)
        } catch (error) {
          this.#deps.log.warn({ topic, err: error }, 'a message that can not be read was dropped')
        }
      },
    })
  }

  async stop(): Promise<void> {
    await this.#link?.stop()
  }
}

function parseAck(payload: Buffer): AckPayload {
  const ack = JSON.parse(payload.toString('utf8')) as AckPayload
  if (typeof ack.collector !== 'string' || typeof ack.session !== 'string' || !Number.isSafeInteger(ack.seq))
    throw new Error('not an acknowledgement')
  return ack
}

function parseCollector(payload: Buffer): CollectorStatus {
  const status = JSON.parse(payload.toString('utf8')) as CollectorStatus
  if (typeof status.session !== 'string' || typeof status.state !== 'string') throw new Error('not the status of a collector')
  return status
}
