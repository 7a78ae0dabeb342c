import { existsSync } from 'node:fs'
import type { ContactOutputs, OutputsDeps, SwitchRequest } from '../probes/contacts/outputs.ts'

/** The outputs of an agent, whose code is loaded when somebody first switches one, or when the last run has left one on. */
export function createAgentOutputs(deps: OutputsDeps): ContactOutputs {
  let opened: Promise<ContactOutputs> | null = null
  const open = (): Promise<ContactOutputs> => {
    opened ??= import('../probes/contacts/outputs.ts').then(({ openContactOutputs }) => openContactOutputs(deps))
    return opened
  }
  if (existsSync(deps.file)) open().catch((error: unknown) => deps.log.error({ err: error }, 'outputs left on could not be taken over'))
  return {
    set: async (request: SwitchRequest, signal: AbortSignal) => (await open()).set(request, signal),
    close: async () => (await opened)?.close(),
  }
}
