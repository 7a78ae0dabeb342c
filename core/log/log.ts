/** The only logging interface in the program; pino fits it. Messages are one stable line, facts go into the object. Never log a secret. */
export interface Log {
  debug(facts: object, message: string): void
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
  error(facts: object, message: string): void
  child(bindings: object): Log
}

/** Swallows everything; for tests and for commands that print their own results. */
export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLog,
}
