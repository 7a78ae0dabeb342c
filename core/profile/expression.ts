/**
 * A small arithmetic language for profiles: numbers, 'text', names, + - * / % ^, comparisons, and or not, `x in (1, 2)`,
 * and the functions below. No loops, no access to anything but the names handed in. Anything unknown or undefined is null,
 * and null stays null through arithmetic; nothing ever throws at run time or yields NaN.
 */
export type Scalar = number | string | boolean | null
export type Scope = (name: string) => Scalar
export interface Expression {
  readonly text: string
  readonly names: readonly string[]
  evaluate(scope: Scope): Scalar
}

export class ExpressionError extends Error {}

type Node = (scope: Scope) => Scalar
const MAX_LENGTH = 500
const MAX_DEPTH = 40
const TOKEN = /\s*(?:(\d+(?:\.\d+)?(?:e[+-]?\d+)?)|'([^']*)'|"([^"]*)"|([A-Za-z_][A-Za-z0-9_]*)|(\*\*|==|!=|<=|>=|&&|\|\||[-+*/%^<>()!,]))/y

const FUNCTIONS: Readonly<Record<string, (...args: readonly Scalar[]) => Scalar>> = {
  min: (...args) => finite(Math.min(...args.map(asNumber))),
  max: (...args) => finite(Math.max(...args.map(asNumber))),
  abs: (x) => finite(Math.abs(asNumber(x))),
  round: (x, digits = 0) => finite(Math.round(asNumber(x) * 10 ** asNumber(digits)) / 10 ** asNumber(digits)),
  floor: (x) => finite(Math.floor(asNumber(x))),
  sqrt: (x) => finite(Math.sqrt(asNumber(x))),
  pow: (x, y) => finite(asNumber(x) ** asNumber(y)),
  log10: (x) => finite(Math.log10(asNumber(x))),
  if: (test, yes, no = null) => (truthy(test) ? (yes ?? null) : no),
  first: (...args) => args.find((arg) => arg !== null) ?? null,
  /** Bit n of an integer, lowest is 0. */
  bit: (x, n) => finite(Math.floor(asNumber(x) / 2 ** asNumber(n)) % 2),
  /** True when the text holds the other text, case-blind. */
  contains: (text, part) =>
    String(text ?? '')
      .toLowerCase()
      .includes(String(part ?? '').toLowerCase()),
}

/** Throws ExpressionError with words for the author. */
export function compileExpression(text: string): Expression {
  if (text.length > MAX_LENGTH) throw new ExpressionError(`an expression may have ${MAX_LENGTH} characters`)
  const parser = new Parser(tokenize(text))
  const node = parser.parse()
  return { text, names: [...parser.names], evaluate: node }
}

interface Token {
  readonly kind: 'number' | 'text' | 'name' | 'sign' | 'end'
  readonly text: string
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  TOKEN.lastIndex = 0
  while (text.slice(TOKEN.lastIndex).trim() !== '') {
    const at = TOKEN.lastIndex
    const found = TOKEN.exec(text)
    if (!found) throw new ExpressionError(`can't read "${text.slice(at).trim()}"`)
    const [, number, single, double, name, sign] = found
    if (number !== undefined) tokens.push({ kind: 'number', text: number })
    else if (name !== undefined) tokens.push({ kind: 'name', text: name })
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign })
    else tokens.push({ kind: 'text', text: single ?? double ?? '' })
  }
  tokens.push({ kind: 'end', text: 'end of expression' })
  return tokens
}

/** Binding strength, weakest first. */
const LEVELS: readonly (readonly string[])[] = [
  ['or', '||'],
  ['and', '&&'],
  ['==', '!=', '<', '<=', '>', '>=', 'in'],
  ['+', '-'],
  ['*', '/', '%'],
]

class Parser {
  readonly names = new Set<string>()
  readonly #tokens: readonly Token[]
  #at = 0
  #depth = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  parse(): Node {
    const node = this.#level(0)
    if (this.#peek().kind !== 'end') throw new ExpressionError(`unexpected "${this.#peek().text}"`)
    return node
  }

