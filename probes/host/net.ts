import type { Sample } from '../../core/model/sample.ts'

/** Counters of /proc/net/dev; `operState` gives /sys/class/net/NAME/operstate (RFC 2863: up, down, unknown …). */
export function netSamples(
  netDev: string,
  ignored: (name: string) => boolean,
  operState: (name: string) => string | null,
  time: number,
): Sample[] {
  const samples: Sample[] = []
  for (const line of netDev.split('\n')) {
    const colon = line.indexOf(':')
    if (colon < 0) continue
    const name = line.slice(0, colon).trim()
    if (name === 'lo' || ignored(name)) continue
    const values = line
      .slice(colon + 1)
      .trim()
      .split(/ +/)
    const at = (index: number): number => Number(values[index] ?? 0)
    const state = operState(name)?.trim()
    samples.push({
      measurement: 'net',
      tags: { interface: name },
      fields: {
        bytes_recv: at(0),
        packets_recv: at(1),
        err_in: at(2),
        drop_in: at(3),
        bytes_sent: at(8),
        packets_sent: at(9),
        err_out: at(10),
        drop_out: at(11),
        // Drivers without link detection say `unknown` for ever: they are up as far as anyone can tell.
        ...(state ? { up: state === 'up' || state === 'unknown' } : {}),
      },
      time,
    })
  }
  return samples
}
