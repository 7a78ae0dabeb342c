import type { PeerCertificate } from 'node:tls'
import type { Sample } from '../core/model/sample.ts'

/** The leaf a server showed, in Telegraf's `x509_cert`: seconds relative to `now`, plus `days_left` for people. */
export function certificateSample(source: string, leaf: PeerCertificate, problem: string | null, now: number): Sample | null {
  const from = Date.parse(leaf.valid_from)
  const to = Date.parse(leaf.valid_to)
  if (Number.isNaN(from) || Number.isNaN(to)) return null
  return {
    measurement: 'x509_cert',
    tags: { source },
    fields: {
      age: Math.floor((now - from) / 1000),
      expiry: Math.floor((to - now) / 1000),
      days_left: (to - now) / 86_400_000,
      startdate: Math.floor(from / 1000),
      enddate: Math.floor(to / 1000),
      common_name: oneText(leaf.subject?.CN),
      issuer: oneText(leaf.issuer?.CN ?? leaf.issuer?.O),
      verification_code: problem === null ? 0 : 1,
      verification_error: problem ?? '',
    },
    time: now,
  }
}

const oneText = (value: string | readonly string[] | undefined): string => (typeof value === 'string' ? value : (value?.join(' ') ?? ''))
