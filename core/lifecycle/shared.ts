/** Something that several users of one program share: opened for the first, closed with the last. */
export interface SharedPool<T> {
  /** `owner` stands for the program (its Counters), `key` for the thing within it. `release` may be called more than once. */
  lease(owner: object, key: string, open: () => T): Lease<T>
}

export interface Lease<T> {
  readonly value: T
  release(): void
}

interface Slot<T> {
  readonly value: T
  users: number
}

/** Without a singleton: what is shared lives as long as its users, apart for each program. */
export function createSharedPool<T>(close: (value: T) => void): SharedPool<T> {
  const pools = new WeakMap<object, Map<string, Slot<T>>>()
  return {
    lease(owner, key, open) {
      const pool = pools.get(owner) ?? new Map<string, Slot<T>>()
      pools.set(owner, pool)
      const slot = pool.get(key) ?? { value: open(), users: 0 }
      pool.set(key, slot)
      slot.users++
      let released = false
      return {
        value: slot.value,
        release() {
          if (released) return
          released = true
          if (--slot.users > 0) return
          if (pool.get(key) === slot) pool.delete(key)
          close(slot.value)
        },
      }
    },
  }
}
