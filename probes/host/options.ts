import * as v from 'valibot'
import type { KindSpec } from '../kind-spec.ts'

const pattern = v.pipe(v.string(), v.minLength(1))

const options = v.strictObject({
  /** One `cpu` sample per core beside `cpu-total`. */
  per_core: v.optional(v.boolean(), true),
  /** Mount points to leave out; `*` stands for any run of characters. */
  ignore_mounts: v.optional(v.array(pattern), []),
  /** Interfaces to leave out, besides `lo` and the pairs of containers. */
  ignore_interfaces: v.optional(v.array(pattern), ['veth*', 'docker*', 'br-*', 'virbr*', 'cali*', 'flannel*', 'cni*', 'ifb*']),
  /** Programs that must run: absent is a sample with `running=0i`, never silence. */
  processes: v.optional(
    v.array(
      v.strictObject({
        name: v.pipe(v.string(), v.minLength(1)),
        /** Text that the command line must contain; the program's name must be `name` when this is not given. */
        match: v.optional(v.pipe(v.string(), v.minLength(1))),
      }),
    ),
    [],
  ),
})
export type HostOptions = v.InferOutput<typeof options>

export const hostKind: KindSpec = {
  options,
  intervalMs: 10_000,
  timeoutMs: 8_000,
  where: 'local',
  secrets: [],
  title: { zh: '主机', en: 'host' },
}
