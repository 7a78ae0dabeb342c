import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument as parseYaml, type YAMLError } from 'yaml'
import type { Place } from '../inventory/model.ts'
import { type ConfigIssue, formatPath, type Path, scrub } from './issue.ts'
import { referenceProblem } from './secrets.ts'

export { type ConfigIssue, formatIssue, formatPath, type Path, quoted, sortIssues } from './issue.ts'

/** A YAML file as plain data, with the positions of everything in it. */
export interface YamlDocument {
  readonly file: string
  /** `{}` when the file is empty. */
  readonly value: unknown
  /** Syntax errors, duplicate keys, badly written references; parsers add theirs. Never the same one twice. */
  readonly issues: ConfigIssue[]
  /** The text is not YAML throughout: what seems to be missing may only not have been understood. */
  readonly broken: boolean
  /** Of the value at the path, else of the nearest thing around it that exists. */
  place(path: Path): Place
  /** Of the key rather than of its value. */
  keyPlace(path: Path): Place
  error(path: Path, message: string): void
  /** `told`: the path as printed, when the key itself shall not be. */
  errorAtKey(path: Path, message: string, told?: Path): void
  warn(path: Path, message: string): void
}

export function parseDocument(text: string, file: string): YamlDocument {
  const lines = new LineCounter()
  const tree = parseYaml(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true, merge: true, logLevel: 'error' })
  const root = tree.contents as Node | null
  const issues: ConfigIssue[] = []
  const placeOf = (offset: number): Place => {
    const { line, col } = lines.linePos(Math.min(offset, text.length))
    return { file, line: Math.max(line, 1), col: Math.max(col, 1) }
  }
  const place = (path: Path): Place => {
    const { key, value } = locate(root, path)
    return placeOf(value ?? key ?? 0)
  }
  const keyPlace = (path: Path): Place => {
    const { key, value } = locate(root, path)
    return placeOf(key ?? value ?? 0)
  }
  const add = (where: Place, path: Path, message: string, level: ConfigIssue['level']): void => {
    const issue = { ...where, path: formatPath(path), message: scrub(message, path, valueAt(value, path)), level }
    if (!issues.some((known) => known.line === issue.line && known.path === issue.path && known.message === issue.message))
      issues.push(issue)
  }

  let value: unknown = {}
  for (const problem of withoutSequels([...tree.errors, ...tree.warnings], lines)) {
    add(
      placeOf(openingOf(root, problem) ?? problem.pos[0]),
      problem.code === 'DUPLICATE_KEY' ? pathOfKey(root, problem.pos[0]) : [],
      syntaxMessage(problem),
      'error',
    )
  }
  const broken = tree.errors.some((error) => error.code !== 'DUPLICATE_KEY')
  try {
    value = tree.toJS() ?? {}
  } catch {
    add(
      placeOf(unresolvedAlias(root) ?? 0),
      [],
      'a * at the beginning of a text refers to an &anchor, and there is none by that name: put the text in quotes',
      'error',
    )
  }
  const document: YamlDocument = {
    file,
    get value() {
      return value
    },
    issues,
    broken,
    place,
    keyPlace,
    error: (path, message) => add(place(path), path, message, 'error'),
    errorAtKey: (path, message, told = path) => add(keyPlace(path), told, message, 'error'),
    warn: (path, message) => add(place(path), path, message, 'warning'),
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    if (!broken) document.error([], 'the file must consist of `key: value` lines')
    value = {}
  }
  checkReferences(document, value, [])
  return document
}

/** Offsets of the key and the value at `path`, or of the nearest existing ones. */
function locate(root: Node | null, path: Path): { key: number | null; value: number | null } {
  let node: unknown = root
  let key: number | null = null
  for (const step of path) {
    if (isAlias(node) && root) node = findAnchor(root, node.source)
    if (isMap(node)) {
      const pair = node.items.find((item) => String(isScalar(item.key) ? item.key.value : item.key) === String(step))
      if (!pair) break
      key = offsetOf(pair.key)
      node = pair.value
    } else if (isSeq(node) && typeof step === 'number' && step < node.items.length) {
      key = null
      node = node.items[step]
    } else break
  }
  const empty = isScalar(node) && node.value === null && (node.source ?? '') === ''
  return { key, value: empty ? (node === root ? null : (key ?? offsetOf(node))) : offsetOf(node) }
}

function offsetOf(node: unknown): number | null {
  const range = (node as Node | null | undefined)?.range
  return range ? range[0] : null
}

function findAnchor(node: Node, anchor: string): Node | null {
  for (const child of walkNodes(node)) if (!isAlias(child) && (child as { anchor?: string }).anchor === anchor) return child
  return null
}

/** Path of the key that begins at an offset. */
function pathOfKey(node: unknown, offset: number, path: Path = []): Path {
  if (isMap(node)) {
    for (const { key, value } of node.items) {
      const here = [...path, String(isScalar(key) ? key.value : key)]
      if (offsetOf(key) === offset) return here
      const found = pathOfKey(value, offset, here)
      if (found.length > 0) return found
    }
  } else if (isSeq(node)) {
    for (const [index, item] of node.items.entries()) {
      const found = pathOfKey(item, offset, [...path, index])
      if (found.length > 0) return found
    }
  }
  return []
}

