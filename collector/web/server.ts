import { createServer as createHttp, type Server } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { getRequestListener } from '@hono/node-server'
import type { Running } from '../../core/lifecycle/stack.ts'
import { createApp } from './app.ts'
import { Gate, isLoopback } from './auth.ts'
import type { WebDeps, WebToken } from './deps.ts'

export interface WebSettings {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  readonly tokens: readonly WebToken[]
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer }
  /** Folder of the built console, with a trailing slash. */
  readonly consoleDir: URL
}

export interface WebServer extends Running {
  readonly url: string
}

/** Starts the HTTP side. @throws with words for the operator when the port is taken or the address would be open to everybody */
export async function startWeb(deps: WebDeps, settings: WebSettings): Promise<WebServer> {
  const local = isLoopback(settings.host)
  if (!local && settings.tokens.length === 0) {
    throw new Error(
      `web.listen ${settings.host}:${settings.port} is reachable from other machines, but web.tokens is empty: add a token or listen on 127.0.0.1`,
    )
  }
  const stopping = new AbortController()
  const app = createApp(deps, new Gate(settings.tokens, local, deps.clock), settings.consoleDir, stopping.signal)
  const listener = getRequestListener(app.fetch)
  const server = settings.tls ? createHttps(settings.tls, listener) : createHttp(listener)
  server.requestTimeout = 30_000
  await listen(server, settings.host, settings.port)
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : settings.port
  const host = settings.host.includes(':') ? `[${settings.host}]` : settings.host
  return {
    url: `${settings.tls ? 'https' : 'http'}://${host}:${port}`,
    async stop() {
      stopping.abort()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections() // open event streams never end by themselves
      await closed
    },
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const what =
        error.code === 'EADDRINUSE'
          ? 'is taken by another program (a second jifang?); stop that one or change web.listen in jifang.yaml'
          : error.message
      reject(new Error(`web.listen ${host}:${port} ${what}`))
    })
    server.listen(port, host, () => resolve())
  })
}
