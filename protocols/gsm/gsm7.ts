// 3GPP TS 23.038 §6.2.1: the default alphabet and its extension table, one septet per entry.
const BASIC =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u001bÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà'

const EXTENSION: readonly (readonly [number, string])[] = [
  [0x0a, '\f'],
  [0x14, '^'],
  [0x28, '{'],
  [0x29, '}'],
  [0x2f, '\\'],
  [0x3c, '['],
  [0x3d, '~'],
  [0x3e, ']'],
  [0x40, '|'],
  [0x65, '€'],
]

const ESCAPE = 0x1b

const TO_SEPTETS: ReadonlyMap<string, readonly number[]> = new Map<string, readonly number[]>([
  ...[...BASIC].flatMap((char, code): [string, readonly number[]][] => (code === ESCAPE ? [] : [[char, [code]]])),
  ...EXTENSION.map(([code, char]): [string, readonly number[]] => [char, [ESCAPE, code]]),
])
const FROM_EXTENSION: ReadonlyMap<number, string> = new Map(EXTENSION)

/** Septets of one character: one, or two with the escape; null when the alphabet doesn't have it. */
export function septetsOf(char: string): readonly number[] | null {
  return TO_SEPTETS.get(char) ?? null
}

/** Whether every character is in the alphabet, so that the text may go out with 160 septets in a message. */
export function fitsGsm7(text: string): boolean {
  for (const char of text) if (!TO_SEPTETS.has(char)) return false
  return true
}

/** The text as septets; throws a RangeError at a character that the alphabet doesn't have. */
export function toSeptets(text: string): number[] {
  const septets: number[] = []
  for (const char of text) {
    const codes = TO_SEPTETS.get(char)
    if (!codes) throw new RangeError(`not in the GSM alphabet: ${JSON.stringify(char)}`)
    septets.push(...codes)
  }
  return septets
}

/** An unknown extension code reads as the basic character of that code (TS 23.038 §6.2.1.1), a trailing escape as a space. */
export function fromSeptets(septets: readonly number[]): string {
  let text = ''
  for (let i = 0; i < septets.length; i++) {
    const code = septets[i] ?? 0
    if (code !== ESCAPE) {
      text += BASIC[code] ?? ''
      continue
    }
    const second = septets[++i]
    text += second === undefined ? ' ' : (FROM_EXTENSION.get(second) ?? BASIC[second] ?? ' ')
  }
  return text
}

/** Packs septets into octets, lowest bits first, after `fillBits` zero bits (TS 23.040 §9.2.3.24: the text starts at a septet boundary behind its header). */
export function packSeptets(septets: readonly number[], fillBits = 0): Buffer {
  const bytes = Buffer.alloc(Math.ceil((septets.length * 7 + fillBits) / 8))
  septets.forEach((septet, index) => {
    const bit = index * 7 + fillBits
    const at = bit >> 3
    const shifted = septet << (bit & 7)
    bytes[at] = (bytes[at] ?? 0) | (shifted & 0xff)
    if (shifted > 0xff) bytes[at + 1] = (bytes[at + 1] ?? 0) | (shifted >> 8)
  })
  return bytes
}

export function unpackSeptets(bytes: Buffer, count: number, fillBits = 0): number[] {
  const septets: number[] = []
  for (let index = 0; index < count; index++) {
    const bit = index * 7 + fillBits
    const at = bit >> 3
    if (at >= bytes.length) break
    const pair = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)
    septets.push((pair >> (bit & 7)) & 0x7f)
  }
  return septets
}
