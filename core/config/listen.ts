import { isIP } from 'node:net'
import * as v from 'valibot'

/** Where a server listens. */
export interface Listen {
  /** Address or name; `0.0.0.0` for every interface. */
  readonly host: string
  readonly port: number
}

/** `127.0.0.1:8420`, `[::1]:8420`, `0.0.0.0:80`, `:80` (every interface); null when it is none of these. */
export function parseListen(text: string): Listen | null {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]*)):(\d{1,5})$/.exec(text)
  if (!match) return null
  const [, six, name, digits] = match
  const port = Number(digits)
  if (port < 1 || port > 65535 || (six !== undefined && isIP(six) !== 6)) return null
  if (six === undefined && /^[\d.]+$/.test(name ?? '') && isIP(name ?? '') !== 4) return null
  return { host: six ?? (name === '' || name === undefined ? '0.0.0.0' : name), port }
}

export const formatListen = ({ host, port }: Listen): string => (isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`)

/** True when nobody outside of this machine can connect. */
export const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))

export const listen = v.pipe(
  v.string(),
  v.metadata({ examples: ['127.0.0.1:8420', '0.0.0.0:8420'] }),
  v.rawTransform<string, Listen>(({ dataset, addIssue, NEVER }) => {
    const parsed = parseListen(dataset.value)
    if (parsed) return parsed
    addIssue({ message: 'must be ADDRESS:PORT, such as 127.0.0.1:8420' })
    return NEVER
  }),
)
