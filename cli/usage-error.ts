/** The call itself is wrong: one line to stderr and exit code 2. */
export class UsageError extends Error {}
