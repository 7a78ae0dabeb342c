const LF = 0x0a
const NUL = 0x00
const BLANK = 0x20
const ANGLE = 0x3c
const MAX_DIGITS = 6

export interface FramerOptions {
  /** Longer frames are cut to this; the rest is passed over. */
  readonly maxBytes: number
  readonly onFrame: (frame: Uint8Array) => void
}

/**
 * Messages out of a TCP stream (RFC 6587): octet counting (`57 <34>1 …`) where a frame begins with digits and a blank, else everything up
 * to a line feed or NUL. Holds at most `maxBytes` of an unfinished frame.
 */
export class SyslogFramer {
  readonly #options: FramerOptions
  #held: Buffer = Buffer.alloc(0)
  /** Octets of a frame that still have to be passed over; Infinity: up to the next end of line. */
  #skip = 0

  constructor(options: FramerOptions) {
    this.#options = options
  }

  push(chunk: Uint8Array): void {
    let rest: Buffer = Buffer.concat([this.#held, chunk])
    for (;;) {
      const after = this.#step(rest)
      if (after === null) break
      rest = after
    }
    // A copy: what is kept must not hold the whole chunk.
    this.#held = Buffer.from(rest)
  }

  /** The stream has ended: what is left is a frame without an end. */
  end(): void {
    if (this.#skip === 0) this.#give(this.#held)
    this.#held = Buffer.alloc(0)
  }

  /** What is left after one frame; null when there is no whole one. */
  #step(bytes: Buffer): Buffer | null {
    if (bytes.length === 0) return null
    if (this.#skip > 0) return this.#pass(bytes)
    const counted = countOf(bytes)
    if (counted === 'short') return null
    return counted ? this.#counted(bytes, counted.start, counted.length) : this.#line(bytes)
  }

  #pass(bytes: Buffer): Buffer | null {
    if (Number.isFinite(this.#skip)) {
      const passed = Math.min(this.#skip, bytes.length)
      this.#skip -= passed
      return bytes.subarray(passed)
    }
    const end = endOfLine(bytes)
    if (end < 0) return bytes.subarray(bytes.length)
    this.#skip = 0
    return bytes.subarray(end + 1)
  }

  #counted(bytes: Buffer, start: number, length: number): Buffer | null {
    const { maxBytes } = this.#options
    const here = bytes.length - start
    if (here < length && here < maxBytes) return null
    this.#give(bytes.subarray(start, start + Math.min(length, maxBytes)))
    if (here >= length) return bytes.subarray(start + length)
    this.#skip = length - here
    return bytes.subarray(bytes.length)
  }

  #line(bytes: Buffer): Buffer | null {
    const { maxBytes } = this.#options
    const end = endOfLine(bytes)
    if (end >= 0) {
      this.#give(bytes.subarray(0, Math.min(end, maxBytes)))
      return bytes.subarray(end + 1)
    }
    if (bytes.length < maxBytes) return null
    this.#give(bytes.subarray(0, maxBytes))
    this.#skip = Number.POSITIVE_INFINITY
    return bytes.subarray(bytes.length)
  }

  #give(frame: Buffer): void {
    const end = frame.at(-1) === 0x0d ? frame.length - 1 : frame.length
    if (end > 0) this.#options.onFrame(frame.subarray(0, end))
  }
}

/** Where a counted frame begins and how long it is; null: it is none; `short`: that can't be told yet. */
function countOf(bytes: Uint8Array): { readonly start: number; readonly length: number } | null | 'short' {
  let at = 0
  let length = 0
  for (; at < bytes.length && at <= MAX_DIGITS; at++) {
    const byte = bytes[at] ?? 0
    if (byte === BLANK && length > 0) return started(bytes, at + 1, length)
    if (byte < 0x30 || byte > 0x39 || (at === 0 && byte === 0x30)) return null
    length = length * 10 + byte - 0x30
  }
  return at > MAX_DIGITS ? null : 'short'
}

/** Every message begins with its priority: a line that happens to begin with a number does not. */
function started(bytes: Uint8Array, start: number, length: number): { readonly start: number; readonly length: number } | null | 'short' {
  if (start >= bytes.length) return 'short'
  return bytes[start] === ANGLE ? { start, length } : null
}

function endOfLine(bytes: Uint8Array): number {
  for (let at = 0; at < bytes.length; at++) if (bytes[at] === LF || bytes[at] === NUL) return at
  return -1
}
