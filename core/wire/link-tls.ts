import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { ConnectionOptions } from 'node:tls'

/** PEM files, read at every connect so that renewed ones are taken. */
export interface LinkTls {
  /** Authority that signed the broker's certificate. */
  readonly ca?: string
  /** The one certificate that the broker shows, whoever signed it and whatever names are in it: for a broker of this very process. */
  readonly pin?: string
  readonly cert?: string
  readonly key?: string
}

export async function tlsOptions({ ca, pin, cert, key }: LinkTls): Promise<ConnectionOptions> {
  return {
    ...(ca !== undefined && { ca: await readFile(ca) }),
    ...(cert !== undefined && { cert: await readFile(cert) }),
    ...(key !== undefined && { key: await readFile(key) }),
    ...(pin !== undefined && pinned(await readFile(pin))),
  }
}

function pinned(pem: Buffer): ConnectionOptions {
  const { fingerprint256 } = new X509Certificate(pem)
  return {
    ca: pem,
    // The certificate itself is trusted; its authority need not be at hand.
    allowPartialTrustChain: true,
    checkServerIdentity: (_host, shown) =>
      shown.fingerprint256 === fingerprint256 ? undefined : new Error('the broker shows another certificate than its own file'),
  }
}
