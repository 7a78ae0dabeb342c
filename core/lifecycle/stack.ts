import type { Log } from '../log/log.ts'

/** Something that runs until stopped. `stop` is idempotent. */
export interface Running {
  stop(): Promise<void>
}

/** Named teardown steps, run last-in first-out, each bounded; one failing never keeps the others from being stopped. */
export class StopStack implements Running {
  readonly #steps: { name: string; stop: () => Promise<void> | void }[] = []
  readonly #log: Log
  #stopping: Promise<void> | null = null

  constructor(log: Log) {
    this.#log = log
  }

  /** Registers a step right after what it ends was started. */
  push(name: string, stop: () => Promise<void> | void): void {
    this.#steps.push({ name, stop })
  }

  stop(stepTimeoutMs = 4000): Promise<void> {
    this.#stopping ??= this.#run(stepTimeoutMs)
    return this.#stopping
  }

  async #run(stepTimeoutMs: number): Promise<void> {
    for (;;) {
      const step = this.#steps.pop()
      if (!step) return
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`did not stop within ${stepTimeoutMs} ms`)), stepTimeoutMs)
      })
      try {
        await Promise.race([Promise.resolve(step.stop()), late])
      } catch (error) {
        this.#log.error({ step: step.name, err: error }, 'stop step failed')
      } finally {
        clearTimeout(timer)
      }
    }
  }
}
