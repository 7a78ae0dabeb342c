import * as v from 'valibot'
import type { KindSpec } from '../kind-spec.ts'
import { charset, textMatch } from '../text-match.ts'

const options = v.strictObject({
  port: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65535)),
  /** Sent after connecting. A doubly quoted YAML text may hold \r\n. */
  send: v.optional(v.string()),
  /** What the peer must say within the timeout, by itself or in answer to `send`. */
  expect: v.optional(textMatch),
  charset: v.optional(charset, 'utf-8'),
  /** true, or how to judge the certificate: `verify: false` accepts any, `servername` is the name it must bear. */
  tls: v.optional(
    v.union([
      v.boolean(),
      v.strictObject({ verify: v.optional(v.boolean(), true), servername: v.optional(v.string()), ca: v.optional(v.string()) }),
    ]),
    false,
  ),
})
export type TcpOptions = v.InferOutput<typeof options>

export const tcpKind: KindSpec = {
  options,
  intervalMs: 60_000,
  timeoutMs: 5_000,
  where: 'remote',
  secrets: [],
  title: { zh: 'TCP 端口', en: 'TCP port' },
}
