import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cpuSamples, parseCpuTimes } from '../../../probes/host/cpu.ts'
import { DiskSpace, diskSample } from '../../../probes/host/disk.ts'
import { DiskIo } from '../../../probes/host/disk-io.ts'
import { parseMounts } from '../../../probes/host/mounts.ts'
import { netSamples } from '../../../probes/host/net.ts'
import { createNameFilter, createProcReader } from '../../../probes/host/proc-reader.ts'
import { Temperatures } from '../../../probes/host/temperature.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { until } from '../../support/until.ts'

describe('cpu', () => {
  it('takes guest time out of user, and never gives a negative share', () => {
    const before = parseCpuTimes('cpu  100 0 50 800 50 0 0 0 40 0\ncpu0 100 0 50 800 50 0 0 0 40 0\nintr 1\n')
    const after = parseCpuTimes('cpu  160 0 70 840 40 0 0 0 80 0\ncpu0 160 0 70 840 40 0 0 0 80 0\ncpu1 5 0 0 0 0 0 0 0 0 0\nintr 1\n')
    const [total, ...cores] = cpuSamples(before, after, true, 1)
    expect(total?.fields).toMatchObject({ usage_user: (20 * 100) / 120, usage_guest: (40 * 100) / 120, usage_iowait: 0 })
    expect(cores.map((sample) => sample.tags.cpu)).toEqual(['cpu0'])
    expect(cpuSamples(before, before, true, 1)).toEqual([])
  })
})

describe('mounts', () => {
  const one = (line: string) => parseMounts(line).map(({ path }) => path)

  it.each([
    ['an ext4 disk', '27 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw', ['/']],
    ['a path with a blank and Chinese', '30 1 8:2 / /mnt/a\\040\\346\\234\\272 rw - xfs /dev/sdb rw', ['/mnt/a 机']],
    ['nfs', '31 1 0:50 / /srv/nfs rw - nfs4 10.0.0.1:/x rw', []],
    ['cifs', '31 1 0:50 / /srv/win rw - cifs //s/x rw', []],
    ['sshfs', '31 1 0:50 / /srv/ssh rw - fuse.sshfs a@b:/ rw', []],
    ['autofs', '31 1 0:50 / /net rw - autofs auto.net rw', []],
    ['proc', '22 27 0:21 / /proc rw - proc proc rw', []],
    ['a snap', '60 1 7:0 / /snap/core/1 ro - squashfs /dev/loop0 ro', []],
    ["a container's overlay", '61 1 0:60 / /var/lib/docker/overlay2/ab/merged rw - overlay overlay rw', []],
    ['the root overlay of a container', '61 1 0:60 / / rw - overlay overlay rw', ['/']],
    ['a tmpfs of work', '62 1 0:61 / /mnt/scratch rw - tmpfs tmpfs rw', ['/mnt/scratch']],
    ["a user's tmpfs", '62 1 0:61 / /run/user/1000 rw - tmpfs tmpfs rw', []],
    ['/run and /dev/shm', '62 1 0:61 / /run rw - tmpfs tmpfs rw\n63 1 0:62 / /dev/shm rw - tmpfs tmpfs rw', ['/run', '/dev/shm']],
    ['a bind mount', '27 1 8:1 / /data rw - ext4 /dev/sda1 rw\n28 1 8:1 /x /b rw - ext4 /dev/sda1 rw', ['/data']],
    ['subvolumes', '27 1 0:30 /@ / rw - btrfs /dev/sda rw\n28 1 0:30 /@home /home rw - btrfs /dev/sda rw', ['/']],
    ['one hidden by nfs', '27 1 8:1 / /d rw - ext4 /dev/sda1 rw\n28 1 0:9 / /d rw - nfs s:/x rw', []],
  ])('%s', (_, text, expected) => {
    expect(one(text)).toEqual(expected)
  })

  it('tells a disk that the kernel has turned read-only', () => {
    expect(parseMounts('27 1 8:1 / / rw - ext4 /dev/sda1 ro,errors=remount-ro')[0]?.readOnly).toBe(true)
  })
})

describe('disk space', () => {
  const mount = { path: '/d', fstype: 'ext4', readOnly: false }

  it('counts what root keeps for itself as df does', () => {
    const { fields } = diskSample(mount, { bsize: 1000, blocks: 100, bfree: 30, bavail: 20, files: 0, ffree: 0 }, 1)
    expect(fields).toMatchObject({ total: 100_000, used: 70_000, free: 20_000, used_percent: 7000 / 90 })
    expect(fields).not.toHaveProperty('inodes_used_percent')
  })

  it('does not wait for a mount that hangs, nor ask it again until it has answered', async () => {
    let asked = 0
    const answers: (() => void)[] = []
    const space0 = { bsize: 1, blocks: 1, bfree: 1, bavail: 1, files: 1, ffree: 1 }
    const call = ((path: string) => {
      if (path !== '/hangs' || asked > 0) return Promise.resolve(space0)
      asked++
      return new Promise((resolve) => answers.push(() => resolve(space0)))
    }) as unknown as typeof import('node:fs/promises').statfs
    const space = new DiskSpace(30, call)
    const mounts = [mount, { ...mount, path: '/hangs' }]
    for (let run = 0; run < 3; run++) {
      const { samples, failures } = await space.read(mounts, 1)
      expect(samples.map(({ tags }) => tags.path)).toEqual(['/d'])
      expect(failures).toMatchObject([{ name: 'disk /hangs', reason: 'timeout' }])
    }
    expect(asked).toBe(1)
    for (const answer of answers) answer()
    await until(async () => (await space.read(mounts, 1)).failures.length === 0, { what: 'asked again' })
  })
})

