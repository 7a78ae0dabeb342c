import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'

/** Damaged files kept for whoever wants to look; older ones are deleted. */
const KEPT = 10

/** Moves a damaged file, with its write-ahead log if it has one, into `dir`/broken; returns where it is now. */
export async function moveAside(dir: string, path: string, now: number): Promise<string> {
  const broken = join(dir, 'broken')
  await mkdir(broken, { recursive: true })
  const to = join(broken, `${basename(path)}.${now}`)
  await rename(path, to)
  if ((await sizeOf(`${path}.wal`)) > 0) await rename(`${path}.wal`, `${to}.wal`)
  const times = (await readdir(broken)).map((name) => ({ name, time: Number(/\.(\d{13,})(\.wal)?$/.exec(name)?.[1] ?? 0) }))
  const oldest = times.sort((a, b) => b.time - a.time).slice(KEPT)
  for (const { name } of oldest) await rm(join(broken, name), { force: true })
  return to
}

/** 0 for a file that is not there. */
export async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch {
    return 0
  }
}

export async function removeWithLog(path: string): Promise<void> {
  await rm(path, { force: true })
  await rm(`${path}.wal`, { force: true })
}
