export interface Mount {
  readonly path: string
  readonly fstype: string
  readonly readOnly: boolean
}

/** File systems that live on this machine and can fill up. Whatever is not listed is not touched: a dead server behind it would hang. */
const LOCAL = new Set([
  'ext2',
  'ext3',
  'ext4',
  'xfs',
  'btrfs',
  'zfs',
  'f2fs',
  'jfs',
  'reiserfs',
  'bcachefs',
  'nilfs2',
  'ntfs',
  'ntfs3',
  'fuseblk',
  'vfat',
  'exfat',
  'msdos',
  'hfsplus',
  'ufs',
  'tmpfs',
  'overlay',
])

/** tmpfs of sessions and services come and go; what matters of them is in `mem`. */
const PASSING = /^\/(?:run\/(?:user|credentials|lock)|sys|proc|dev(?!\/shm$))(?:\/|$)/

interface Line extends Mount {
  readonly device: string
  readonly root: string
}

/**
 * The mounts to measure out of /proc/self/mountinfo (proc(5)): one per file system (bind mounts and subvolumes share their space),
 * the one that hides the others where several are mounted at one path. Overlays count only at `/`, where a container has nothing else.
 */
export function parseMounts(mountinfo: string): Mount[] {
  const byPath = new Map<string, Line>()
  for (const text of mountinfo.split('\n')) {
    const line = parseLine(text)
    if (line) byPath.set(line.path, line)
  }
  const byDevice = new Map<string, Line>()
  for (const line of byPath.values()) {
    if (!LOCAL.has(line.fstype)) continue
    if (line.fstype === 'overlay' && line.path !== '/') continue
    if (line.fstype === 'tmpfs' && (line.readOnly || PASSING.test(line.path))) continue
    const other = byDevice.get(line.device)
    if (!other || rank(line) < rank(other)) byDevice.set(line.device, line)
  }
  return [...byDevice.values()].map(({ path, fstype, readOnly }) => ({ path, fstype, readOnly }))
}

/** The whole file system before a part of it, a short path before a long one. */
const rank = (line: Line): number => (line.root === '/' ? 0 : 1_000_000) + line.path.length

/** `27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw`: id parent device root path options [tags] - type source options. */
function parseLine(text: string): Line | null {
  const split = text.indexOf(' - ')
  if (split < 0) return null
  const [, , device, root, path, options] = text.slice(0, split).split(' ')
  const [fstype, , superOptions] = text.slice(split + 3).split(' ')
  if (device === undefined || root === undefined || path === undefined || fstype === undefined) return null
  const readOnly = isReadOnly(options) || isReadOnly(superOptions)
  return { device, root: decodePath(root), path: decodePath(path), fstype, readOnly }
}

const isReadOnly = (options: string | undefined): boolean => options?.split(',').includes('ro') ?? false

/** Blanks and the like are written as three octal digits; the bytes are UTF-8. */
function decodePath(text: string): string {
  const bytes = text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
