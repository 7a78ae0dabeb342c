import * as v from 'valibot'

/** What an answer must contain: a text as it stands, or `{ regex, flags }`. Shared option of the kinds that read text. */
export const textMatch = v.union([
  v.pipe(v.string(), v.minLength(1)),
  v.strictObject({ regex: regexSource(), flags: v.optional(v.string()) }),
])
export type TextMatch = v.InferOutput<typeof textMatch>

/** `utf-8` unless the file says otherwise; every label of the WHATWG encoding standard (`gb18030`, `gbk`, `big5` …). */
export const charset = v.pipe(v.string(), v.check(isCharset, 'must be a character set such as utf-8 or gb18030'))

/** Throws SyntaxError for flags that no regular expression has. */
export function createMatcher(match: TextMatch): (text: string) => boolean {
  if (typeof match === 'string') return (text) => text.includes(match)
  // Neither `g` nor `y`: they would carry state from one run into the next.
  const regex = new RegExp(match.regex, (match.flags ?? '').replace(/[gy]/g, ''))
  return (text) => regex.test(text)
}

function regexSource() {
  return v.pipe(v.string(), v.check(isRegex, 'must be a regular expression'))
}

function isRegex(source: string): boolean {
  try {
    new RegExp(source)
    return true
  } catch {
    return false
  }
}

function isCharset(label: string): boolean {
  try {
    new TextDecoder(label)
    return true
  } catch {
    return false
  }
}
