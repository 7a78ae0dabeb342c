import type { Listener, Probe } from '../probes/probe.ts'

/**
 * A push check in the form of a pull one, so that its health is told at every interval like any other's:
 * a run starts the listener when it does not listen yet, and fails as its start fails.
 */
export function createListenerProbe(listener: Listener): Probe {
  const life = new AbortController()
  let listening = false
  return {
    async run() {
      if (!listening) await listener.start(life.signal)
      listening = true
      return { samples: [] }
    },
    async close() {
      life.abort()
      await listener.close()
    },
  }
}
