import { Command } from 'commander'
import { formatIssue } from '../core/config/document.ts'
import { type ConfigResult, type LoadedConfig, loadConfig } from './load-config.ts'
import { defaultConfigDir } from './options.ts'
import { paint } from './text.ts'

const BAD_CONFIGURATION = 2

export function command(): Command {
  return new Command('check')
    .description('check the configuration and print every mistake with its place: file:line:col path: message')
    .argument('[dir]', 'configuration folder (default: ./config, else /etc/jifang)')
    .option('--config <dir>', 'the same')
    .option('--json', 'print JSON for programs')
    .action(async (dir: string | undefined, options: { config?: string; json?: boolean }) => {
      const folder = dir ?? options.config ?? defaultConfigDir()
      const result = await loadConfig(folder)
      process.stdout.write(options.json ? `${JSON.stringify(forPrograms(result), null, 2)}\n` : forPeople(result, folder))
      if (result.issues.some((issue) => issue.level === 'error')) process.exitCode = BAD_CONFIGURATION
    })
}

function forPrograms(result: ConfigResult) {
  const errors = result.issues.filter((issue) => issue.level === 'error').length
  return {
    ok: result.ok,
    errors,
    warnings: result.issues.length - errors,
    issues: result.issues,
    ...(result.ok ? { site: result.site, ...countsOf(result) } : {}),
  }
}

function forPeople(result: ConfigResult, folder: string): string {
  const errors = result.issues.filter((issue) => issue.level === 'error').length
  const warnings = result.issues.length - errors
  const lines = result.issues.map((issue) => paint(issue.level === 'error' ? 'red' : 'yellow', formatIssue(issue)))
  if (result.issues.length > 0) lines.push('')
  const counts = [many(errors, 'error'), ...(warnings > 0 ? [many(warnings, 'warning')] : [])].join(', ')
  if (!result.ok) return [...lines, paint(['red', 'bold'], `${folder}: ${counts}`), ''].join('\n')
  return [...lines, `${paint(['green', 'bold'], `${folder}: ${counts}`)}: ${summary(result)}`, ''].join('\n')
}

/** What is configured, in one line. */
export function summary(config: LoadedConfig): string {
  const { devices, watched, checks, rules, people, channels } = countsOf(config)
  const told =
    people === 0 || channels === 0
      ? 'nobody is told (notify.yaml)'
      : `${many(people, 'person', 'people')} told by ${many(channels, 'channel')}`
  const influx = config.settings.influx ? `, InfluxDB at ${config.settings.influx.url}` : ''
  return `site ${config.site}, ${many(devices, 'device')} (${watched} watched by ${many(checks, 'check')}), ${many(rules, 'rule')}, ${told}${influx}`
}

function countsOf({ inventory, rules, notify }: LoadedConfig) {
  const watched = inventory.devices.filter((device) => device.enabled && device.checks.some((check) => check.enabled))
  return {
    devices: inventory.devices.length,
    watched: watched.length,
    checks: watched.flatMap((device) => device.checks).filter((check) => check.enabled).length,
    rules: rules.rules.length,
    people: notify.people.length,
    channels: notify.channels.length,
  }
}

const many = (count: number, one: string, more = `${one}s`): string => `${count} ${count === 1 ? one : more}`