describe('disk io', () => {
  it('counts whole disks and the share of time they were busy', () => {
    const io = new DiskIo((name) => name === 'sda')
    const text = (busy: number) =>
      `   8 0 sda 10 1 16 5 20 2 32 7 3 ${busy} 99\n   8 1 sda1 1 1 1 1 1 1 1 1 0 1 1\n   7 0 loop0 0 0 0 0 0 0 0 0 0 0 0\n`
    expect(io.read(text(100), 1, 0)[0]?.fields).toEqual({
      reads: 10,
      merged_reads: 1,
      read_bytes: 8192,
      read_time: 5,
      writes: 20,
      merged_writes: 2,
      write_bytes: 16_384,
      write_time: 7,
      iops_in_progress: 3,
      io_time: 100,
      weighted_io_time: 99,
    })
    const [second, ...others] = io.read(text(600), 2, 1000)
    expect(second?.fields.io_util).toBe(50)
    expect(others).toEqual([])
  })
})

describe('net', () => {
  it('reads counters, and takes an interface without link detection as up', () => {
    const text =
      'Inter-|\n face |bytes\n    lo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n  eth0:100 10 1 2 0 0 0 0 200 20 3 4 0 0 0 0\n veth1: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n  tun0: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n'
    const states: Record<string, string> = { eth0: 'down\n', tun0: 'unknown\n' }
    const samples = netSamples(text, createNameFilter(['veth*']), (name) => states[name] ?? null, 1)
    expect(samples.map(({ tags, fields }) => [tags.interface, fields.up])).toEqual([
      ['eth0', false],
      ['tun0', true],
    ])
    expect(samples[0]?.fields).toMatchObject({
      bytes_recv: 100,
      packets_recv: 10,
      err_in: 1,
      drop_in: 2,
      bytes_sent: 200,
      err_out: 3,
      drop_out: 4,
    })
  })
})

describe('temperatures', () => {
  it('names sensors by chip and label, and by device where two chips are alike', async () => {
    const root = await tempDir()
    const chip = async (at: string, name: string, device: string, inputs: Record<string, string>) => {
      const dir = join(root, 'sys/class/hwmon', at)
      await mkdir(dir, { recursive: true })
      await mkdir(join(root, 'devices', device), { recursive: true })
      await symlink(join(root, 'devices', device), join(dir, 'device'))
      await writeFile(join(dir, 'name'), `${name}\n`)
      for (const [file, text] of Object.entries(inputs)) await writeFile(join(dir, file), `${text}\n`)
    }
    await chip('hwmon0', 'coretemp', 'coretemp.0', { temp1_input: '41000', temp1_label: 'Package id 0' })
    await chip('hwmon1', 'drivetemp', '0:0:0:0', { temp1_input: '33000' })
    await chip('hwmon2', 'drivetemp', '1:0:0:0', { temp1_input: '34500' })
    await chip('hwmon3', 'broken', 'x', { temp1_input: '-128000', in0_input: '12000' })
    await mkdir(join(root, 'sys/class/thermal/thermal_zone0'), { recursive: true })
    await writeFile(join(root, 'sys/class/thermal/thermal_zone0/type'), 'x86_pkg_temp\n')
    await writeFile(join(root, 'sys/class/thermal/thermal_zone0/temp'), '42000\n')
    const samples = await new Temperatures(root).read(1, 0)
    expect(Object.fromEntries(samples.map(({ tags, fields }) => [tags.sensor, fields.temp]))).toEqual({
      coretemp_package_id_0: 41,
      drivetemp_0_0_0_0_temp1: 33,
      drivetemp_1_0_0_0_temp1: 34.5,
      x86_pkg_temp: 42,
    })
  })
})

describe('proc reader', () => {
  it('reads files of any length and says null for what is not there', async () => {
    const root = await tempDir()
    await writeFile(join(root, 'long'), 'x'.repeat(100_000))
    const reader = createProcReader(root)
    expect(reader.text('/long')).toHaveLength(100_000)
    expect(reader.text('/none')).toBeNull()
    expect(reader.names('/none')).toEqual([])
  })
})
