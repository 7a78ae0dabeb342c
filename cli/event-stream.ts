import type { AlarmEvent } from '../core/model/alarm.ts'
import type { Client } from './client.ts'

export type StreamItem =
  | { readonly kind: 'event'; readonly event: AlarmEvent }
  /** Everything older has been delivered. */
  | { readonly kind: 'live' }

/** One connection's items of `/api/v1/events`; ends when the collector closes. @throws ClientError when it can't be reached */
export async function* readEvents(client: Client, lastId: string | null, replay: boolean, signal: AbortSignal): AsyncGenerator<StreamItem> {
  const query = replay && lastId === null ? '?replay=all' : ''
  const response = await client.open(
    `/api/v1/events${query}`,
    { accept: 'text/event-stream', ...(lastId === null ? {} : { 'last-event-id': lastId }) },
    signal,
  )
  if (!response.body) return
  let buffered = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    buffered += decoder.decode(chunk, { stream: true })
    for (let end = buffered.indexOf('\n\n'); end >= 0; end = buffered.indexOf('\n\n')) {
      const item = parseBlock(buffered.slice(0, end))
      buffered = buffered.slice(end + 2)
      if (item) yield item
    }
  }
}

function parseBlock(block: string): StreamItem | null {
  let type = 'message'
  let data = ''
  for (const line of block.split('\n')) {
    if (line.startsWith('event:')) type = line.slice(6).trim()
    else if (line.startsWith('data:')) data += line.slice(5).trimStart()
  }
  if (type === 'live') return { kind: 'live' }
  if (type !== 'alarm') return null
  return { kind: 'event', event: JSON.parse(data) as AlarmEvent }
}
