import type { TLSSocket } from 'node:tls'

/** OpenSSL's and Node's codes in words that tell the operator what to renew or to fix. */
const WORDS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'the certificate has expired',
  CERT_NOT_YET_VALID: 'the certificate is not valid yet (or this clock is slow)',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another name',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'the chain ends in a self-signed certificate that is not trusted here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the server does not send its intermediate certificate, or its issuer is not trusted here',
  UNABLE_TO_GET_ISSUER_CERT: 'the issuer of the certificate is not known here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the issuer of the certificate is not trusted here',
  CERT_REVOKED: 'the certificate was revoked',
  CERT_UNTRUSTED: 'the certificate is not trusted',
  CERT_SIGNATURE_FAILURE: 'the signature of the certificate is wrong',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the peer does not speak TLS on this port',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'the peer only speaks a TLS version that is too old',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'the peer refused our TLS versions',
  ERR_SSL_DH_KEY_TOO_SMALL: "the peer's key exchange is too weak",
}

const LIKE_TLS = /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_OSSL|EPROTO)/

/** Why a handshake failed, in words; null when the error is not about TLS. */
export function tlsProblem(error: unknown): string | null {
  if (!(error instanceof Error)) return null
  const code = (error as NodeJS.ErrnoException).code
  if (code === undefined || !LIKE_TLS.test(code)) return null
  return WORDS[code] ?? (code === 'EPROTO' ? 'the TLS handshake failed' : `TLS: ${code}`)
}

/** Why the certificate of an open connection (made with `rejectUnauthorized: false`) would not be trusted; null when it would. */
export function certificateProblem(socket: TLSSocket): string | null {
  if (socket.authorized) return null
  // Node gives the code as a text, the types say Error.
  const given: unknown = socket.authorizationError
  const code = typeof given === 'string' ? given : given instanceof Error ? ((given as NodeJS.ErrnoException).code ?? given.message) : ''
  return WORDS[code] ?? `the certificate is not trusted (${code || 'no reason given'})`
}
