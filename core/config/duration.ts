import * as v from 'valibot'

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }
const DURATION = '^\\d+(\\.\\d+)?(ms|s|m|h|d|w)(\\d+(\\.\\d+)?(ms|s|m|h|d))*$'
const SIZE_BYTES: Readonly<Record<string, number>> = { B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3, TB: 1024 ** 4 }
const SIZE = '^\\d+(\\.\\d+)? ?([kKMGT]i?B|B)$'

/** ms of `10s`, `500ms`, `1h30m`, `90d`, `2w`; null when the text is not a duration. A bare number has no unit and is none, except 0. */
export function parseDuration(text: string | number): number | null {
  if (text === 0 || text === '0') return 0
  if (typeof text === 'number' || !new RegExp(DURATION).test(text)) return null
  let ms = 0
  let smallest = Number.POSITIVE_INFINITY
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g)) {
    const size = UNIT_MS[unit ?? ''] ?? 0
    if (size >= smallest) return null
    smallest = size
    ms += Number(amount) * size
  }
  return Number.isSafeInteger(Math.round(ms)) ? Math.round(ms) : null
}

/** The shortest exact form: 90000 → `1m30s`, 0 → `0s`. */
export function formatDuration(ms: number): string {
  let rest = Math.round(ms)
  if (rest === 0) return '0s'
  let text = ''
  for (const [unit, size] of [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
    ['ms', 1],
  ] as const) {
    const count = Math.floor(rest / size)
    if (count > 0) text += `${count}${unit}`
    rest -= count * size
  }
  return text
}

/** Bytes of `256MB`, `16 GiB`, `512kB` (all powers of 1024); null when the text is not a size. */
export function parseBytes(text: string | number): number | null {
  if (typeof text === 'number') return Number.isSafeInteger(text) && text >= 0 ? text : null
  if (!new RegExp(SIZE).test(text)) return null
  const [, amount, unit] = /^([\d.]+) ?(\w+)$/.exec(text) ?? []
  return Math.round(Number(amount) * (SIZE_BYTES[(unit ?? '').replace('i', '').toUpperCase()] ?? Number.NaN))
}

/** A duration in configuration files → ms. */
export const duration = v.pipe(
  v.union([v.string(), v.number()]),
  v.metadata({ pattern: DURATION, examples: ['10s', '2m', '1h30m', '7d'] }),
  v.rawTransform<string | number, number>(({ dataset, addIssue, NEVER }) => {
    const ms = parseDuration(dataset.value)
    if (ms !== null) return ms
    addIssue({ message: durationProblem(dataset.value) })
    return NEVER
  }),
)

/** A size in configuration files → bytes. */
export const bytes = v.pipe(
  v.union([v.string(), v.number()]),
  v.metadata({ pattern: SIZE, examples: ['256MB', '4GB'] }),
  v.rawTransform<string | number, number>(({ dataset, addIssue, NEVER }) => {
    const size = parseBytes(dataset.value)
    if (size !== null) return size
    addIssue({ message: 'must be a size such as 256MB or 4GB' })
    return NEVER
  }),
)

/** `50%` → 0.5. */
export const percent = v.pipe(
  v.string(),
  v.metadata({ pattern: '^\\d{1,3}(\\.\\d+)?%$', examples: ['50%'] }),
  v.rawTransform<string, number>(({ dataset, addIssue, NEVER }) => {
    const share = /^\d{1,3}(\.\d+)?%$/.test(dataset.value) ? Number(dataset.value.slice(0, -1)) / 100 : Number.NaN
    if (share >= 0 && share <= 1) return share
    addIssue({ message: 'must be a share from 0% to 100%, such as 50%' })
    return NEVER
  }),
)

/** A duration within bounds (ms), told in words when outside. */
export function durationBetween(min: number, max: number) {
  return v.pipe(
    duration,
    v.check((ms) => ms >= min, `must be at least ${formatDuration(min)}`),
    v.check((ms) => ms <= max, `must be at most ${formatDuration(max)}`),
  )
}

function durationProblem(given: string | number): string {
  if (/^\d+(\.\d+)?$/.test(String(given))) return 'needs a unit: write 10s, 2m or 500ms'
  return 'must be a duration such as 10s, 2m or 1h30m'
}
