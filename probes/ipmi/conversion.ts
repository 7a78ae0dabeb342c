/** From raw bytes to values: y = L[(M·x + B·10^K1)·10^K2] (IPMI 2.0 §36.3). */

export interface Factors {
  readonly m: number
  readonly b: number
  readonly bExp: number
  readonly rExp: number
  /** Half of the raw counts a reading may be off. */
  readonly tolerance: number
}

export interface Conversion extends Factors {
  /** How the raw byte is signed: 0 unsigned, 1 one's complement, 2 two's complement. */
  readonly format: 0 | 1 | 2
  /** 0–11 a function of table 43-1; 70h–7Fh non-linear: the factors differ per reading and are asked from the BMC. */
  readonly linearization: number
}

const FUNCTIONS: readonly ((x: number) => number)[] = [
  (x) => x,
  Math.log,
  Math.log10,
  Math.log2,
  Math.exp,
  (x) => 10 ** x,
  (x) => 2 ** x,
  (x) => 1 / x,
  (x) => x * x,
  (x) => x ** 3,
  Math.sqrt,
  Math.cbrt,
]

export const isNonLinear = (linearization: number): boolean => linearization >= 0x70 && linearization <= 0x7f

/** Sign-extends the lowest `bits` of a number. */
export const signed = (value: number, bits: number): number => (value & (1 << (bits - 1)) ? value - (1 << bits) : value)

export function signedRaw(raw: number, format: 0 | 1 | 2): number {
  if (format === 2) return signed(raw, 8)
  if (format === 1) return raw & 0x80 ? -(~raw & 0x7f) : raw
  return raw
}

/** The value of a raw byte; null where it has none (log of nothing, 1/0, unknown function). Rounded to 9 significant digits. */
export function convert(raw: number, conversion: Conversion): number | null {
  const { m, b, bExp, rExp, format, linearization } = conversion
  const linear = (m * signedRaw(raw, format) + b * 10 ** bExp) * 10 ** rExp
  const apply = FUNCTIONS[isNonLinear(linearization) ? 0 : linearization]
  const value = apply ? apply(linear) : Number.NaN
  return Number.isFinite(value) ? Number(value.toPrecision(9)) : null
}

/** Half width of the true value around a linear reading, in units (§36.4.1). */
export function toleranceOf(conversion: Conversion): number {
  return Math.abs((conversion.m * conversion.tolerance * 10 ** conversion.rExp) / 2)
}

/** M, tolerance, B, accuracy and exponents as packed in six bytes of a full SDR and of Get Sensor Reading Factors. */
export function readFactors(bytes: Buffer): Factors {
  const [mLow = 0, mHigh = 0, bLow = 0, bHigh = 0, , exponents = 0] = bytes
  return {
    m: signed(mLow | ((mHigh & 0xc0) << 2), 10),
    b: signed(bLow | ((bHigh & 0xc0) << 2), 10),
    bExp: signed(exponents & 0x0f, 4),
    rExp: signed(exponents >> 4, 4),
    tolerance: mHigh & 0x3f,
  }
}
