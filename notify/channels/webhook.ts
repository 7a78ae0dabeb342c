import { createHmac } from 'node:crypto'
import type { SecretResolver } from '../../core/config/secrets.ts'
import type { Clock } from '../../core/lifecycle/clock.ts'
import type { Channel, Delivery, Message } from '../channel.ts'
import type { Person, WebhookConfig } from '../notify-file.ts'

export interface WebhookDeps {
  readonly clock: Clock
  /** Resolves references at each use, so that a changed secret needs no restart. */
  readonly secrets: SecretResolver
}

/** The message itself is refused: sending it again is useless. Other refusals are a matter of the address or the rights, and somebody may put them right. */
const MESSAGE_REFUSED = new Set([400, 413, 415, 422])

/**
 * POSTs `{id, person, text, notices: [{about, event, alarm}]}` as JSON. `Idempotency-Key` is the same for every attempt.
 * With a secret, `X-Jifang-Signature: sha256=<hex>` is the HMAC of `<X-Jifang-Timestamp>.<body>`.
 */
export function createWebhookChannel(config: WebhookConfig, deps: WebhookDeps): Channel {
  return {
    name: config.name,
    kind: 'webhook',
    send: (message, person, signal) => send(config, deps, message, person, signal),
    close: async () => undefined,
  }
}

async function send(config: WebhookConfig, deps: WebhookDeps, message: Message, person: Person, signal: AbortSignal): Promise<Delivery> {
  const body = JSON.stringify({
    id: message.key,
    person: { name: person.name, title: person.title },
    text: message.text,
    notices: message.notices.map(({ about, event, alarm }) => ({ about, event, alarm })),
  })
  let request: { url: string; headers: Record<string, string> }
  try {
    request = prepare(config, deps, message, person, body)
  } catch (error) {
    return { result: 'failed', reason: error instanceof Error ? error.message : String(error), permanent: false }
  }
  try {
    const response = await fetch(request.url, {
      method: 'POST',
      headers: request.headers,
      body,
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(config.timeout)]),
    })
    await response.body?.cancel()
    return fateOf(response, deps.clock)
  } catch (error) {
    return { result: 'retry', reason: reasonOf(error), uncertain: !neverSent(error) }
  }
}

function prepare(config: WebhookConfig, deps: WebhookDeps, message: Message, person: Person, body: string) {
  const { resolve } = deps.secrets
  const headers: Record<string, string> = {
    'content-type': 'application/json; charset=utf-8',
    'user-agent': 'jifang',
    'idempotency-key': message.key,
  }
  for (const [name, value] of Object.entries(config.headers)) headers[name.toLowerCase()] = resolve(value)
  if (config.secret !== undefined) {
    const timestamp = String(Math.floor(deps.clock.now() / 1000))
    headers['x-jifang-timestamp'] = timestamp
    headers['x-jifang-signature'] = `sha256=${createHmac('sha256', resolve(config.secret)).update(`${timestamp}.${body}`).digest('hex')}`
  }
  return { url: resolve(person.webhook ?? config.url), headers }
}

function fateOf(response: Response, clock: Clock): Delivery {
  const { status } = response
  if (response.ok) return { result: 'sent', reference: String(status) }
  const reason = `HTTP ${status}`
  if (status < 400) return { result: 'failed', reason: `${reason}: a redirect, give the final address`, permanent: false }
  if (status < 500 && status !== 408 && status !== 425 && status !== 429)
    return { result: 'failed', reason, permanent: MESSAGE_REFUSED.has(status) }
  const afterMs = retryAfter(response.headers.get('retry-after'), clock.now())
  return { result: 'retry', reason, ...(afterMs === null ? {} : { afterMs }) }
}

/** RFC 9110 §10.2.3: seconds, or a date. */
export function retryAfter(value: string | null, now: number): number | null {
  if (value === null) return null
  if (/^\d+$/.test(value.trim())) return Number(value) * 1000
  const at = Date.parse(value)
  return Number.isNaN(at) ? null : Math.max(0, at - now)
}

/** Node hides the system's error in `cause`; addresses with tokens in them are never repeated. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no answer'
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return 'no answer in time'
  const cause = error.cause as NodeJS.ErrnoException | undefined
  return cause?.code ?? cause?.name ?? error.name
}

function neverSent(error: unknown): boolean {
  const code = error instanceof Error ? (error.cause as NodeJS.ErrnoException | undefined)?.code : undefined
  return code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'EAI_AGAIN' || code === 'EHOSTUNREACH' || code === 'ENETUNREACH'
}
