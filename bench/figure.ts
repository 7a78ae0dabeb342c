/** One line of `npm run bench -- NAME --json`. */
export interface Figure {
  readonly bench: string
  readonly name: string
  readonly value: number
  readonly unit: string
  /** What `ratio` compares with: value ÷ the peer's value, measured in the same run. */
  readonly peer?: string
  readonly ratio?: number
}

export type Report = (figure: Figure) => void

/** `--seconds N` of the command line. */
export function secondsOf(args: readonly string[], fallback: number): number {
  const at = args.indexOf('--seconds')
  const given = at < 0 ? Number.NaN : Number(args[at + 1])
  return Number.isFinite(given) && given > 0 ? given : fallback
}
