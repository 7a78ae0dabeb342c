import type { Socket } from 'node:net'
import { ProbeError, type Reason, reasonOf } from '../../core/model/reason.ts'
import type { Sample } from '../../core/model/sample.ts'
import { certificateSample } from '../certificate.ts'
import { type Leaf, type OpeningTimes, openConnection, type Trust } from '../connection.ts'
import type { Probe, ProbeDeps, ProbeKind, Reading } from '../probe.ts'
import { createMatcher } from '../text-match.ts'
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
  readonly #trust: Trust | null
  readonly #found: ((text: string) => boolean) | null

  constructor(address: string, options: TcpOptions, deps: ProbeDeps) {
    this.#address = address
    this.#options = options
    this.#deps = deps
    this.#trust = options.tls === false ? null : options.tls === true ? { verify: true } : options.tls
    this.#found = options.expect === undefined ? null : createMatcher(options.expect)
  }

  async run(signal: AbortSignal): Promise<Reading> {
    const { clock } = this.#deps
    const time = clock.now()
    const started = clock.monotonic()
    const times: OpeningTimes = {}
    let leaf: Leaf | null = null
    let stage: ResultType = 'connection_failed'
    let socket: Socket | null = null
    const end = (result: ResultType, tookMs?: number): Sample[] => {
      const certificate = leaf && certificateSample(leaf.source, leaf.certificate, leaf.problem, time)
      return [this.#sample(time, result, tookMs, times), ...(certificate ? [certificate] : [])]
    }
    try {
      const { port } = this.#options
      const onLeaf = (shown: Leaf): void => {
        leaf = shown
      }
      socket = await openConnection({ host: this.#address, port, trust: this.#trust, times, onLeaf, clock, signal })
      stage = 'read_failed'
      if (this.#options.send !== undefined) socket.write(encode(this.#options.send, this.#options.charset))
      if (this.#found) await this.#converse(socket, this.#found, signal)
      return { samples: end('success', clock.monotonic() - started) }
    } catch (error) {
      const { result, reason, detail } = judge(error, stage, signal)
      return { samples: end(result), reason, detail }
    } finally {
      socket?.destroy()
    }
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

  #sample(time: number, result: ResultType, tookMs: number | undefined, times: OpeningTimes): Sample {
    return {
      measurement: 'net_response',
      tags: { server: this.#address, port: String(this.#options.port), protocol: 'tcp' },
      fields: {
        result_code: RESULT[result],
        result_type: result,
        ...(tookMs === undefined ? {} : { response_time: tookMs / 1000 }),
        ...times,
        ...(this.#found && (result === 'success' || result === 'string_mismatch') ? { string_found: result === 'success' } : {}),
      },
      time,
    }
  }
}

function judge(error: unknown, stage: ResultType, signal: AbortSignal): { result: ResultType; reason: Reason; detail: string } {
  const reason = signal.aborted && !(error instanceof ProbeError) ? 'timeout' : reasonOf(error)
  const detail = error instanceof Error ? error.message : String(error)
  if (reason === 'mismatch') return { result: 'string_mismatch', reason, detail }
  return { result: reason === 'timeout' ? 'timeout' : stage, reason, detail }
}

/** Node encodes UTF-8 only; a text to send in another character set is refused by name rather than sent wrong. */
function encode(text: string, charset: string): Buffer {
  if (/^utf-?8$/i.test(charset) || /^[\x00-\x7f]*$/.test(text)) return Buffer.from(text, 'utf8')
  throw new ProbeError('config', `send: only plain ASCII can be sent in ${charset}`)
}

const quote = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)
