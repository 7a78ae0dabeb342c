import { Socket } from 'node:net'
import { connect, type IClientOptions, type MqttClient } from 'mqtt'
import { createBackoff } from '../lifecycle/backoff.ts'
import type { Counters } from '../lifecycle/counters.ts'
import { pause } from '../lifecycle/pause.ts'
import type { Running } from '../lifecycle/stack.ts'
import type { Log } from '../log/log.ts'
import { type LinkTls, tlsOptions } from './link-tls.ts'

export interface LinkSettings extends LinkTls {
  /** mqtt://host:1883 or mqtts://host:8883 */
  readonly url: string
  readonly username?: string
  readonly password?: string
  /** Default 20. */
  readonly keepaliveSeconds?: number
}

export interface LinkMessage {
  readonly topic: string
  readonly payload: Buffer
  /** Delivered because we subscribed, not because it was published just now. */
  readonly retained: boolean
}

export interface Outgoing {
  readonly topic: string
  readonly payload: string | Buffer
  readonly qos?: 0 | 1
  readonly retain?: boolean
}

export interface LinkPlan {
  readonly clientId: string
  readonly subscriptions: readonly string[]
  /** Asked at every connect. */
  will(): Outgoing
  /** After the subscriptions stand. */
  onConnect(): void
  onDisconnect(): void
  onMessage(message: LinkMessage): void
}

/** One client's connection to the broker, kept up for ever. */
export interface Link extends Running {
  readonly connected: boolean
  /** Resolves when the broker took it (QoS 1) or it is on the way (QoS 0); rejects when not connected or the connection ends first. */
  publish(message: Outgoing): Promise<void>
}

const FIRST_RETRY_MS = 500
const LONGEST_RETRY_MS = 30_000
const CONNECT_TIMEOUT_MS = 10_000
/** A connection that ended sooner does not reset the back-off: two clients with one id would throw each other out at full speed. */
const STABLE_MS = 5_000
const CLOSE_TIMEOUT_MS = 2_000

export interface LinkDeps {
  readonly log: Log
  readonly counters: Counters
}

/**
 * Connects, and connects again with jittered back-off until stopped. Each attempt is a fresh mqtt.js client: that library sends
 * in-flight messages again on its own after a reconnect, even with `clean`, and queues without bound while offline; here both are the
 * owner's business. MQTT 3.1.1, since the embedded broker refuses 5.
 */
export function openLink(deps: LinkDeps, settings: LinkSettings, plan: LinkPlan): Link {
  return new BrokerLink(deps, settings, plan)
}

class BrokerLink implements Link {
  readonly #deps: LinkDeps
  readonly #settings: LinkSettings
  readonly #plan: LinkPlan
  readonly #stopping = new AbortController()
  readonly #running: Promise<void>
  #client: MqttClient | null = null
  #told = ''

  constructor(deps: LinkDeps, settings: LinkSettings, plan: LinkPlan) {
    this.#deps = deps
    this.#settings = settings
    this.#plan = plan
    this.#running = this.#keepConnected()
  }

  get connected(): boolean {
    return this.#client?.connected === true
  }

  publish({ topic, payload, qos = 1, retain = false }: Outgoing): Promise<void> {
    const client = this.#client
    if (!client?.connected) return Promise.reject(new Error('not connected to the broker'))
    return new Promise((resolve, reject) => {
      const ended = () => reject(new Error('the connection to the broker ended'))
      client.once('close', ended)
      client.publish(topic, payload, { qos, retain }, (error) => {
        client.off('close', ended)
        if (error) reject(error)
        else resolve()
      })
    })
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  async #keepConnected(): Promise<void> {
    const { signal } = this.#stopping
    const backoff = createBackoff({ firstMs: FIRST_RETRY_MS, capMs: LONGEST_RETRY_MS })
    while (!signal.aborted) {
      const started = performance.now()
      const reason = await this.#oneConnection(signal).catch((error: unknown) => describe(error))
      if (signal.aborted) return
      this.#tell(reason)
      this.#deps.counters.add('jifang_mqtt_disconnects_total')
      if (performance.now() - started > STABLE_MS) backoff.reset()
      await pause(backoff.next(), signal)
    }
  }

