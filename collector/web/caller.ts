import type { HttpBindings } from '@hono/node-server'
import { getConnInfo } from '@hono/node-server/conninfo'
import type { Context } from 'hono'

export interface Env {
  Bindings: HttpBindings
}

/** Address of the peer that called; empty when there is no socket (in-process tests). */
export function callerOf(c: Context): string {
  return c.env?.incoming ? (getConnInfo(c).remote.address ?? '') : '127.0.0.1'
}
