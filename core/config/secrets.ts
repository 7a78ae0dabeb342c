import { readFileSync, realpathSync, statSync } from 'node:fs'
import { isAbsolute, resolve as resolvePath, sep } from 'node:path'
import { ProbeError } from '../model/reason.ts'
import type { Path } from './issue.ts'
import { didYouMean } from './suggest.ts'

/** Turns texts with `${env:X}` and `${file:x}` into what they stand for. `$${` is a literal `${`. */
export interface SecretResolver {
  /** Throws ProbeError('config') that names the reference, never a value. */
  resolve(text: string): string
}

export interface SecretSources {
  readonly env: NodeJS.ProcessEnv
  /** Relative `paths` start here: the configuration folder. */
  readonly baseDir: string
  /** `${file:}` reads only below these folders and below systemd's $CREDENTIALS_DIRECTORY. */
  readonly paths: readonly string[]
}

const REFERENCE = /\$\$\{|\$\{([^}]*)\}/g
const ENV = /^env:([A-Za-z_][A-Za-z0-9_]*)$/
const FILE = /^file:([^\0]+)$/
const MAX_SECRET_BYTES = 64 * 1024

export function createSecretResolver({ env, baseDir, paths }: SecretSources): SecretResolver {
  const folders = [...(env.CREDENTIALS_DIRECTORY ? [env.CREDENTIALS_DIRECTORY] : []), ...paths.map((path) => resolvePath(baseDir, path))]
  const read = (whole: string, reference: string): string => {
    const name = ENV.exec(reference)?.[1]
    if (name !== undefined) {
      const value = env[name]
      if (value === undefined || value === '') throw new ProbeError('config', `${whole}: the environment variable ${name} is not set`)
      return value
    }
    const file = FILE.exec(reference)?.[1]
    if (file === undefined) throw new ProbeError('config', `${whole}: write \${env:NAME} or \${file:NAME}`)
    return readSecretFile(whole, file, folders)
  }
  return {
    resolve: (text) =>
      text.replace(REFERENCE, (whole: string, reference: string | undefined) => (reference === undefined ? '${' : read(whole, reference))),
  }
}

/** The file's text without its last line break. Symbolic links may not lead out of the folders. */
function readSecretFile(whole: string, file: string, folders: readonly string[]): string {
  for (const folder of folders) {
    let root: string
    let path: string
    try {
      root = realpathSync(folder)
      path = realpathSync(isAbsolute(file) ? file : resolvePath(root, file))
    } catch {
      continue
    }
    if (!path.startsWith(root.endsWith(sep) ? root : root + sep)) continue
    try {
      const { size } = statSync(path)
      if (size > MAX_SECRET_BYTES)
        throw new ProbeError('config', `${whole}: the file is larger than ${MAX_SECRET_BYTES} bytes, not a secret`)
      return readFileSync(path, 'utf8').replace(/\r?\n$/, '')
    } catch (error) {
      if (error instanceof ProbeError) throw error
      throw new ProbeError('config', `${whole}: can't be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`)
    }
  }
  const where = folders.length === 0 ? 'secrets.paths is empty' : `looked in ${folders.join(', ')}`
  throw new ProbeError('config', `${whole}: no such file below secrets.paths (${where})`)
}

/** A copy of plain data in which every text is resolved. */
export function resolveDeep<T>(value: T, resolver: SecretResolver): T {
  const visit = (node: unknown): unknown => {
    if (typeof node === 'string') return resolver.resolve(node)
    if (Array.isArray(node)) return node.map(visit)
    if (typeof node === 'object' && node !== null)
      return Object.fromEntries(Object.entries(node).map(([key, child]) => [key, visit(child)]))
    return node
  }
  return visit(value) as T
}

/** Places of texts whose references stand for nothing here, and why: an unset variable, a file that is not there. */
export function unresolved(value: unknown, resolver: SecretResolver, at: Path = []): { readonly path: Path; readonly message: string }[] {
  if (typeof value === 'object' && value !== null) {
    const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value)
    return entries.flatMap(([key, child]) => unresolved(child, resolver, [...at, key]))
  }
  try {
    if (typeof value === 'string') resolver.resolve(value)
    return []
  } catch (error) {
    if (!(error instanceof ProbeError)) throw error
    return [{ path: at, message: error.message }]
  }
}

/** For printing: references stay, everything literal becomes `<secret>`. */
export function redact(text: string): string {
  return text
    .split(/(\$\{[^}]*\})/)
    .map((part) => (part === '' || part.startsWith('${') ? part : '<secret>'))
    .join('')
}

/** True when nothing in the text is a literal: it consists of references alone. */
export const isReference = (text: string): boolean => /^(\$\{(env|file):[^}]+\})+$/.test(text)

/** What is wrong with the way references are written in a text; null when nothing is. Never repeats what is between the braces. */
export function referenceProblem(text: string): string | null {
  for (let at = text.indexOf('${'); at !== -1; at = text.indexOf('${', at + 2)) {
    if (text[at - 1] === '$') continue
    const end = text.indexOf('}', at)
    if (end === -1) return `a reference begins with \${ but has no closing }; for a literal \${ write $\${`
    const inner = text.slice(at + 2, end)
    if (ENV.test(inner.replace(/\[\d+-\d+\]/g, '0')) || FILE.test(inner)) continue // a range is expanded later
    const scheme = /^([a-z]+):/i.exec(inner)?.[1]
    if (scheme === 'env') return `\${env:…} needs the name of an environment variable: letters, digits and _`
    if (scheme === 'file') return `\${file:…} needs the name of a file`
    const meant = scheme === undefined ? '' : didYouMean(scheme, ['env', 'file'])
    if (meant !== '') return `unknown reference \${${scheme}:…}${meant}`
    return `unknown reference: write \${env:NAME} or \${file:NAME}; for a literal \${ write $\${`
  }
  return null
}