  /** Runs one connection to its end and says why it ended. */
  async #oneConnection(signal: AbortSignal): Promise<string> {
    const client = connect(this.#settings.url, await this.#options())
    client.setMaxListeners(0)
    let reason = 'the broker closed the connection'
    let up = false
    const ended = new Promise<void>((resolve) => client.once('close', resolve))
    client.on('error', (error) => {
      reason = describe(error)
    })
    client.on('message', (topic, payload, packet) => this.#receive({ topic, payload, retained: packet.retain }))
    client.once('connect', () => {
      withoutDelay(client)
      this.#client = client
      this.#subscribe(client)
        .then(() => {
          up = true
          this.#connected()
        })
        .catch((error: unknown) => {
          reason = `subscribing failed: ${describe(error)}`
          client.end(true)
        })
    })
    const aborted = () => leave(client)
    signal.addEventListener('abort', aborted, { once: true })
    if (signal.aborted) aborted()
    await ended
    signal.removeEventListener('abort', aborted)
    client.end(true)
    this.#client = null
    if (up) this.#plan.onDisconnect()
    return reason
  }

  /** A defect in handling one message must not end the connection, let alone the program. */
  #receive(message: LinkMessage): void {
    try {
      this.#plan.onMessage(message)
    } catch (error) {
      this.#deps.counters.add('jifang_mqtt_unhandled_total')
      this.#deps.log.error({ topic: message.topic, err: error }, 'a message could not be handled')
    }
  }

  async #subscribe(client: MqttClient): Promise<void> {
    const { subscriptions } = this.#plan
    const results = await Promise.allSettled(subscriptions.map((topic) => client.subscribeAsync(topic, { qos: 1 })))
    const denied = subscriptions.filter((_, index) => results[index]?.status === 'rejected')
    if (denied.length > 0 && denied.length === subscriptions.length) throw new Error(`the broker allows none of ${denied.join(', ')}`)
    // One topic too many must not keep the rest from working.
    for (const topic of denied) this.#deps.log.error({ topic }, 'the broker does not allow this subscription: correct its topic rules')
  }

  #connected(): void {
    this.#deps.counters.add('jifang_mqtt_connects_total')
    this.#deps.log.info({ broker: this.#settings.url }, 'connected to the broker')
    this.#told = ''
    this.#plan.onConnect()
  }

  /** One line per change: the same reason again and again is said once. */
  #tell(reason: string): void {
    if (reason === this.#told) return
    this.#told = reason
    this.#deps.log.warn({ broker: this.#settings.url, reason }, 'no connection to the broker, trying again')
  }

  async #options(): Promise<IClientOptions> {
    const { username, password, keepaliveSeconds = 20 } = this.#settings
    const will = this.#plan.will()
    return {
      clientId: this.#plan.clientId,
      protocolVersion: 4,
      clean: true,
      keepalive: keepaliveSeconds,
      connectTimeout: CONNECT_TIMEOUT_MS,
      reconnectPeriod: 0,
      queueQoSZero: false,
      resubscribe: false,
      will: { topic: will.topic, payload: Buffer.from(will.payload), qos: will.qos ?? 1, retain: will.retain ?? true },
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      ...((await tlsOptions(this.#settings)) as Pick<IClientOptions, 'ca' | 'cert' | 'key'>),
    }
  }
}

/** An acknowledgement right behind a PUBACK would wait 40 ms for the peer's delayed ACK (RFC 896, RFC 1122 §4.2.3.2). */
function withoutDelay({ stream }: MqttClient): void {
  if (stream instanceof Socket) stream.setNoDelay(true)
}

/** DISCONNECT, so that no will is sent; cut off when the broker does not let go. */
function leave(client: MqttClient): void {
  const cut = setTimeout(() => client.end(true), CLOSE_TIMEOUT_MS)
  client.end(false, {}, () => clearTimeout(cut))
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.message !== '') return error.message
  // Node gives an AggregateError without a message when every address of a name failed.
  return error instanceof AggregateError ? error.errors.map(describe).join(', ') : error.name
}
