import { parseNumber } from '../../core/profile/decode.ts'
import { ANALOG_TYPES, type PointOptions } from './options.ts'

/** What a contact or quantity says, before and after debouncing. */
export type PointState = 'normal' | 'alarm' | 'fault' | 'unknown'

export const STATE_CODES: Readonly<Record<PointState, number>> = { normal: 0, alarm: 1, fault: 2, unknown: 3 }

/** One read value in the words of the point table. */
export interface Meaning {
  readonly state: PointState
  /** Scaled; null for a text, and for what can't be true. */
  readonly value: number | null
  readonly raw: number | string
  /** Why it is unknown or a fault, when the value alone doesn't say it. */
  readonly detail?: string
}

type Raw = number | string
type Test = (raw: Raw, value: number | null) => boolean

/** Compiles the point's values once. */
export function createMeaning(point: PointOptions): (raw: Raw) => Meaning {
  const [scale, offset] = [Number(point.scale), Number(point.offset)]
  const [min, max] = [optional(point.min), optional(point.max)]
  const judge = createJudge(point)
  return (raw) => {
    const number = typeof raw === 'number' ? raw : asNumber(raw)
    const scaled = number === null ? null : Number((number * scale + offset).toPrecision(12))
    const value = scaled !== null && Number.isFinite(scaled) ? scaled : null
    if (value !== null && ((min !== null && value < min) || (max !== null && value > max)))
      return { state: 'fault', value: null, raw, detail: `${value} is outside of ${min ?? ''}..${max ?? ''}` }
    const state = judge(raw, value)
    return state === 'unknown'
      ? { state, value, raw, detail: `nothing is said about the value ${String(raw).slice(0, 40)}` }
      : { state, value, raw }
  }
}

export function isAnalog(point: PointOptions): boolean {
  if (ANALOG_TYPES.includes(point.type)) return true
  return point.min !== undefined || point.max !== undefined || point.unit !== undefined
}

/** Fault wins over alarm, alarm over normal. Where only one side is declared, everything else is the other. */
function createJudge(point: PointOptions): (raw: Raw, value: number | null) => PointState {
  const declared = point.normal !== undefined || point.alarm !== undefined || point.fault !== undefined
  if (!declared && isAnalog(point)) return (_, value) => (value === null ? 'unknown' : 'normal')
  const usual = !declared || (point.normal === undefined && point.alarm === undefined && !isAnalog(point))
  // A siren that sounds is an effect, not an alarm of its own.
  const normal = testOf(usual ? (point.type === 'siren' ? [0, 1] : 0) : point.normal)
  const alarm = testOf(usual ? (point.type === 'siren' ? undefined : 1) : point.alarm)
  const fault = testOf(point.fault)
  const [calm, asserted]: [PointState, PointState] = point.invert ? ['alarm', 'normal'] : ['normal', 'alarm']
  const rest: PointState = normal && alarm ? 'unknown' : normal ? (point.type === 'siren' ? 'unknown' : asserted) : calm
  return (raw, value) => {
    if (fault?.(raw, value)) return 'fault'
    if (alarm?.(raw, value)) return asserted
    if (normal?.(raw, value)) return calm
    return rest
  }
}

type Values = PointOptions['normal']

function testOf(values: Values): Test | null {
  if (values === undefined) return null
  const tests = (Array.isArray(values) ? values : [values]).map(testOne)
  return (raw, value) => tests.some((test) => test(raw, value))
}

const NUMBER = '[+-]?(?:\\d+\\.?\\d*|\\.\\d+)'
const COMPARE = new RegExp(`^(>=|<=|!=|>|<)\\s*(${NUMBER})$`)
const RANGE = new RegExp(`^(${NUMBER})\\s*(?:\\.\\.|~)\\s*(${NUMBER})$`)

function testOne(wanted: number | string | boolean): Test {
  const text = String(wanted).trim()
  const compare = COMPARE.exec(text)
  if (compare) {
    const limit = Number(compare[2])
    return (_, value) => value !== null && compares(compare[1] ?? '', value, limit)
  }
  const range = RANGE.exec(text)
  if (range) return (_, value) => value !== null && value >= Number(range[1]) && value <= Number(range[2])
  const number = typeof wanted === 'boolean' ? Number(wanted) : asNumber(text)
  if (number !== null) return (raw) => (typeof raw === 'number' ? raw : asNumber(raw)) === number
  return (raw) => String(raw).trim().toLowerCase() === text.toLowerCase()
}

function compares(operator: string, value: number, limit: number): boolean {
  if (operator === '>') return value > limit
  if (operator === '>=') return value >= limit
  if (operator === '<') return value < limit
  return operator === '<=' ? value <= limit : value !== limit
}

/** Devices send numbers as text, on and off as words. */
function asNumber(text: string): number | null {
  const number = parseNumber(text)
  if (number !== null) return Number(number)
  if (/^(on|true)$/i.test(text.trim())) return 1
  return /^(off|false)$/i.test(text.trim()) ? 0 : null
}

const optional = (value: number | string | undefined): number | null => (value === undefined ? null : Number(value))
