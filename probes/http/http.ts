import type { Socket } from 'node:net'
import { ProbeError, type Reason, reasonOf } from '../../core/model/reason.ts'
import type { Sample } from '../../core/model/sample.ts'
import { certificateSample } from '../certificate.ts'
import { type Leaf, type OpeningTimes, openConnection } from '../connection.ts'
import type { Probe, ProbeDeps, ProbeKind, Reading } from '../probe.ts'
import { createMatcher } from '../text-match.ts'
import { type Answer, decodeBody, exchange } from './exchange.ts'
import type { HttpOptions } from './options.ts'

/** Telegraf's http_response result codes. */
const RESULT = {
  success: 0,
  response_string_mismatch: 1,
  body_read_error: 2,
  connection_failed: 3,
  timeout: 4,
  dns_error: 5,
  response_status_code_mismatch: 6,
} as const
type ResultType = keyof typeof RESULT

const REDIRECTS = new Set([301, 302, 303, 307, 308])

interface Verdict {
  readonly result: ResultType
  readonly reason: Reason
  readonly detail?: string
}

/** Phases of the last hop, ms; `total_ms` of the whole run. */
type Times = OpeningTimes & { first_byte_ms?: number; total_ms?: number }

export const http: ProbeKind<HttpOptions> = {
  create: (_target, options, deps) => new HttpProbe(options, deps),
}

class HttpProbe implements Probe {
  readonly #options: HttpOptions
  readonly #deps: ProbeDeps
  readonly #found: ((text: string) => boolean) | null

  constructor(options: HttpOptions, deps: ProbeDeps) {
    this.#options = options
    this.#deps = deps
    this.#found = options.expect.body === undefined ? null : createMatcher(options.expect.body)
  }

