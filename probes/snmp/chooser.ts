import type { Log } from '../../core/log/log.ts'
import type { ProfileLibrary } from '../../core/profile/library.ts'
import type { VarbindSource } from '../../core/profile/varbind.ts'
import type { Identity } from '../../protocols/snmp/device.ts'
import { type Choice, changedSince, chooseProfiles, ProbeMemory, type Sighting } from './choice.ts'
import type { SnmpOptions } from './options.ts'

/** How often a choice made with answers missing is looked at again. */
const MAX_DOUBTS = 6

/** Which profiles one device is read with, kept until it is another device, another firmware or has restarted. */
export class ProfileChooser {
  readonly #wanted: SnmpOptions['profile']
  readonly #library: ProfileLibrary
  readonly #log: Log
  readonly #memory = new ProbeMemory()
  #last: Sighting | null = null
  #choice: Choice | null = null
  #doubts = 0

  constructor(wanted: SnmpOptions['profile'], library: ProfileLibrary, log: Log) {
    this.#wanted = wanted
    this.#library = library
    this.#log = log
  }

  /** Null while none could be made. */
  get choice(): Choice | null {
    return this.#choice
  }

  /** Whether what is known of the device may no longer hold. */
  outdated(now: Sighting): boolean {
    return changedSince(this.#last, now)
  }

  /** The kept choice, or a new one; one that the run's end cut short, or that found nothing, is not kept. */
  async choose(source: VarbindSource, now: Sighting, signal: AbortSignal): Promise<Choice> {
    if (this.#choice && !this.outdated(now)) {
      this.#last = now
      return this.#choice
    }
    this.#choice = null
    this.#doubts = 0
    const made = await this.#ask(source, now.identity, true)
    if (signal.aborted || made.profiles.length === 0) return made
    this.#last = now
    this.#choice = made
    return made
  }

  /**
   * Behind the reading, while there is time: packets lost when the profiles were chosen must not hide half of a device for ever.
   * True when the choice has changed.
   */
  async doubt(source: VarbindSource, identity: Identity, signal: AbortSignal): Promise<boolean> {
    const made = this.#choice
    if (made === null || made.unanswered === 0 || this.#doubts >= MAX_DOUBTS) {
      this.#memory.clear()
      return false
    }
    this.#doubts++
    const better = await this.#ask(source, identity, false)
    if (signal.aborted || better.profiles.length === 0) return false
    this.#choice = better
    return better.because !== made.because
  }

  async #ask(source: VarbindSource, identity: Identity, quick: boolean): Promise<Choice> {
    const choice = await chooseProfiles(this.#wanted, this.#library, this.#memory.over(source, identity), quick)
    if (choice.because !== this.#choice?.because) this.#log.info({ profiles: choice.because }, 'profiles chosen')
    return choice
  }
}
