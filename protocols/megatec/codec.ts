/** Answers of the Megatec (Q1) protocol that Santak and many others speak. Pure: text in, values out; a text instead says why it was refused. */

/** Bits b7…b0 of Q1. */
export interface Q1Bits {
  readonly utilityFail: boolean
  readonly batteryLow: boolean
  /** Bypass of an on-line UPS, boost or buck of a line-interactive one. */
  readonly bypass: boolean
  readonly failed: boolean
  /** Stand-by or line-interactive; otherwise on-line. */
  readonly standbyType: boolean
  readonly testing: boolean
  readonly shuttingDown: boolean
  readonly beeper: boolean
}

/** null: the UPS does not measure it. */
export interface Q1 {
  readonly inputVolt: number | null
  /** Input voltage that made it change over last. */
  readonly faultVolt: number | null
  readonly outputVolt: number | null
  readonly loadPercent: number | null
  readonly frequencyHertz: number | null
  /** Of one cell (on-line UPS: about 2.25) or of the whole battery. */
  readonly batteryVolt: number | null
  readonly celsius: number | null
  readonly bits: Q1Bits
}

/** Three phases; null for those that are not there. */
export interface Q6 {
  readonly inputVolt: readonly (number | null)[]
  readonly inputHertz: number | null
  readonly outputVolt: readonly (number | null)[]
  readonly outputHertz: number | null
  readonly loadPercent: readonly (number | null)[]
  readonly batteryVolt: number | null
  readonly batteryNegativeVolt: number | null
  readonly celsius: number | null
  readonly runtimeSeconds: number | null
  readonly chargePercent: number | null
  readonly fault: number
  readonly warning: number
}

export interface Ratings {
  readonly volt: number | null
  readonly ampere: number | null
  readonly batteryVolt: number | null
  readonly hertz: number | null
}

export interface Identity {
  readonly manufacturer: string
  readonly model: string
  readonly firmware: string
}

/** `(MMM.M NNN.N PPP.P QQQ RR.R S.SS TT.T b7…b0` */
export function parseQ1(text: string): Q1 | string {
  const parts = tokens(text, '(', 8)
  if (typeof parts === 'string') return parts
  const bits = parts[7] ?? ''
  if (!/^[01]{8}$/.test(bits)) return `${shown(bits)} where eight status bits should be`
  const numbers = measured(parts.slice(0, 7), [VOLT, VOLT, VOLT, LOAD, HERTZ, VOLT, CELSIUS])
  if (typeof numbers === 'string') return numbers
  const [
    inputVolt = null,
    faultVolt = null,
    outputVolt = null,
    loadPercent = null,
    frequencyHertz = null,
    batteryVolt = null,
    celsius = null,
  ] = numbers
  return { inputVolt, faultVolt, outputVolt, loadPercent, frequencyHertz, batteryVolt, celsius, bits: statusBits(bits) }
}

/** `(MMM.M ×3 NN.N PPP.P ×3 RR.R QQQ ×3 SSS.S VVV.V TT.T ttttt CCC KB ffffffff wwwwwwww YO` */
export function parseQ6(text: string): Q6 | string {
  const parts = tokens(text, '(', 20)
  if (typeof parts === 'string') return parts
  const fault = word(parts[17])
  const warning = word(parts[18])
  if (fault === null || warning === null) return `${shown(`${parts[17]} ${parts[18]}`)} where fault and warning words should be`
  const limits = [VOLT, VOLT, VOLT, HERTZ, VOLT, VOLT, VOLT, HERTZ, LOAD, LOAD, LOAD, VOLT, VOLT, CELSIUS, SECONDS, CHARGE]
  const numbers = measured(parts.slice(0, 16), limits)
  if (typeof numbers === 'string') return numbers
  const at = (index: number): number | null => numbers[index] ?? null
  return {
    inputVolt: [at(0), at(1), at(2)],
    inputHertz: at(3),
    outputVolt: [at(4), at(5), at(6)],
    outputHertz: at(7),
    loadPercent: [at(8), at(9), at(10)],
    batteryVolt: at(11),
    batteryNegativeVolt: at(12),
    celsius: at(13),
    runtimeSeconds: at(14),
    chargePercent: at(15),
    fault,
    warning,
  }
}

/** `#MMM.M QQQ SS.SS RR.R` */
export function parseRatings(text: string): Ratings | string {
  const parts = tokens(text, '#', 4)
  if (typeof parts === 'string') return parts
  const numbers = measured(parts, [VOLT, [0, 10_000], VOLT, HERTZ])
  if (typeof numbers === 'string') return numbers
  const [volt = null, ampere = null, batteryVolt = null, hertz = null] = numbers
  return { volt, ampere, batteryVolt, hertz }
}

/** `#` company (15) model (10) version (10), padded with blanks; some write fewer columns. */
export function parseIdentity(text: string): Identity | string {
  if (!text.startsWith('#')) return `${shown(text)} does not begin with #`
  const body = text.slice(1)
  if (!/^[\x20-\x7e]{1,80}$/.test(body)) return 'characters that are no text'
  if (body.length >= 30)
    return { manufacturer: body.slice(0, 15).trim(), model: body.slice(16, 26).trim(), firmware: body.slice(27).trim() }
  const [manufacturer = '', model = '', ...firmware] = body.trim().split(/\s{1,}/)
  return { manufacturer, model, firmware: firmware.join(' ') }
}

type Limits = readonly [min: number, max: number]
const VOLT: Limits = [0, 2000]
const HERTZ: Limits = [0, 100]
const LOAD: Limits = [0, 300]
const CELSIUS: Limits = [-40, 150]
const SECONDS: Limits = [0, 10_000_000]
const CHARGE: Limits = [0, 100]

function tokens(text: string, start: string, count: number): string[] | string {
  if (!text.startsWith(start)) return `${shown(text)} does not begin with ${start}`
  const parts = text.slice(1).trim().split(/\s+/)
  return parts.length === count ? parts : `${parts.length} values where ${count} should be`
}

function measured(parts: readonly string[], limits: readonly Limits[]): (number | null)[] | string {
  const numbers: (number | null)[] = []
  for (const [index, part] of parts.entries()) {
    // Dashes, stars and at-signs stand for what is not measured.
    if (/^[-*@][-*@.]*$/.test(part)) {
      numbers.push(null)
      continue
    }
    const value = /^[+-]?\d{1,6}(\.\d{1,3})?$/.test(part) ? Number(part) : Number.NaN
    const [min, max] = limits[index] ?? [0, 0]
    if (!(value >= min && value <= max)) return `${shown(part)} can't be the ${index + 1}. value`
    numbers.push(value)
  }
  return numbers
}

function statusBits(bits: string): Q1Bits {
  const [utilityFail, batteryLow, bypass, failed, standbyType, testing, shuttingDown, beeper] = [...bits].map((bit) => bit === '1')
  return {
    utilityFail: utilityFail === true,
    batteryLow: batteryLow === true,
    bypass: bypass === true,
    failed: failed === true,
    standbyType: standbyType === true,
    testing: testing === true,
    shuttingDown: shuttingDown === true,
    beeper: beeper === true,
  }
}

const word = (text: string | undefined): number | null => (/^[0-9A-Fa-f]{8}$/.test(text ?? '') ? Number.parseInt(text ?? '', 16) : null)
const shown = (text: string): string => JSON.stringify(text.slice(0, 24))
