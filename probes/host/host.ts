import type { ProbeKind } from '../probe.ts'
import { LinuxHost } from './linux.ts'
import type { HostOptions } from './options.ts'
import { PortableHost } from './portable.ts'

/** The machine this program runs on. Measurements: cpu mem swap system kernel disk diskio net processes process temp. */
export const host: ProbeKind<HostOptions> = {
  create: (_target, options, deps) => (process.platform === 'linux' ? new LinuxHost(options, deps) : new PortableHost(options, deps)),
}
