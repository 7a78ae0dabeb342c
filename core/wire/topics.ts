/** Every MQTT topic of jifang is built and taken apart here (DESIGN §5). */

/** Sites, devices, agents, checks, points. */
export const NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/

/** The pseudo-agent under whose name the collector's own measurements go (DESIGN §3): no agent may be called so. */
export const PSEUDO_AGENT = 'collector'

export type AgentChannel = 'data' | 'ack' | 'status' | 'config' | 'request' | 'reply'
const AGENT_CHANNELS: ReadonlySet<string> = new Set<AgentChannel>(['data', 'ack', 'status', 'config', 'request', 'reply'])

export const clientId = (site: string, name: string): string => `jifang-${site}-${name}`
export const agentTopic = (site: string, agent: string, channel: AgentChannel): string => `jifang/${site}/agent/${agent}/${channel}`
export const anyAgentTopic = (site: string, channel: AgentChannel): string => `jifang/${site}/agent/+/${channel}`
export const alarmTopic = (site: string, id: string): string => `jifang/${site}/alarms/${id}`
export const eventsTopic = (site: string): string => `jifang/${site}/events`
export const collectorStatusTopic = (site: string, collector: string): string => `jifang/${site}/collector/${collector}/status`

/** Below `agent/`, whether the name there is one or not. */
export const isAgentTopic = (site: string, topic: string): boolean => topic.startsWith(`jifang/${site}/agent/`)

/** `{agent, channel}` of an agent's topic at this site, null for anything else. */
export function parseAgentTopic(site: string, topic: string): { agent: string; channel: AgentChannel } | null {
  const parts = topic.split('/')
  if (parts.length !== 5 || parts[0] !== 'jifang' || parts[1] !== site || parts[2] !== 'agent') return null
  const [, , , agent, channel] = parts as [string, string, string, string, string]
  if (!NAME_PATTERN.test(agent) || agent === PSEUDO_AGENT || !AGENT_CHANNELS.has(channel)) return null
  return { agent, channel: channel as AgentChannel }
}
