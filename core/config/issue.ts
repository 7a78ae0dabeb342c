import { redact } from './secrets.ts'

export type Path = readonly (string | number)[]

/** One thing that is wrong (`error`: the configuration is refused) or doubtful (`warning`) in a configuration file. */
export interface ConfigIssue {
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly col: number
  /** As formatPath gives it; empty for the file as a whole. */
  readonly path: string
  readonly message: string
  readonly level: 'error' | 'warning'
}

/** `file:line:col path: message`, the one form in which configuration problems are printed. */
export function formatIssue(issue: ConfigIssue): string {
  const message = issue.level === 'warning' ? `warning: ${issue.message}` : issue.message
  return `${issue.file}:${issue.line}:${issue.col} ${issue.path === '' ? '' : `${issue.path}: `}${message}`
}

/** `devices[3].checks[0].interval`; keys that are not plain words in quotes: `points["SMK 1"]`. */
export function formatPath(path: Path): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else if (/^[\p{L}\p{N}_-]+$/u.test(step)) text += text === '' ? step : `.${step}`
    else text += `[${quoted(step, 16)}]`
  }
  return text
}

/** A text of the file in quotes, cut short: where a quote or bracket is open, a key or name may have swallowed half the file. */
export function quoted(text: string, length = 32): string {
  const line = text.split('\n', 1)[0] ?? ''
  return JSON.stringify(line === text && line.length <= length ? line : `${line.slice(0, length)}…`)
}

/** By file, then position; the order in which files were given is kept. */
export function sortIssues(issues: readonly ConfigIssue[]): ConfigIssue[] {
  const files = [...new Set(issues.map((issue) => issue.file))]
  return [...issues].sort(
    (a, b) =>
      files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.col - b.col || (a.path < b.path ? -1 : a.path > b.path ? 1 : 0),
  )
}

/** Keys whose text must never be printed, whatever the message wants to quote. */
const SECRET_KEY = /(password|passwd|passphrase|secret|token|community|credential|api_?key|pin)$/i

export const isSecretKey = (key: string | number | undefined): boolean => typeof key === 'string' && SECRET_KEY.test(key)

/**
 * Last line of defence: a message about a secret does not quote it. Plain small words are only replaced inside quotes,
 * since marking them in the sentence would give them away.
 */
export function scrub(message: string, path: Path, value: unknown): string {
  if (!isSecretKey(path.at(-1)) || (typeof value !== 'string' && typeof value !== 'number') || value === '') return message
  const text = String(value)
  const hidden = message.replaceAll(`"${text}"`, `"${redact(text)}"`)
  return text.length >= 4 && /[^a-z ]/.test(text) ? hidden.replaceAll(text, redact(text)) : hidden
}
