import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** True when any of the programs is not installed. Under CI=true nothing installable may be missing: then it throws. */
export function missing(...programs: string[]): boolean {
  const absent = programs.filter((program) => which(program) === null)
  if (absent.length === 0) return false
  if (process.env.CI === 'true') throw new Error(`not installed, but CI must not skip: ${absent.join(', ')}`)
  return true
}

/** Full path of a program, looked for on PATH and in the system folders; null when absent. */
export function which(program: string): string | null {
  for (const dir of [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/local/sbin', '/lib/nut']) {
    try {
      const path = join(dir, program)
      accessSync(path, constants.X_OK)
      return path
    } catch {}
  }
  return null
}
