import type { CipherSuite } from './suite.ts'

/** Numbers of the privilege levels (IPMI 2.0 §6.8). */
export const PRIVILEGE = { user: 2, operator: 3, administrator: 4 } as const
export type Privilege = keyof typeof PRIVILEGE

export interface Login {
  readonly username: string
  readonly password: string
  /** BMC key K_G of two-key logins; absent for the usual one-key login. */
  readonly kg?: string
  readonly privilege: Privilege
  /** In order of preference. */
  readonly suites: readonly CipherSuite[]
  readonly version: 'auto' | '2.0' | '1.5'
}
