import * as v from 'valibot'
import type { KindSpec } from '../kind-spec.ts'
import { charset, textMatch } from '../text-match.ts'

const status = v.pipe(v.number(), v.integer(), v.minValue(100), v.maxValue(599))

const options = v.strictObject({
  url: v.pipe(
    v.string(),
    v.check((text) => /^https?:\/\/\S+$/.test(text), 'must start with http:// or https://'),
  ),
  method: v.optional(v.picklist(['GET', 'HEAD', 'POST', 'PUT', 'OPTIONS']), 'GET'),
  headers: v.optional(v.record(v.string(), v.string()), {}),
  body: v.optional(v.string()),
  username: v.optional(v.string()),
  password: v.optional(v.string()),
  expect: v.optional(
    v.strictObject({
      /** One status or several. Without it everything from 200 to 399 is well. */
      status: v.optional(v.union([status, v.pipe(v.array(status), v.minLength(1))])),
      body: v.optional(textMatch),
      /** The certificate must last at least this long. */
      days_left: v.optional(v.pipe(v.number(), v.minValue(0))),
    }),
    {},
  ),
  /** Redirects to follow; 0 takes the first answer as it is. */
  redirects: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(20)), 5),
  /** Of the body; without it the answer's own header decides, else utf-8. */
  charset: v.optional(charset),
  /** Reading of the body ends here, bytes. */
  max_body: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(16 * 1024 * 1024)), 1024 * 1024),
  /** false accepts any certificate, but still measures how long it lasts. */
  verify: v.optional(v.boolean(), true),
  /** Name that the certificate must bear, when the URL has an address. */
  servername: v.optional(v.string()),
  /** PEM of the authority to trust, e.g. `${file:room-ca.pem}`. */
  ca: v.optional(v.string()),
})
export type HttpOptions = v.InferOutput<typeof options>

export const httpKind: KindSpec = {
  options,
  intervalMs: 60_000,
  timeoutMs: 10_000,
  where: 'remote',
  secrets: ['password', 'headers.Authorization'],
  title: { zh: '网页', en: 'web page' },
}
