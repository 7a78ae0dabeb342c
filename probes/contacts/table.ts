import { accessProblem } from '../../protocols/snmp/access.ts'
import type { OutputOptions, PointOptions, Via } from './options.ts'

/** What is wrong with a point table, where its shape alone doesn't show it. */
export interface TableProblem {
  /** Keys from the check's options on; may be empty. */
  readonly path: readonly (string | number)[]
  readonly message: string
}

interface Table {
  readonly via: Via
  readonly points: readonly PointOptions[]
}

/** Every problem of the table at once, for `jifang check`. */
export function tableProblems({ via, points }: Table): TableProblem[] {
  const ways = (['snmp', 'modbus', 'ydn23'] as const).filter((way) => via[way] !== undefined)
  const [way] = ways
  if (way === undefined || ways.length > 1) return [{ path: ['via'], message: 'must name exactly one of snmp, modbus, ydn23' }]
  const access = via.snmp ? accessProblem(via.snmp) : null
  const problems: TableProblem[] = access ? [{ path: ['via', 'snmp', ...access.path], message: access.message }] : []
  const names = new Set<string>()
  for (const [index, point] of points.entries()) {
    const at = ['points', index] as const
    if (names.has(point.name)) problems.push({ path: [...at, 'name'], message: `the name "${point.name}" is already taken` })
    names.add(point.name)
    const source = sourceProblem(way, point)
    if (source !== null) problems.push({ path: at, message: source })
    problems.push(...meaningProblems(point).map((problem) => ({ ...problem, path: [...at, ...problem.path] })))
    const output = point.output ? outputProblem(way, via, point.output) : null
    if (output !== null) problems.push({ path: [...at, 'output'], message: output })
  }
  return problems
}

/** One raw value can't mean two things, and nothing lies between a greatest and a greater least value. */
function meaningProblems({ normal, alarm, fault, min, max }: PointOptions): TableProblem[] {
  const listed = (value: typeof normal): string[] => (value === undefined ? [] : [value].flat().map(String))
  const problems: TableProblem[] = []
  for (const value of listed(alarm))
    if (listed(normal).includes(value)) problems.push({ path: ['alarm'], message: `${value} means normal already` })
  for (const value of listed(fault))
    if ([...listed(normal), ...listed(alarm)].includes(value))
      problems.push({ path: ['fault'], message: `${value} means something else already` })
  if (min !== undefined && max !== undefined && Number(min) >= Number(max))
    problems.push({ path: ['max'], message: 'must be greater than min' })
  return problems
}

function sourceProblem(way: keyof Via, { oid, source, output }: PointOptions): string | null {
  if (way === 'snmp') {
    if (typeof source === 'object') return 'over snmp a point has an oid, no source: { … }'
    return oid === undefined && source === undefined && output?.oid === undefined ? 'needs an oid' : null
  }
  if (oid !== undefined || typeof source === 'string') return `an oid has no meaning over ${way}: give source: { … }`
  const ydn = typeof source === 'object' && 'cid1' in source
  if (way === 'ydn23') return ydn ? null : 'needs source: { cid1, cid2, offset }'
  if (ydn) return 'cid1 has no meaning over modbus: give source: { fc, address }'
  return source === undefined && output?.coil === undefined && output?.register === undefined ? 'needs source: { fc, address }' : null
}

function outputProblem(way: keyof Via, via: Via, { oid, coil, register, write }: OutputOptions): string | null {
  if (way === 'ydn23') return 'nothing is switched over ydn23'
  if (way === 'snmp') {
    if (oid === undefined) return 'needs an oid'
    const { version, user, auth, privacy } = via.snmp ?? {}
    const private3 = user !== undefined && auth !== undefined && privacy !== undefined && (version === undefined || String(version) === '3')
    return private3 ? null : 'is switched by SNMPv3 with auth and privacy only'
  }
  if ((coil === undefined) === (register === undefined)) return 'needs either a coil or a register'
  return write ? null : 'needs `write: true`: Modbus has no protection, so the writing must be allowed'
}
