/** What jifang uses of net-snmp 3.29.2, which ships no types. */
declare module 'net-snmp' {
  import type { EventEmitter } from 'node:events'

  export interface WireVarbind {
    oid: string
    type: number
    value: unknown
  }
  export interface User {
    name: string
    level: number
    authProtocol?: number | undefined
    authKey?: string
    privProtocol?: number | undefined
    privKey?: string
  }
  export interface SessionOptions {
    version?: number
    port?: number
    retries?: number
    timeout?: number
    transport?: 'udp4' | 'udp6'
    context?: string
    dgramModule?: { createSocket(type: unknown): unknown }
  }
  type Callback<T> = (error: Error | null, result?: T) => void
  export interface Session extends EventEmitter {
    get(oids: string[], callback: Callback<WireVarbind[]>): Session
    getNext(oids: string[], callback: Callback<WireVarbind[]>): Session
    getBulk(oids: string[], nonRepeaters: number, maxRepetitions: number, callback: Callback<(WireVarbind | WireVarbind[])[]>): Session
    set(varbinds: { oid: string; type: number; value: unknown }[], callback: Callback<WireVarbind[]>): Session
    close(): Session
  }
  /** What a receiver hands on: a PDU with the user that sent it, or an error whose message may hold secrets. */
  export interface Received {
    pdu: { type: number; varbinds?: WireVarbind[]; user?: string }
  }
  export interface Receiver {
    getAuthorizer(): { addUser(user: User): void }
    close(): void
  }
  const snmp: {
    createReceiver(
      options: { dgramModule: { createSocket(type: unknown): unknown }; engineID: string; includeAuthentication: boolean },
      callback: (error: Error | null, received?: Received) => void,
    ): Receiver
    createSession(target: string, community: string, options: SessionOptions): Session
    createV3Session(target: string, user: User, options: SessionOptions): Session
    Version1: number
    Version2c: number
    Version3: number
    Authentication: {
      authToKeyCache: Record<string, Buffer>
      computeCacheKey(protocol: number, password: string, engine: Buffer): string
    }
    PduType: Readonly<Record<string, number>>
    ErrorStatus: Readonly<Record<string, number>>
    ObjectType: Readonly<Record<string, number>>
    SecurityLevel: Readonly<{ noAuthNoPriv: number; authNoPriv: number; authPriv: number }>
    AuthProtocols: Readonly<Record<string, number>>
    PrivProtocols: Readonly<Record<string, number>>
    ResponseInvalidCode: Readonly<Record<string, number>>
  }
  export default snmp
}
