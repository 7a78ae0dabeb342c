import type { HttpBindings } from '@hono/node-server'
import { getConnInfo } from '@hono/node-server/conninfo'
import type { Context } from 'hono'

export interface Env {
  Bindings: HttpBindings
}

/** Address of the peer that called, or of whom a proxy on this machine names: what comes through one is not from here. */
export function callerOf(c: Context): string {
  const forwarded = c.req.header('x-forwarded-for')?.split(',').at(-1)?.trim() ?? c.req.header('forwarded')
  if (forwarded !== undefined) return `proxied ${forwarded}`
  return c.env?.incoming ? (getConnInfo(c).remote.address ?? '') : '127.0.0.1'
}