  #level(level: number): Node {
    const signs = LEVELS[level]
    if (!signs) return this.#unary()
    let left = this.#level(level + 1)
    while (this.#peek().kind !== 'text' && signs.includes(this.#peek().text)) {
      const sign = this.#take().text
      left = sign === 'in' ? this.#membership(left) : binary(sign, left, this.#level(level + 1))
    }
    return left
  }

  #unary(): Node {
    if (++this.#depth > MAX_DEPTH) throw new ExpressionError('nested too deeply')
    try {
      const sign = this.#peek()
      if (sign.kind === 'sign' && sign.text === '-') {
        this.#take()
        const inner = this.#unary()
        return (scope) => finite(-asNumber(inner(scope)))
      }
      if ((sign.kind === 'sign' && sign.text === '!') || (sign.kind === 'name' && sign.text === 'not')) {
        this.#take()
        const inner = this.#unary()
        return (scope) => !truthy(inner(scope))
      }
      const base = this.#primary()
      if (this.#peek().text !== '^' && this.#peek().text !== '**') return base
      this.#take()
      const exponent = this.#unary()
      return (scope) => finite(asNumber(base(scope)) ** asNumber(exponent(scope)))
    } finally {
      this.#depth--
    }
  }

  #primary(): Node {
    const token = this.#take()
    if (token.kind === 'number') {
      const value = Number(token.text)
      return () => value
    }
    if (token.kind === 'text') return () => token.text
    if (token.kind === 'name') return this.#name(token.text)
    if (token.text === '(') {
      const inner = this.#level(0)
      this.#expect(')')
      return inner
    }
    throw new ExpressionError(`unexpected "${token.text}"`)
  }

  #name(name: string): Node {
    if (name === 'null') return () => null
    if (name === 'true' || name === 'false') return () => name === 'true'
    if (this.#peek().text !== '(' || this.#peek().kind !== 'sign') {
      this.names.add(name)
      return (scope) => scope(name)
    }
    const call = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined
    if (!call) throw new ExpressionError(`no function "${name}" (there are ${Object.keys(FUNCTIONS).join(' ')})`)
    const args = this.#list()
    return (scope) => call(...args.map((arg) => arg(scope)))
  }

  #membership(left: Node): Node {
    const members = this.#list()
    return (scope) => {
      const value = left(scope)
      return members.some((member) => same(value, member(scope)))
    }
  }

  #list(): Node[] {
    this.#expect('(')
    const items: Node[] = []
    while (this.#peek().text !== ')' || this.#peek().kind === 'text') {
      items.push(this.#level(0))
      if (this.#peek().text !== ',') break
      this.#take()
    }
    this.#expect(')')
    return items
  }

  #expect(text: string): void {
    const token = this.#take()
    if (token.text !== text) throw new ExpressionError(`expected "${text}", found "${token.text}"`)
  }

  #peek(): Token {
    return this.#tokens[this.#at] ?? { kind: 'end', text: 'end of expression' }
  }

  #take(): Token {
    const token = this.#peek()
    this.#at++
    return token
  }
}

function binary(sign: string, left: Node, right: Node): Node {
  switch (sign) {
    case 'or':
    case '||':
      return (scope) => truthy(left(scope)) || truthy(right(scope))
    case 'and':
    case '&&':
      return (scope) => truthy(left(scope)) && truthy(right(scope))
    case '==':
      return (scope) => same(left(scope), right(scope))
    case '!=':
      return (scope) => !same(left(scope), right(scope))
    case '<':
      return (scope) => asNumber(left(scope)) < asNumber(right(scope))
    case '<=':
      return (scope) => asNumber(left(scope)) <= asNumber(right(scope))
    case '>':
      return (scope) => asNumber(left(scope)) > asNumber(right(scope))
    case '>=':
      return (scope) => asNumber(left(scope)) >= asNumber(right(scope))
    case '+':
      return (scope) => finite(asNumber(left(scope)) + asNumber(right(scope)))
    case '-':
      return (scope) => finite(asNumber(left(scope)) - asNumber(right(scope)))
    case '*':
      return (scope) => finite(asNumber(left(scope)) * asNumber(right(scope)))
    case '/':
      return (scope) => finite(asNumber(left(scope)) / asNumber(right(scope)))
    default:
      return (scope) => finite(asNumber(left(scope)) % asNumber(right(scope)))
  }
}

export function truthy(value: Scalar | undefined): boolean {
  return value !== null && value !== undefined && value !== false && value !== 0 && value !== ''
}

/** Numbers compare with numeric text ("1" == 1); texts compare case-blind and trimmed. */
function same(a: Scalar, b: Scalar): boolean {
  if (a === null || b === null) return a === b
  if (typeof a === 'string' && typeof b === 'string') return a.trim().toLowerCase() === b.trim().toLowerCase()
  return a === b || asNumber(a) === asNumber(b)
}

function asNumber(value: Scalar | undefined): number {
  if (typeof value === 'number') return value
  if (typeof value === 'boolean') return value ? 1 : 0
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)
