import * as v from 'valibot'
import { Counters } from '../../../core/lifecycle/counters.ts'
import type { Sample } from '../../../core/model/sample.ts'
import type { KindSpec } from '../../../probes/kind-spec.ts'
import type { Listener, ListenerKind } from '../../../probes/probe.ts'
import { probeDeps, target } from '../deps.ts'

export interface Listening {
  readonly listener: Listener
  readonly events: Sample[]
  readonly hints: string[]
  readonly counters: Counters
  readonly logged: string[]
  field(name: string): unknown[]
  close(): Promise<void>
}

/** Starts a listener as the agent does and keeps what it emits. */
export async function listening<Options>(
  kind: ListenerKind<Options>,
  spec: KindSpec,
  options: object,
  profiles: unknown[] = [],
): Promise<Listening> {
  const events: Sample[] = []
  const hints: string[] = []
  const logged: string[] = []
  const counters = new Counters()
  const note = (facts: object, message: string): void => void logged.push(`${JSON.stringify(facts)} ${message}`)
  const log = { debug: note, info: note, warn: note, error: note, child: () => log }
  const listener = kind.create(
    target({ device: 'poller-1', check: 'listen' }),
    v.parse(spec.options, { listen: '127.0.0.1', ...options }) as Options,
    (samples) => void events.push(...samples),
    { ...probeDeps({ counters, profiles, log }), hint: (device) => void hints.push(device) },
  )
  await listener.start(new AbortController().signal)
  return {
    listener,
    events,
    hints,
    counters,
    logged,
    field: (name) => events.map((event) => event.fields[name]),
    close: async () => await listener.close(),
  }
}
