import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { Socket } from 'node:net'
import { HttpError, InfluxDB } from '@influxdata/influxdb-client'
import type { Clock } from '../../core/lifecycle/clock.ts'
import type { Endpoint } from './endpoint.ts'

/** Why nothing gets through at the moment. */
export type WaitKind =
  | 'down' // no connection, timeout, 5xx
  | 'busy' // 429, 503
  | 'auth' // 401, 403
  | 'missing' // 404: no such database, bucket or path
  | 'refused' // an answer that no such database gives: wrong address, a proxy
  | 'local' // the journal can't be read or the dead letters can't be written here

/** What became of one body. */
export type Outcome =
  // `broken`: the connection ended or was refused, so the database may have been killed with data in its memory.
  | { readonly kind: 'accepted' }
  /** Lines of it were not taken; others may have been. */
  | { readonly kind: 'rejected'; readonly message: string }
  | { readonly kind: 'too_large' }
  | {
      readonly kind: 'wait'
      readonly why: WaitKind
      readonly message: string
      readonly retryAfterMs: number | null
      readonly broken?: true
    }

export interface Poster {
  /** Sends one gzip body; never rejects. */
  post(body: Buffer, signal: AbortSignal): Promise<Outcome>
  close(): void
}

/**
 * Over the transport of the official client only: its write buffer drops what it can't send, and reads Retry-After as ms.
 * `onLost`: a connection ended while nothing was under way, so no post will tell that the database was killed.
 */
export function createPoster(endpoint: Endpoint, timeoutMs: number, clock: Clock, onLost: () => void): Poster {
  const agent = watchIdle(
    endpoint.url.startsWith('https:')
      ? new HttpsAgent({ keepAlive: true, maxSockets: 2 })
      : new HttpAgent({ keepAlive: true, maxSockets: 2 }),
    onLost,
  )
  const { transport } = new InfluxDB({
    url: endpoint.url,
    timeout: timeoutMs,
    headers: { ...endpoint.headers },
    transportOptions: { agent },
  })
  return {
    post(body, signal) {
      const headers = { 'content-encoding': 'gzip', 'content-type': 'text/plain; charset=utf-8' }
      // The client's own timeout leaves the request open: this signal ends it.
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
      return new Promise((resolve) => {
        let status = 0
        // `send` is typed for texts, but takes bytes and leaves them as they are.
        transport.send(
          endpoint.path,
          body as unknown as string,
          { method: 'POST', headers, signal: deadline },
          {
            responseStarted: (_, code) => {
              status = code ?? 0
            },
            next: () => undefined,
            complete: () => resolve(outcomeOfStatus(status)),
            error: (error) => resolve(outcomeOfError(error, deadline.aborted && !signal.aborted, clock)),
          },
        )
      })
    },
    close: () => agent.destroy(),
  }
}

/** Of an answer below 300. Only 204 says that it is stored: a 200 comes from something else, a portal for example. */
function outcomeOfStatus(status: number): Outcome {
  if (status === 204) return { kind: 'accepted' }
  return { kind: 'wait', why: 'refused', message: `answered ${status} instead of 204: is this the right address?`, retryAfterMs: null }
}

/** Tells when a connection that waits for its next request is closed from the other side. */
function watchIdle(agent: HttpAgent | HttpsAgent, onLost: () => void): HttpAgent | HttpsAgent {
  const idle = new WeakSet<object>()
  const watched = new WeakSet<object>()
  agent.on('free', (socket: Socket) => {
    idle.add(socket)
    if (watched.has(socket)) return
    watched.add(socket)
    socket.once('close', () => {
      if (idle.has(socket)) onLost()
    })
  })
  const reuse = agent.reuseSocket.bind(agent)
  agent.reuseSocket = (socket, request) => {
    idle.delete(socket)
    reuse(socket, request)
  }
  return agent
}

function outcomeOfError(error: Error, timedOut: boolean, clock: Clock): Outcome {
  if (!(error instanceof HttpError)) {
    const message = timedOut ? 'did not answer in time' : networkMessage(error)
    return { kind: 'wait', why: 'down', message, retryAfterMs: null, ...(timedOut ? {} : { broken: true }) }
  }
  const { statusCode } = error
  const message = `${statusCode} ${messageOf(error)}`
  if (statusCode === 400 || statusCode === 422) return { kind: 'rejected', message: messageOf(error) }
  if (statusCode === 413) return { kind: 'too_large' }
  return { kind: 'wait', why: whyOf(statusCode), message, retryAfterMs: parseRetryAfter(error.headers?.['retry-after'], clock.now()) }
}

function whyOf(status: number): WaitKind {
  if (status === 401 || status === 403) return 'auth'
  if (status === 404) return 'missing'
  if (status === 429 || status === 503) return 'busy'
  return status >= 500 ? 'down' : 'refused'
}

/** The database's own words: InfluxDB 1 sends `{"error": …}`, 2 sends `{"message": …}`, others text. */
function messageOf(error: HttpError): string {
  const body = error.body ?? ''
  try {
    const parsed: unknown = JSON.parse(body)
    if (typeof parsed === 'object' && parsed !== null) {
      if ('error' in parsed && typeof parsed.error === 'string') return parsed.error
      if ('message' in parsed && typeof parsed.message === 'string') return parsed.message
    }
  } catch {
    // not JSON: taken as text
  }
  return body.trim() || (error.statusMessage ?? '')
}

function networkMessage(error: Error): string {
  const code = (error as NodeJS.ErrnoException).code
  return code ? `${code}${error.message && !error.message.includes(code) ? ` ${error.message}` : ''}` : error.message || error.name
}

/** `Retry-After` in seconds or as HTTP date (RFC 9110 §10.2.3) to ms from now; null when absent or not readable. */
export function parseRetryAfter(value: string | string[] | undefined, now: number): number | null {
  const text = (Array.isArray(value) ? value[0] : value)?.trim()
  if (!text) return null
  if (/^\d+$/.test(text)) return Number(text) * 1000
  const date = Date.parse(text)
  return Number.isNaN(date) ? null : Math.max(0, date - now)
}
