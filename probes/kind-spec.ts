import type { GenericSchema } from 'valibot'

/** The light half of a check kind: enough to validate devices.yaml without loading the probe (DESIGN §4). */
export interface KindSpec {
  /** Options under the check, besides the common ones (`kind name interval timeout address enabled`). Must be a strict object. */
  readonly options: GenericSchema
  /** Default interval and per-run deadline, ms. */
  readonly intervalMs: number
  readonly timeoutMs: number
  /** `remote` is run by a poller and needs an address; `local` by the agent named like the device; `push` is a listener. */
  readonly where: 'remote' | 'local' | 'push'
  /** False for a remote kind that can do without an address, e.g. over a serial line; a function where its options decide. Default true; an option `url` also does. */
  readonly needsAddress?: boolean | ((options: Readonly<Record<string, unknown>>) => boolean)
  /** Values that don't change are sent only this often, ms, where that is rarer than the interval. */
  readonly repeatMs?: number
  /** A listener for many devices: the slice brings it who is who (option `sources`), and its agent may send `event` samples of them all. */
  readonly manySources?: boolean
  /** Paths of options that hold secrets (`password`, `community`): literal values are a warning, errors print `<secret>`. */
  readonly secrets: readonly string[]
  /** What a person should know of valid options, such as a cipher that protects nothing. */
  readonly warning?: (options: Readonly<Record<string, unknown>>) => string | null
  readonly title: { readonly zh: string; readonly en: string }
}
