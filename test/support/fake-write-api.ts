import { createServer, type IncomingHttpHeaders } from 'node:http'
import { gunzipSync } from 'node:zlib'

export interface WriteRequest {
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** Unpacked, without comments and empty lines. */
  readonly lines: readonly string[]
  readonly at: number
}

export interface WriteAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** A write endpoint over true HTTP for the answers that the installed databases don't give. `answer` may never resolve. */
export async function startFakeWriteApi(answer: (request: WriteRequest, number: number) => WriteAnswer | Promise<WriteAnswer>) {
  const requests: WriteRequest[] = []
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', async () => {
      const body = Buffer.concat(chunks)
      const lines = gunzipSync(body)
        .toString('utf8')
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'))
      const request = { url: incoming.url ?? '', headers: incoming.headers, body, lines, at: Date.now() }
      requests.push(request)
      const { status, headers = {}, body: text = '' } = await answer(request, requests.length)
      response.writeHead(status, headers).end(text)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address !== 'object' || !address) throw new Error('no address')
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
