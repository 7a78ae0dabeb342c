import type { BaseIssue } from 'valibot'
import { didYouMean } from './suggest.ts'

/** The kind of a value as it came from YAML, in words. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a mapping'
  if (typeof value === 'string') return 'text'
  return typeof value === 'boolean' ? 'true or false' : 'a number'
}

/** A valibot issue as a message for people. Own messages of the schema win; values are never repeated, but for closed sets of words. */
export function wordsFor(issue: BaseIssue<unknown>, value: unknown = issue.input): string {
  if (!issue.message.startsWith('Invalid ')) return issue.message
  if (value === null || value === undefined) return 'is empty: give a value, or remove the line'
  switch (issue.type) {
    case 'string':
      if (typeof value === 'number') return 'must be text, but without quotes YAML reads a number here: put it in quotes'
      if (typeof value === 'boolean') return 'must be text, but without quotes YAML reads true or false here: put it in quotes'
      return `must be text, not ${kindOf(value)}`
    case 'number':
      if (typeof value === 'string' && value !== '' && Number.isFinite(Number(value))) return 'must be a number: remove the quotes'
      return `must be a number, not ${kindOf(value)}`
    case 'boolean':
      return `must be true or false, not ${kindOf(value)}`
    case 'picklist':
    case 'enum':
    case 'literal':
    case 'union':
      return wordsForChoice(issue, value)
    case 'integer':
    case 'safe_integer':
      return 'must be a whole number'
    case 'min_value':
      return `must be at least ${String(issue.requirement)}`
    case 'max_value':
      return `must be at most ${String(issue.requirement)}`
    case 'gt_value':
      return `must be greater than ${String(issue.requirement)}`
    case 'lt_value':
      return `must be less than ${String(issue.requirement)}`
    case 'non_empty':
      return 'must not be empty'
    case 'min_length':
      return Array.isArray(value)
        ? `must have at least ${String(issue.requirement)} entries`
        : `must have at least ${String(issue.requirement)} characters`
    case 'max_length':
      return Array.isArray(value)
        ? `must have at most ${String(issue.requirement)} entries`
        : `must have at most ${String(issue.requirement)} characters`
    case 'url':
      return 'must be a URL'
    case 'regex':
      return `has the wrong form: must match ${String(issue.requirement)}`
    default:
      return issue.expected === null ? 'is not valid' : `must be ${issue.expected}`
  }
}

function wordsForChoice(issue: BaseIssue<unknown>, value: unknown): string {
  const quoted = [...(issue.expected ?? '').matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((match) => match[1] ?? '')
  if (quoted.length === 0 && issue.type === 'union')
    return `must be ${(issue.expected ?? '').replace(/[()]/g, '').split(' | ').map(typeWord).join(' or ')}, not ${kindOf(value)}`
  const words = [...new Set((issue.expected ?? '').replace(/[()"]/g, '').split(' | '))]
  const meant = typeof value === 'string' ? didYouMean(value, quoted) : ''
  return words.length === 1 ? `must be ${words[0]}` : `must be one of ${words.join(', ')}${meant}`
}

const typeWord = (type: string): string =>
  ({ string: 'text', number: 'a number', boolean: 'true or false', Array: 'a list', Object: 'a mapping' })[type] ?? type
