/** What a round of echo requests gave. */
export interface PingResult {
  readonly transmitted: number
  /** Round trips of the answers, ms, in order. */
  readonly times: readonly number[]
  readonly ttl?: number
  /** The name did not resolve: nothing was sent. */
  readonly unresolved: boolean
  /** Somebody on the way said that there is no way. */
  readonly unreachable: boolean
}

const UNREACHABLE = /unreachable|no route to host|prohibited|Time to live exceeded/i

/** The summary of `fping -C`: `host : 0.02 - 0.03`, where `-` is a lost packet. A name that does not resolve has none. */
export function parseFping(text: string, packets: number): PingResult {
  const values = /^\S+ +: ((?:(?:[\d.]+|-) ?)+)$/m.exec(text)?.[1]?.trim().split(' ')
  return {
    transmitted: values?.length ?? packets,
    times: values?.filter((value) => value !== '-').map(Number) ?? [],
    unresolved: values === undefined,
    unreachable: UNREACHABLE.test(text),
  }
}

/**
 * The answers that `ping` of iputils, busybox, macOS and Windows print, by their numbers only: Windows translates every word, in its own
 * character set. An answer is a line with one time in ms; the line with minimum, maximum and average has three.
 */
export function parsePing(text: string, packets: number): PingResult {
  const times: number[] = []
  let ttl: number | undefined
  for (const line of text.split(/\r?\n/)) {
    if (line.includes('DUP!')) continue
    const found = [...line.matchAll(/[=<] ?([\d.]+) ?ms/gi)]
    if (found.length !== 1 || /^(rtt|round-trip)/.test(line)) continue
    times.push(Number(found[0]?.[1]))
    const hops = /ttl[=:] ?(\d+)/i.exec(line)?.[1]
    if (hops !== undefined) ttl = Number(hops)
  }
  const transmitted = Number(/(\d+) packets transmitted/.exec(text)?.[1] ?? packets)
  return {
    transmitted: Math.max(transmitted, times.length),
    times,
    ...(ttl === undefined ? {} : { ttl }),
    // All of them print a share of loss once they have sent anything.
    unresolved: times.length === 0 && !/\d ?%/.test(text),
    unreachable: UNREACHABLE.test(text),
  }
}