  async run(signal: AbortSignal): Promise<Reading> {
    const { clock } = this.#deps
    const time = clock.now()
    const started = clock.monotonic()
    const leaves = new Map<string, Leaf>()
    const times: Times = {}
    let answer: Answer | null = null
    let verdict: Verdict
    try {
      answer = await this.#follow(times, leaves, signal)
      times.total_ms = clock.monotonic() - started
      verdict = this.#judge(answer, leaves, time)
    } catch (error) {
      verdict = failure(error, signal)
    }
    const samples: Sample[] = [this.#sample(time, verdict.result, answer, times)]
    for (const { source, certificate, problem } of leaves.values()) {
      const sample = certificateSample(source, certificate, problem, time)
      if (sample) samples.push(sample)
    }
    return { samples, reason: verdict.reason, ...(verdict.detail === undefined ? {} : { detail: verdict.detail }) }
  }

  async #follow(times: Times, leaves: Map<string, Leaf>, signal: AbortSignal): Promise<Answer> {
    let url = new URL(this.#options.url)
    let { method, body } = this.#options
    const origin = url.origin
    for (let hop = 0; ; hop++) {
      const sameOrigin = url.origin === origin
      for (const phase of ['dns_ms', 'connect_ms', 'tls_ms'] as const) delete times[phase]
      const socket = await this.#open(url, sameOrigin, times, leaves, signal)
      const sent = this.#deps.clock.monotonic()
      const onFirstByte = (): void => {
        times.first_byte_ms = this.#deps.clock.monotonic() - sent
      }
      let answer: Answer
      try {
        // Credentials stay with the server they were given for.
        const headers = sameOrigin ? this.#headers(url) : {}
        answer = await exchange(socket, { method, url, headers, body, maxBody: this.#options.max_body, onFirstByte }, signal)
      } finally {
        socket.destroy()
      }
      if (this.#options.redirects === 0 || !REDIRECTS.has(answer.status) || answer.location === null) return answer
      if (hop === this.#options.redirects)
        throw new ProbeError('mismatch', `more than ${hop} redirects, the last to ${plain(answer.location)}`)
      url = nextUrl(answer.location, url)
      if (answer.status === 303 || (answer.status !== 307 && answer.status !== 308 && method === 'POST')) {
        method = 'GET'
        body = undefined
      }
    }
  }

  #open(url: URL, sameOrigin: boolean, times: Times, leaves: Map<string, Leaf>, signal: AbortSignal): Promise<Socket> {
    const { servername, verify, ca } = this.#options
    const secure = url.protocol === 'https:'
    return openConnection({
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: Number(url.port || (secure ? 443 : 80)),
      trust: secure ? { verify, ca, servername: sameOrigin ? servername : undefined } : null,
      alpn: ['http/1.1'],
      times,
      onLeaf: (leaf) => leaves.set(leaf.source, leaf),
      clock: this.#deps.clock,
      signal,
    })
  }

  #headers(url: URL): Record<string, string> {
    const username = this.#options.username ?? decodeURIComponent(url.username)
    const password = this.#options.password ?? decodeURIComponent(url.password)
    if (username === '' && password === '') return this.#options.headers
    return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`, ...this.#options.headers }
  }

  #judge(answer: Answer, leaves: ReadonlyMap<string, Leaf>, now: number): Verdict {
    if (!this.#statusFits(answer.status)) {
      const reason = answer.status === 401 || answer.status === 403 ? 'auth_failed' : 'mismatch'
      return { result: 'response_status_code_mismatch', reason, detail: `status ${answer.status}, expected ${this.#expectedStatus()}` }
    }
    if (this.#found && !this.#found(decodeBody(answer, this.#options.charset))) {
      const where = answer.truncated ? `in the first ${this.#options.max_body} bytes` : `in the ${answer.body.length} bytes of the body`
      return { result: 'response_string_mismatch', reason: 'mismatch', detail: `the expected text is not ${where}` }
    }
    const least = this.#options.expect.days_left
    for (const { source, certificate } of leaves.values()) {
      const days = (Date.parse(certificate.valid_to) - now) / 86_400_000
      if (least !== undefined && days < least) {
        return { result: 'success', reason: 'tls', detail: `the certificate of ${source} ends in ${days.toFixed(1)} days` }
      }
    }
    return { result: 'success', reason: 'ok' }
  }

  #statusFits(status: number): boolean {
    const expected = this.#options.expect.status
    if (expected === undefined) return status >= 200 && status < 400
    return typeof expected === 'number' ? status === expected : expected.includes(status)
  }

  #expectedStatus(): string {
    const expected = this.#options.expect.status
    return expected === undefined ? '200 to 399' : [expected].flat().join(' or ')
  }

  #sample(time: number, result: ResultType, answer: Answer | null, times: Times): Sample {
    const { total_ms, ...phases } = times
    return {
      measurement: 'http_response',
      tags: { server: plain(this.#options.url), method: this.#options.method },
      fields: {
        result_type: result,
        result_code: RESULT[result],
        ...phases,
        ...(total_ms === undefined ? {} : { total_ms, response_time: total_ms / 1000 }),
        ...(answer ? { http_response_code: answer.status, content_length: answer.body.length } : {}),
        ...(answer ? { response_status_code_match: this.#statusFits(answer.status) } : {}),
        ...(answer && this.#found && result !== 'response_status_code_mismatch' ? { response_string_match: result === 'success' } : {}),
      },
      time,
    }
  }
}

/** As a tag and in messages: without user, password and query, which may hold a secret. */
function plain(url: string): string {
  return url.replace(/^(https?:\/\/)[^/@]*@/, '$1').replace(/[?#].*$/s, '')
}

function nextUrl(location: string, from: URL): URL {
  const next = URL.canParse(location, from.href) ? new URL(location, from) : null
  if (!next || !/^https?:$/.test(next.protocol))
    throw new ProbeError('mismatch', `redirected to ${plain(location)}, which is not a web address`)
  return next
}

const RESULT_OF: Partial<Record<Reason, ResultType>> = {
  timeout: 'timeout',
  dns: 'dns_error',
  protocol: 'body_read_error',
  mismatch: 'response_status_code_mismatch',
}

function failure(error: unknown, signal: AbortSignal): Verdict {
  const reason = signal.aborted && !(error instanceof ProbeError) ? 'timeout' : reasonOf(error)
  const detail = error instanceof Error ? error.message : String(error)
  return { result: RESULT_OF[reason] ?? 'connection_failed', reason, detail }
}
