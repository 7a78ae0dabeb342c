import { type CheckTrack, type KindPlaces, SILENT_INTERVALS, type Tracked } from './device-context.ts'
import type { Rule } from './rule.ts'
import type { AgentTrack, Streams } from './streams.ts'

/** A run may end this much later than its interval says. */
const SLACK_MS = 5000
const DEFAULT_INTERVAL_MS = 60_000

/**
 * Whether a check is silent although its agent's stream is live: something of the agent must have come after the check
 * was due, so an agent that fell silent altogether never makes its checks silent. null: can't be told now.
 */
export function checkSilent(check: CheckTrack, streams: Streams, kinds: KindPlaces): boolean | null {
  if (check.seen === 0 && kinds[check.kind]?.where === 'push') return null
  const agent = streams.liveFor(check.agent, check.agents)
  if (!agent) return null
  return silentFor(agent, check.seen) > SILENT_INTERVALS * check.intervalMs + SLACK_MS
}

/** Whether the data behind a state stopped coming; null while its agent's stream is lost: then nothing can be told. */
export function isStale(tracked: Tracked, streams: Streams, kinds: KindPlaces): boolean | null {
  const checks = tracked.device.checks
  const own = tracked.check === null ? undefined : checks.get(tracked.check)
  const agent = streams.liveFor(tracked.agent, own?.agents ?? everyAgent(tracked))
  if (!agent) return null
  const { signal } = tracked.rule
  if (signal.kind === 'count' || signal.kind === 'silence') return false
  // A kind may send what does not change more seldom than it looks.
  const everyMs = (check: CheckTrack): number => Math.max(check.intervalMs, kinds[check.kind]?.repeatMs ?? 0)
  const interval = own ? everyMs(own) : Math.max(DEFAULT_INTERVAL_MS, ...[...checks.values()].map(everyMs))
  // Events come when they come: what they say holds as long as their check runs.
  const seen = tracked.rule.measurement === 'event' ? Math.max(tracked.seen, own?.seen ?? agent.heard) : tracked.seen
  return silentFor(agent, seen) > SILENT_INTERVALS * interval + SLACK_MS
}

/** Hours without a sample, counted only while a stream that could bring one is live. */
export function hoursSilent(tracked: Tracked, streams: Streams, now: number): number {
  const agent = streams.liveFor(tracked.agent, everyAgent(tracked))
  return (now - Math.max(tracked.seen, agent?.liveSince ?? now)) / 3600_000
}

/** Told by the judge itself: no stream carries it, so it can't go stale with one. */
export const isSynthetic = (rule: Rule): boolean =>
  rule.measurement === 'agent' || (rule.measurement === 'check' && rule.field === 'silent')

const silentFor = (agent: AgentTrack, seen: number): number => agent.heard - Math.max(Math.min(seen, agent.heard), agent.liveSince)

function everyAgent(tracked: Tracked): readonly string[] {
  return [...new Set([...tracked.device.checks.values()].flatMap((check) => check.agents))]
}
