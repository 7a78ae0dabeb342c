/** What a modem's byte stream consists of: lines, and the prompt of AT+CMGS, which has no line end. */
export type AtItem = { readonly type: 'line'; readonly text: string } | { readonly type: 'prompt' }

/** Longer than any PDU line; a line without end (wrong speed, noise) is cut and dropped here. */
const MAX_LINE = 2048

/** Bytes to items, whatever the chunks. Empty lines are left out, NUL and other noise bytes are ignored. */
export class AtParser {
  #line = ''
  /** Characters dropped because a line had no end. */
  dropped = 0

  push(bytes: Buffer): AtItem[] {
    const items: AtItem[] = []
    for (const char of bytes.toString('latin1')) {
      if (char === '\r' || char === '\n') this.#flush(items)
      else if (char >= ' ' || char === '\t') this.#line += char
      // Some modems leave out the blank behind the prompt; where there is one it is trimmed off the next line.
      if (this.#line.trimStart() === '>') {
        this.#line = ''
        items.push({ type: 'prompt' })
      } else if (this.#line.length > MAX_LINE) {
        this.dropped += this.#line.length
        this.#line = ''
      }
    }
    return items
  }

  #flush(items: AtItem[]): void {
    const text = this.#line.trim()
    this.#line = ''
    if (text !== '') items.push({ type: 'line', text })
  }
}

/** Lines a modem sends unasked. The two-line ones are followed by a PDU. */
export type Unsolicited =
  | { readonly type: 'report'; readonly pdu: string }
  | { readonly type: 'message'; readonly pdu: string }
  | { readonly type: 'stored'; readonly index: number }
  | { readonly type: 'other'; readonly text: string }

const TWO_LINES: readonly (readonly [string, 'report' | 'message'])[] = [
  ['+CDS:', 'report'],
  ['+CMT:', 'message'],
]
const OTHER =
  /^(\+CMTI:|\+CDSI:|\+CREG:|\+CGREG:|\+CEREG:|\+CRING:|\+CUSD:|\+CLIP:|RING$|NO CARRIER$|\^|\+STIN|\+CFUN:|\+CPIN:|SMS Ready|Call Ready|RDY$|PB DONE)/

/** Tells answers from what comes unasked. `expected` is the prefix that the running command answers with (`+CREG:`), or null. */
export class UnsolicitedFilter {
  #pending: 'report' | 'message' | null = null

  /** Undefined: the line belongs to the command. Null: swallowed as the first line of two. */
  take(line: string, expected: string | null): Unsolicited | null | undefined {
    if (this.#pending) {
      const type = this.#pending
      this.#pending = null
      if (/^[0-9a-fA-F]+$/.test(line)) return { type, pdu: line }
    }
    if (expected !== null && line.startsWith(expected)) return undefined
    const two = TWO_LINES.find(([prefix]) => line.startsWith(prefix))
    if (two) {
      this.#pending = two[1]
      return null
    }
    if (!OTHER.test(line)) return undefined
    const stored = /^\+(?:CMTI|CDSI):\s*"?\w*"?\s*,\s*(\d+)/.exec(line)
    return stored ? { type: 'stored', index: Number(stored[1]) } : { type: 'other', text: line }
  }
}
