export type SyslogEncoding = 'auto' | 'utf-8' | 'gbk'

const strictUtf8 = new TextDecoder('utf-8', { fatal: true })
const utf8 = new TextDecoder('utf-8')
/** A superset of GBK and GB 2312. */
const gb18030 = new TextDecoder('gb18030')

/** `auto`: UTF-8 when it is valid UTF-8, which GBK text of more than a few characters never is, else GBK. Never throws. */
export function decodeSyslog(bytes: Uint8Array, encoding: SyslogEncoding): string {
  if (encoding === 'gbk') return gb18030.decode(bytes)
  if (encoding === 'utf-8') return utf8.decode(bytes)
  try {
    return strictUtf8.decode(bytes)
  } catch {
    return cutUtf8(bytes) ?? gb18030.decode(bytes)
  }
}

/** UTF-8 that was cut in the middle of its last character, as senders with a fixed datagram size do; null when it is something else. */
function cutUtf8(bytes: Uint8Array): string | null {
  for (let cut = 1; cut <= 3 && cut < bytes.length; cut++) {
    const at = bytes.length - cut
    const byte = bytes[at] ?? 0
    if (byte < 0x80) return null
    if (byte < 0xc0) continue
    // A lead byte that wants more bytes than there are; enough before it must already have been UTF-8 beyond ASCII.
    if (lengthOf(byte) <= cut) return null
    try {
      const text = strictUtf8.decode(bytes.subarray(0, at))
      return /[^\u0000-\u007f]/.test(text) ? text : null
    } catch {
      return null
    }
  }
  return null
}

const lengthOf = (lead: number): number => (lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2)
