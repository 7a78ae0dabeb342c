import { setTimeout as sleep } from 'node:timers/promises'
import { Command } from 'commander'
import type { CheckRun } from '../agent/check-run.ts'
import { ScheduledCheck } from '../agent/scheduled-check.ts'
import { formatIssue } from '../core/config/document.ts'
import { didYouMean } from '../core/config/suggest.ts'
import type { Check, Device } from '../core/inventory/model.ts'
import { sliceOf } from '../core/inventory/slice.ts'
import { systemClock } from '../core/lifecycle/clock.ts'
import { Counters } from '../core/lifecycle/counters.ts'
import { parseLine } from '../core/line/parse.ts'
import { createLog } from '../core/log/pino-log.ts'
import type { Sample } from '../core/model/sample.ts'
import type { AgentReply, SliceDevice } from '../core/wire/payloads.ts'
import { listeners, probes } from '../probes/index.ts'
import { kinds } from '../probes/kinds.ts'
import { configDirInUse } from './demo-place.ts'
import { type LoadedConfig, loadConfig } from './load-config.ts'
import { clientOf, languageOf, type ReadingOptions, withReading } from './options.ts'
import { renderRun, runsAsJson, type ShownRun } from './probe-table.ts'
import { verdictsOf } from './verdicts.ts'

/** Rates and shares need two looks; this far apart. */
const SECOND_LOOK_MS = 1000
/** What a check wants to confirm is looked at again for this long at most. */
const CONFIRM_MS = 15_000

interface ProbeOptions extends ReadingOptions {
  readonly remote?: boolean
  readonly verbose?: boolean
}

export function command(): Command {
  return withReading(new Command('probe'))
    .argument('<device>', 'name of the device in devices.yaml')
    .argument('[check]', 'only this check')
    .option('--config <dir>', 'configuration folder (default: ./config, else /etc/jifang)')
    .option('--remote', 'have the agent or poller that is responsible run it, through the collector')
    .option('-v, --verbose', 'show what the probes log')
    .action(async (device: string, check: string | undefined, options: ProbeOptions) => {
      const runs = options.remote ? await runRemote(device, check, options) : await runHere(device, check, options)
      if (!runs) return
      if (options.json) process.stdout.write(`${runsAsJson(runs)}\n`)
      else for (const run of runs) process.stdout.write(renderRun(run, languageOf(options)))
      if (runs.some((run) => run.reason !== 'ok')) process.exitCode = 1
    })
}

async function runHere(name: string, checkName: string | undefined, options: ProbeOptions): Promise<ShownRun[] | null> {
  const config = await loadConfig(configDirInUse(options))
  if (!config.ok) {
    for (const issue of config.issues) process.stderr.write(`${formatIssue(issue)}\n`)
    process.exitCode = 2
    return null
  }
  const device = config.inventory.devices.find((candidate) => candidate.name === name)
  if (!device)
    return refuse(
      `there is no device ${name} in devices.yaml${didYouMean(
        name,
        config.inventory.devices.map((d) => d.name),
      )}`,
    )
  const wanted = device.checks.filter((check) => checkName === undefined || check.name === checkName)
  if (wanted.length === 0) {
    return refuse(
      checkName === undefined
        ? `${name} has no checks`
        : `${name} has no check ${checkName}${didYouMean(
            checkName,
            device.checks.map((c) => c.name),
          )}`,
    )
  }
  const log = await createLog({ level: options.verbose ? 'debug' : 'error', format: 'pretty' })
  const stop = new AbortController()
  process.once('SIGINT', () => stop.abort())
  const results: ShownRun[] = []
  for (const check of wanted) {
    const run = await runCheckHere(device, check, config, log, stop.signal)
    results.push({ ...shownRun(run), verdicts: verdictsOf(config, device, run.samples) })
  }
  return results
}

async function runCheckHere(
  device: Device,
  check: Check,
  config: LoadedConfig,
  log: Awaited<ReturnType<typeof createLog>>,
  signal: AbortSignal,
): Promise<CheckRun> {
  const slice: SliceDevice = sliceOf(device, [check])
  const [sliceCheck] = slice.checks
  if (!sliceCheck) throw new Error(`no check ${check.name}`)
  const subject = new ScheduledCheck(slice, sliceCheck, {
    site: config.site,
    probes,
    listeners,
    kinds,
    emit() {},
    log,
    clock: systemClock,
    counters: new Counters(),
    profiles: config.profiles.data,
    secrets: config.secrets,
  })
  try {
    const first = await subject.run(signal)
    if (first.againMs !== undefined) return await confirmed(subject, first, signal)
    if (subject.where !== 'local' || first.reason !== 'ok') return first
    await sleep(SECOND_LOOK_MS, undefined, { signal }).catch(() => undefined)
    return await subject.run(signal)
  } finally {
    await subject.close()
  }
}

/** The last of the runs that the check asks for, with the samples of all: a contact tells its state once it is confirmed. */
async function confirmed(subject: ScheduledCheck, first: CheckRun, signal: AbortSignal): Promise<CheckRun> {
  const deadline = systemClock.monotonic() + CONFIRM_MS
  const samples = new Map<string, Sample>()
  for (let run = first; ; run = await subject.run(signal)) {
    for (const sample of run.samples) samples.set(JSON.stringify([sample.measurement, sample.tags]), sample)
    const { againMs } = run
    if (againMs === undefined || againMs > SECOND_LOOK_MS || signal.aborted || systemClock.monotonic() + againMs > deadline)
      return { ...run, samples: [...samples.values()] }
    await sleep(againMs, undefined, { signal }).catch(() => undefined)
  }
}

async function runRemote(device: string, check: string | undefined, options: ProbeOptions): Promise<ShownRun[] | null> {
  const client = await clientOf(options)
  const query = check === undefined ? '' : `?check=${encodeURIComponent(check)}`
  const reply = await client.post<AgentReply>(`/api/v1/devices/${encodeURIComponent(device)}/probe${query}`)
  if (!reply.ok) return refuse(reply.error ?? 'the agent refused', 1)
  return (reply.checks ?? []).map((run) => ({
    check: run.check,
    kind: run.kind,
    reason: run.reason,
    duration_ms: run.duration_ms,
    ...(run.detail === undefined ? {} : { detail: run.detail }),
    samples: run.lines.flatMap((line) => {
      const parsed = parseLine(line)
      if (typeof parsed === 'string') return []
      const { measurement, tags, fields, time } = parsed
      return [{ measurement, tags, fields, time }]
    }),
    verdicts: [],
  }))
}

const shownRun = (run: CheckRun): ShownRun => ({
  check: run.check,
  kind: run.kind,
  reason: run.reason,
  duration_ms: run.durationMs,
  ...(run.detail === undefined ? {} : { detail: run.detail }),
  samples: run.samples,
  verdicts: [],
})

function refuse(message: string, code = 2): null {
  process.stderr.write(`jifang: ${message}\n`)
  process.exitCode = code
  return null
}
