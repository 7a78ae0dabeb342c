import type { Channel } from './channel.ts'
import { createSmsChannel, type SmsDeps } from './channels/sms.ts'
import { createWebhookChannel, type WebhookDeps } from './channels/webhook.ts'
import type { ChannelConfig } from './notify-file.ts'

export type ChannelDeps = SmsDeps & WebhookDeps

/** The table of channel kinds; a new kind is one line here, its file in channels/ and its shape in notify-file.ts. */
const kinds: { readonly [K in ChannelConfig['kind']]: (config: Extract<ChannelConfig, { kind: K }>, deps: ChannelDeps) => Channel } = {
  sms: createSmsChannel,
  webhook: createWebhookChannel,
}

export function createChannel(config: ChannelConfig, deps: ChannelDeps): Channel {
  const create = kinds[config.kind] as (config: ChannelConfig, deps: ChannelDeps) => Channel
  return create(config, deps)
}
