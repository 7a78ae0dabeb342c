import { type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http'
import type { Socket } from 'node:net'
import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate } from 'node:zlib'
import { ProbeError } from '../../core/model/reason.ts'

export interface Answer {
  readonly status: number
  readonly location: string | null
  readonly contentType: string
  /** Unpacked; the first `maxBody` bytes as they came. */
  readonly body: Buffer
  readonly truncated: boolean
}

export interface Question {
  readonly method: string
  readonly url: URL
  readonly headers: OutgoingHttpHeaders
  readonly body?: string | undefined
  readonly maxBody: number
  /** Called with the first byte of the answer. */
  onFirstByte(): void
}

/** One request and its answer over a connection that is open already; the connection ends with it. */
export async function exchange(socket: Socket, question: Question, signal: AbortSignal): Promise<Answer> {
  const answer = await ask(socket, question, signal)
  question.onFirstByte()
  const { body, truncated } = await readBody(answer, question.maxBody, signal)
  return {
    status: answer.statusCode ?? 0,
    location: answer.headers.location ?? null,
    contentType: answer.headers['content-type'] ?? '',
    body: truncated ? body : await unpack(body, answer.headers['content-encoding'], question.maxBody),
    truncated,
  }
}

function ask(socket: Socket, { method, url, headers, body }: Question, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asked = request({
      createConnection: () => socket,
      method,
      path: `${url.pathname}${url.search}`,
      headers: { host: url.host, connection: 'close', 'accept-encoding': 'identity', 'user-agent': 'jifang', accept: '*/*', ...headers },
      signal,
    })
    asked.once('response', resolve)
    asked.once('error', (error: NodeJS.ErrnoException) => {
      if (signal.aborted) reject(new ProbeError('timeout', 'connected, but no answer in time'))
      else if (error.code?.startsWith('HPE_'))
        reject(new ProbeError('protocol', `the answer is not HTTP (${error.code})`, { cause: error }))
      else if (error.code === 'ECONNRESET') reject(new ProbeError('protocol', 'the peer closed without an answer', { cause: error }))
      else reject(error)
    })
    asked.end(body)
  })
}

async function readBody(answer: IncomingMessage, limit: number, signal: AbortSignal): Promise<{ body: Buffer; truncated: boolean }> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      length += chunk.length
      if (length > limit) return { body: Buffer.concat(chunks).subarray(0, limit), truncated: true }
    }
  } catch (error) {
    if (signal.aborted) throw new ProbeError('timeout', `the answer stopped after ${length} bytes`)
    throw new ProbeError('protocol', `the answer broke off after ${length} bytes`, { cause: error })
  }
  return { body: Buffer.concat(chunks), truncated: false }
}

const UNPACKERS: Readonly<Record<string, (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>>> = {
  gzip: promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
}

/** Some servers pack whatever they are asked for. */
async function unpack(body: Buffer, encoding: string | undefined, limit: number): Promise<Buffer> {
  const unpacker = UNPACKERS[encoding?.trim().toLowerCase() ?? '']
  if (!unpacker || body.length === 0) return body
  try {
    return await unpacker(body, { maxOutputLength: Math.max(limit, 1) })
  } catch (error) {
    throw new ProbeError('protocol', `the body is not valid ${encoding}, or is larger than ${limit} bytes`, { cause: error })
  }
}

const META = /<meta[^>]+charset=["']?([\w-]+)/i

/** The option decides, then the header, then the page's own words (HTML §4.2.5.4), then utf-8. */
export function decodeBody(answer: Answer, charset: string | undefined): string {
  const label = charset ?? /charset=["']?([\w-]+)/i.exec(answer.contentType)?.[1] ?? META.exec(answer.body.toString('latin1', 0, 1024))?.[1]
  try {
    return new TextDecoder(label ?? 'utf-8').decode(answer.body)
  } catch {
    return new TextDecoder().decode(answer.body)
  }
}
