import { connect as connectTcp, isIP, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { ProbeError, type Reason, reasonOf } from '../../core/model/reason.ts'
import type { Sample } from '../../core/model/sample.ts'
import { certificateSample } from '../certificate.ts'
import type { Probe, ProbeDeps, ProbeKind, Reading } from '../probe.ts'
import { createMatcher } from '../text-match.ts'
import { certificateProblem, tlsProblem } from '../tls-problem.ts'
import type { TcpOptions } from './options.ts'

/** Telegraf's net_response result codes. */
const RESULT = { success: 0, timeout: 1, connection_failed: 2, read_failed: 3, string_mismatch: 4 } as const
type ResultType = keyof typeof RESULT

/** An answer may be this long before the expected text is given up on, bytes. */
const ANSWER_LIMIT = 64 * 1024

export const tcp: ProbeKind<TcpOptions> = {
  create(target, options, deps) {
    if (!target.address) throw new ProbeError('config', 'tcp needs an address: give the device or the check one')
    return new TcpProbe(target.address, options, deps)
  },
}

class TcpProbe implements Probe {
  readonly #address: string
  readonly #options: TcpOptions
  readonly #deps: ProbeDeps
  readonly #tls: { readonly verify: boolean; readonly servername?: string | undefined; readonly ca?: string | undefined }
  readonly #found: ((text: string) => boolean) | null

  constructor(address: string, options: TcpOptions, deps: ProbeDeps) {
    this.#address = address
    this.#options = options
    this.#deps = deps
    this.#tls = typeof options.tls === 'object' ? options.tls : { verify: true }
    this.#found = options.expect === undefined ? null : createMatcher(options.expect)
  }

  async run(signal: AbortSignal): Promise<Reading> {
    const time = this.#deps.clock.now()
    const started = this.#deps.clock.monotonic()
    const socket = connectTcp({ host: this.#address, port: this.#options.port, signal })
    let stage: ResultType = 'connection_failed'
    let connectedAfter: number | undefined
    const extra: Sample[] = []
    try {
      await once(socket, 'connect', signal)
      let stream: Socket = socket
      if (this.#options.tls) {
        const secure = await this.#secure(socket, signal)
        stream = secure
        const problem = certificateProblem(secure)
        const sample = certificateSample(`${this.#address}:${this.#options.port}`, secure.getPeerCertificate(), problem, time)
        if (sample) extra.push(sample)
        if (problem !== null && this.#tls.verify) throw new ProbeError('tls', problem)
      }
      connectedAfter = this.#deps.clock.monotonic() - started
      stage = 'read_failed'
      if (this.#options.send !== undefined) stream.write(encode(this.#options.send, this.#options.charset))
      if (this.#found) await this.#converse(stream, this.#found, signal)
      const took = this.#deps.clock.monotonic() - started
      return { samples: [this.#sample(time, 'success', took, connectedAfter), ...extra] }
    } catch (error) {
      const { result, reason, detail } = judge(error, stage, signal)
      return { samples: [this.#sample(time, result, undefined, connectedAfter), ...extra], reason, detail }
    } finally {
      socket.destroy()
    }
  }

  async #secure(socket: Socket, signal: AbortSignal): Promise<TLSSocket> {
    const tls = await import('node:tls')
    const name = this.#tls.servername ?? this.#address
    // Judged afterwards, so that a certificate that fails is measured too.
    const secure = tls.connect({
      socket,
      host: name,
      rejectUnauthorized: false,
      ...(isIP(name) ? {} : { servername: name }),
      ...(this.#tls.ca === undefined ? {} : { ca: this.#tls.ca }),
    })
    await once(secure, 'secureConnect', signal)
    return secure
  }

  /** Ends when the expected text has come; throws ProbeError mismatch when the peer closes or says too much without it. */
  async #converse(stream: Socket, found: (text: string) => boolean, signal: AbortSignal): Promise<void> {
    const decoder = new TextDecoder(this.#options.charset)
    let text = ''
    let bytes = 0
    await new Promise<void>((resolve, reject) => {
      const miss = (what: string) => reject(new ProbeError('mismatch', `${what}; it said ${quote(text)}`))
      stream.on('data', (chunk: Buffer) => {
        text += decoder.decode(chunk, { stream: true })
        bytes += chunk.length
        if (found(text)) resolve()
        else if (bytes > ANSWER_LIMIT) miss(`the expected text is not in the first ${ANSWER_LIMIT} bytes`)
      })
      stream.once('end', () => miss('the peer closed without the expected text'))
      stream.once('error', reject)
      signal.addEventListener(
        'abort',
        () =>
          bytes > 0
            ? miss('the expected text did not come in time')
            : reject(new ProbeError('timeout', 'connected, but the peer said nothing')),
        { once: true },
      )
    })
  }

  #sample(time: number, result: ResultType, tookMs: number | undefined, connectMs: number | undefined): Sample {
    return {
      measurement: 'net_response',
      tags: { server: this.#address, port: String(this.#options.port), protocol: 'tcp' },
      fields: {
        result_code: RESULT[result],
        result_type: result,
        ...(tookMs === undefined ? {} : { response_time: tookMs / 1000 }),
        ...(connectMs === undefined ? {} : { connect_ms: connectMs }),
        ...(this.#found && (result === 'success' || result === 'string_mismatch') ? { string_found: result === 'success' } : {}),
      },
      time,
    }
  }
}

function judge(error: unknown, stage: ResultType, signal: AbortSignal): { result: ResultType; reason: Reason; detail: string } {
  const tls = tlsProblem(error)
  const reason = tls ? 'tls' : signal.aborted && !(error instanceof ProbeError) ? 'timeout' : reasonOf(error)
  const detail = tls ?? (error instanceof Error ? error.message : String(error))
  if (reason === 'mismatch') return { result: 'string_mismatch', reason, detail }
  return { result: reason === 'timeout' ? 'timeout' : stage, reason, detail }
}

/** Resolves at `event`, rejects at an error, at the peer's close and at the abort. */
function once(socket: Socket, event: 'connect' | 'secureConnect', signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(event, () => resolve())
    socket.on('error', reject)
    socket.once('close', () => reject(new ProbeError('refused', 'the peer closed the connection')))
    signal.addEventListener('abort', () => reject(new ProbeError('timeout', 'no connection in time')), { once: true })
  })
}

/** Node encodes UTF-8 only; a text to send in another character set is refused by name rather than sent wrong. */
function encode(text: string, charset: string): Buffer {
  if (/^utf-?8$/i.test(charset) || /^[\x00-\x7f]*$/.test(text)) return Buffer.from(text, 'utf8')
  throw new ProbeError('config', `send: only plain ASCII can be sent in ${charset}`)
}

const quote = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)
