import { holds, type Scalar } from './condition.ts'
import type { Signal } from './rule.ts'

/** What a signal remembers: [ms, value], oldest first. Changed in place. */
export type Window = [number, number][]

/** More points than this are thinned (rate, forecast) or the oldest dropped (count saturates). */
const MAX_POINTS = 240
const MAX_COUNT = 2000
/** A line through fewer points, or over less than this share of the window, says nothing. */
const MIN_POINTS = 8
const MIN_SPAN = 0.5

/** Takes a sample into the window and gives what the levels compare; null while the window can't tell yet. */
export function signalValue(signal: Signal, window: Window, value: Scalar, at: number): Scalar | null {
  switch (signal.kind) {
    case 'value':
      return value
    case 'rate':
      return typeof value === 'number' ? rate(signal.perMs, signal.overMs, window, value, at) : null
    case 'count':
      if (signal.of === null || holds(signal.of, value)) window.push([at, 1])
      if (window.length > MAX_COUNT) window.shift()
      return countAt(signal.withinMs, window, at)
    case 'forecast':
      return typeof value === 'number' ? forecast(signal, window, value, at) : null
    case 'silence':
      return 0
  }
}

/** Samples still inside of the window at `now`; drops those that are not. */
export function countAt(withinMs: number, window: Window, now: number): number {
  let gone = 0
  while (gone < window.length && (window[gone]?.[0] ?? 0) <= now - withinMs) gone++
  if (gone > 0) window.splice(0, gone)
  return window.length
}

function keep(window: Window, overMs: number, value: number, at: number): void {
  const newest = window[window.length - 1]
  const spacing = overMs / MAX_POINTS
  const before = window[window.length - 2]
  if (newest && before && newest[0] - before[0] < spacing) window[window.length - 1] = [at, value]
  else window.push([at, value])
  while (window.length > 2 && (window[1]?.[0] ?? 0) <= at - overMs) window.shift()
}

function rate(perMs: number, overMs: number, window: Window, value: number, at: number): number | null {
  keep(window, overMs, value, at)
  const first = window[0]
  if (!first || at - first[0] < overMs * MIN_SPAN) return null
  return ((value - first[1]) / (at - first[0])) * perMs
}

/** Hours from `at` until the fitted line reaches the value; Infinity when it goes the other way or the points are no line. */
function forecast(signal: Signal & { kind: 'forecast' }, window: Window, value: number, at: number): number | null {
  keep(window, signal.overMs, value, at)
  const first = window[0]
  if (!first || window.length < MIN_POINTS || at - first[0] < signal.overMs * MIN_SPAN) return null
  const line = fitLine(window, at)
  if (line.r2 < signal.fit || line.slope === 0) return Number.MAX_SAFE_INTEGER
  const hours = (signal.reaches - line.level) / line.slope / 3600_000
  return hours >= 0 ? hours : value === signal.reaches ? 0 : Number.MAX_SAFE_INTEGER
}

/** Least squares: `level` at time `at`, `slope` per ms, `r2` the share of the spread that the line explains. */
export function fitLine(points: Window, at: number): { level: number; slope: number; r2: number } {
  let sx = 0
  let sy = 0
  for (const [x, y] of points) {
    sx += x - at
    sy += y
  }
  const mx = sx / points.length
  const my = sy / points.length
  let sxx = 0
  let sxy = 0
  let syy = 0
  for (const [x, y] of points) {
    const dx = x - at - mx
    sxx += dx * dx
    sxy += dx * (y - my)
    syy += (y - my) ** 2
  }
  if (sxx === 0 || syy === 0) return { level: my, slope: 0, r2: 0 }
  const slope = sxy / sxx
  return { level: my - slope * mx, slope, r2: (sxy * sxy) / (sxx * syy) }
}
