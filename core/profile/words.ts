/**
 * The words of NUT for what a UPS is doing, in the order they are written, and their bits in `status_code`
 * (VictoriaMetrics stores no text; a rule may also ask for a bit).
 */
const WORDS = [
  'OL', // on mains
  'OB', // on battery
  'LB', // battery low
  'HB', // battery high
  'RB', // replace battery
  'CHRG',
  'DISCHRG',
  'BYPASS',
  'CAL', // calibrating
  'OFF',
  'OVER', // overloaded
  'TRIM',
  'BOOST',
  'FSD', // forced shutdown
  'ALARM',
  'TEST',
  'NOBATT',
  'COMMBAD',
] as const

export const UPS_WORDS: readonly string[] = WORDS

/** Words from several objects as one status: each once, in order; OB beats OL, for some cards say both while switching. */
export function statusOf(words: Iterable<string>): { readonly text: string; readonly code: number } {
  const set = new Set(words)
  if (set.has('OB')) set.delete('OL')
  let code = 0
  const ordered: string[] = []
  WORDS.forEach((word, bit) => {
    if (!set.has(word)) return
    ordered.push(word)
    code += 2 ** bit
  })
  return { text: ordered.join(' '), code }
}
