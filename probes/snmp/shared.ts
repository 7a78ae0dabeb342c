import type { Counters } from '../../core/lifecycle/counters.ts'
import { createLibrary, type ProfileLibrary } from '../../core/profile/library.ts'
import type { ProfileData } from '../../core/profile/schema.ts'
import { shippedProfiles } from '../../core/profile/shipped.ts'
import { createSnmpSockets, type SnmpSockets } from '../../protocols/snmp/sockets.ts'
import type { ProbeDeps } from '../probe.ts'

interface Lease {
  readonly sockets: SnmpSockets
  users: number
}

/** Sockets are shared by all checks of one program, known by its counters; the last check that closes closes them. */
const leases = new WeakMap<Counters, Lease>()

export function leaseSockets(counters: Counters): { readonly sockets: SnmpSockets; release(): void } {
  let lease = leases.get(counters)
  if (!lease) {
    lease = { sockets: createSnmpSockets({ counters }), users: 0 }
    leases.set(counters, lease)
  }
  const mine = lease
  mine.users++
  let released = false
  return {
    sockets: mine.sockets,
    release() {
      if (released) return
      released = true
      if (--mine.users > 0) return
      mine.sockets.close()
      if (leases.get(counters) === mine) leases.delete(counters)
    },
  }
}

/** The shipped profiles with the operator's own over them, compiled once per list, however many devices use it. */
const libraries = new WeakMap<readonly unknown[], ProfileLibrary>()

export function libraryOf(deps: ProbeDeps): ProfileLibrary {
  let library = libraries.get(deps.profiles)
  if (!library) {
    const made = createLibrary(deps.profiles as readonly ProfileData[], shippedProfiles())
    for (const { profile, path, message } of made.issues)
      deps.log.warn({ profile, at: path.join('.'), problem: message }, 'profile left out')
    library = made.library
    libraries.set(deps.profiles, library)
  }
  return library
}
