import { ProbeError } from '../../core/model/reason.ts'
import type { Sample } from '../../core/model/sample.ts'
import type { Probe, ProbeKind, Reading } from '../probe.ts'
import type { PingOptions } from './options.ts'
import { type PingResult, parseFping, parsePing } from './parse.ts'
import { findTool, runTool, type ToolResult } from './tool.ts'

/** How long after a packet its answer still counts, ms. */
const ANSWER_MS = 2_000
const NOT_ALLOWED = /not permitted|must run as root|permission denied|lacking privilege/i

/** Telegraf's result codes. */
const RESULT_CODE = { answered: 0, dns: 1, lost: 2 } as const

/** ICMP echo by the system's `fping`, else `ping`: raw sockets are theirs to open, not ours. */
export const ping: ProbeKind<PingOptions> = {
  create(target, options, deps): Probe {
    const address = target.address
    if (!address) throw new ProbeError('config', 'ping needs an address: give the device or the check one')
    if (address.startsWith('-')) throw new ProbeError('config', `${address} is not an address`)
    return {
      async run(signal) {
        const time = deps.clock.now()
        const result = await ask(address, options, signal)
        if (signal.aborted) throw new ProbeError('timeout', 'ping was ended at the deadline')
        return read(address, result, time)
      },
    }
  },
}

async function ask(address: string, options: PingOptions, signal: AbortSignal): Promise<PingResult> {
  const fping = process.platform === 'win32' ? null : findTool('fping')
  if (fping) {
    const { packets, gap_ms, size } = options
    const result = await runTool(
      fping,
      ['-C', `${packets}`, '-p', `${gap_ms}`, '-t', `${ANSWER_MS}`, '-b', `${size}`, '--', address],
      signal,
    )
    // 3: an option it does not know, 4: a system call failed. Then the other tool may still do it.
    if (result.code === 0 || result.code === 1 || result.code === 2) return parseFping(result.text, packets)
    if (signal.aborted || !findTool('ping')) mayNot(result)
  }
  const path = findTool('ping')
  if (!path) throw new ProbeError('missing_tool', 'neither fping nor ping is installed: install one of them')
  const result = await runTool(path, pingArguments(address, options), signal)
  if (NOT_ALLOWED.test(result.text)) mayNot(result)
  return parsePing(result.text, options.packets)
}

function mayNot(result: ToolResult): void {
  if (NOT_ALLOWED.test(result.text)) {
    throw new ProbeError('permission', 'this user may not send ICMP: give the service CAP_NET_RAW, or widen net.ipv4.ping_group_range')
  }
}

function pingArguments(address: string, { packets, gap_ms, size }: PingOptions): string[] {
  // Windows has no choice of gap: one second.
  if (process.platform === 'win32') return ['-n', `${packets}`, '-w', `${ANSWER_MS}`, '-l', `${size}`, address]
  const wait = process.platform === 'darwin' ? ANSWER_MS : ANSWER_MS / 1000
  return ['-n', '-c', `${packets}`, '-i', `${gap_ms / 1000}`, '-W', `${wait}`, '-s', `${size}`, '--', address]
}

function read(address: string, result: PingResult, time: number): Reading {
  const { transmitted, times } = result
  const code = result.unresolved ? RESULT_CODE.dns : times.length === 0 ? RESULT_CODE.lost : RESULT_CODE.answered
  const fields: Record<string, number> = { result_code: code }
  if (!result.unresolved) {
    fields.packets_transmitted = transmitted
    fields.packets_received = times.length
    fields.percent_packet_loss = ((transmitted - times.length) * 100) / transmitted
  }
  if (times.length > 0) {
    const average = times.reduce((sum, one) => sum + one, 0) / times.length
    fields.minimum_response_ms = Math.min(...times)
    fields.average_response_ms = average
    fields.maximum_response_ms = Math.max(...times)
    fields.standard_deviation_ms = Math.sqrt(times.reduce((sum, one) => sum + (one - average) ** 2, 0) / times.length)
  }
  if (result.ttl !== undefined) fields.ttl = result.ttl
  const samples: Sample[] = [{ measurement: 'ping', tags: { url: address }, fields, time }]
  if (code === RESULT_CODE.answered) return { samples }
  if (code === RESULT_CODE.dns) return { samples, reason: 'dns', detail: `${address} does not resolve` }
  const detail = result.unreachable ? 'a router says that there is no way to it' : `none of ${transmitted} packets was answered`
  return { samples, reason: 'unreachable', detail }
}