function unresolvedAlias(root: Node | null): number | null {
  if (!root) return null
  for (const node of walkNodes(root)) if (isAlias(node) && !findAnchor(root, node.source)) return offsetOf(node)
  return null
}

function* walkNodes(node: Node | null): Generator<Node> {
  if (!node) return
  yield node
  if (isMap(node)) for (const pair of node.items) yield* walkNodes(pair.value as Node | null)
  if (isSeq(node)) for (const item of node.items) yield* walkNodes(item as Node | null)
}

export function valueAt(value: unknown, path: Path): unknown {
  let here = value
  for (const step of path) {
    if (typeof here !== 'object' || here === null) return undefined
    here = (here as Record<string | number, unknown>)[step]
  }
  return here
}

/** Paths that exist in a value and fit a pattern, in which `*` stands for every entry. */
export function placesOf(value: unknown, pattern: Path, at: Path = []): Path[] {
  const [step, ...rest] = pattern
  if (step === undefined) return [at]
  if (typeof value !== 'object' || value === null) return []
  const keys = step === '*' ? (Array.isArray(value) ? [...value.keys()] : Object.keys(value)) : [step]
  return keys.flatMap((key) => (Object.hasOwn(value, key) ? placesOf(valueAt(value, [key]), rest, [...at, key]) : []))
}

function checkReferences(document: YamlDocument, value: unknown, path: Path): void {
  if (typeof value === 'string') {
    const problem = referenceProblem(value)
    if (problem !== null) document.error(path, problem)
  } else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) checkReferences(document, item, [...path, index])
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) checkReferences(document, item, [...path, key])
  }
}

/** Where the quote begins that is not closed: its end is only noticed far below. */
function openingOf(root: Node | null, problem: YAMLError): number | null {
  if (problem.code !== 'MISSING_CHAR' || !/quote/.test(problem.message)) return null
  let opening: number | null = null
  for (const node of walkNodes(root)) {
    const quoted = isScalar(node) && (node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE')
    if (quoted && node.range && node.range[0] < problem.pos[0] && node.range[1] >= problem.pos[0]) opening = node.range[0]
  }
  return opening
}

/** One unclosed bracket makes every later line unexpected: one error per line is told, and the first unexpected thing only. */
function withoutSequels(problems: readonly YAMLError[], lines: LineCounter): YAMLError[] {
  const first = problems.find((problem) => problem.code === 'UNEXPECTED_TOKEN')
  const lineOf = (problem: YAMLError) => lines.linePos(problem.pos[0]).line
  return problems.filter(
    (problem, index) =>
      problem.code === 'DUPLICATE_KEY' ||
      ((problem.code !== 'UNEXPECTED_TOKEN' || problem === first) &&
        !problems.slice(0, index).some((earlier) => earlier.code !== 'DUPLICATE_KEY' && lineOf(earlier) === lineOf(problem))),
  )
}

/** In words, and without any text of the file: it may be a password that was written without quotes. */
const SYNTAX: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'this key is already given above',
  TAB_AS_INDENT: 'a tab can not indent: use spaces',
  BAD_INDENT: 'wrong indentation, or a bracket or quote above is not closed',
  MISSING_CHAR:
    'a closing quote, bracket, comma or colon is missing (inside { } and [ ], a text with a bracket or comma must be in quotes)',
  MULTILINE_IMPLICIT_KEY: 'a key must be on one line with its colon: a quote or bracket may be open, or a colon be missing',
  BLOCK_AS_IMPLICIT_KEY: 'there is a second `key:` on this line: put texts that hold a colon and a blank in quotes',
  BLOCK_IN_FLOW: 'inside { } and [ ] lists and keys are separated by commas',
  UNEXPECTED_TOKEN: 'this was not expected here: put texts with special characters in quotes, and look for what is not closed above',
  MULTIPLE_DOCS: 'one file holds one document: remove the second ---',
  BAD_DQ_ESCAPE: 'unknown \\ escape: use single quotes, or write \\\\ for a backslash',
  BAD_ALIAS: 'a text that begins with * or & must be in quotes',
  BAD_SCALAR_START: 'a text can not begin with this character: put it in quotes',
  TAG_RESOLVE_FAILED: 'a text that begins with ! must be in quotes',
  KEY_OVER_1024_CHARS: 'a key is longer than 1024 characters: a quote may be open',
}

function syntaxMessage(problem: YAMLError): string {
  if (problem.code === 'MISSING_CHAR' && /quote/.test(problem.message)) return 'not valid YAML: the quote that is opened here is not closed'
  return problem.code === 'DUPLICATE_KEY'
    ? (SYNTAX.DUPLICATE_KEY ?? '')
    : `not valid YAML: ${SYNTAX[problem.code] ?? problem.code.toLowerCase().replaceAll('_', ' ')}`
}
