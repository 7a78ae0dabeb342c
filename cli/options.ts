import { existsSync } from 'node:fs'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { type Client, createClient, DEFAULT_URL, findToken, findUrl } from './client.ts'
import type { Language } from './text.ts'

/** `./config` where there is one, else the system's. */
export const defaultConfigDir = (): string =>
  existsSync('config/devices.yaml') || existsSync('config/jifang.yaml') ? 'config' : '/etc/jifang'

/** `./data` beside `./config`, else the system's state folder. */
export const defaultDataDir = (configDir: string): string =>
  process.env.STATE_DIRECTORY ?? (configDir.startsWith('/etc/') ? '/var/lib/jifang' : 'data')

export interface PlaceOptions {
  readonly config?: string
  readonly data?: string
}

/** `--config DIR` and `--data DIR`, on every command that runs something here. */
export function withPlaces(command: Command): Command {
  return command
    .option('--config <dir>', 'configuration folder (default: ./config, else /etc/jifang)')
    .option('--data <dir>', 'data folder (default: ./data, else /var/lib/jifang)')
}

export function placesOf(options: PlaceOptions): { configDir: string; dataDir: string } {
  const configDir = options.config ?? defaultConfigDir()
  return { configDir, dataDir: options.data ?? defaultDataDir(configDir) }
}

export interface ReadingOptions extends PlaceOptions {
  readonly url?: string
  readonly token?: string
  readonly json?: boolean
  readonly lang?: string
}

/** What every command that asks the collector understands. */
export function withReading(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--url <url>',
        `address of the collector (default: JIFANG_URL, else that of the data folder, else ${DEFAULT_URL})`,
      ).argParser(parseUrl),
    )
    .option('--token <token>', 'token of web.tokens (default: JIFANG_TOKEN, else the one in the data folder)')
    .option('--data <dir>', 'data folder of a collector on this machine')
    .addOption(languageOption('language of titles'))
    .option('--json', 'print JSON for programs')
}

function parseUrl(text: string): string {
  if (URL.canParse(text) && /^https?:/i.test(text)) return text
  throw new InvalidArgumentError(`it must begin with http:// or https://, e.g. ${DEFAULT_URL}`)
}

/** `--lang`, and nothing but zh or en in it. */
export const languageOption = (words: string): Option => new Option('--lang <zh|en>', words).choices(['zh', 'en'])

export async function clientOf(options: ReadingOptions): Promise<Client> {
  const { dataDir } = placesOf(options)
  const url = await findUrl(options.url, dataDir)
  return createClient({ url, token: await findToken(options.token, dataDir, url) })
}

/** Chinese first: English only where it is asked for or the locale says so. */
export function languageOf(options: { readonly lang?: string }): Language {
  if (options.lang === 'en' || options.lang === 'zh') return options.lang
  return /^en/i.test(process.env.LC_ALL || process.env.LC_MESSAGES || process.env.LANG || '') ? 'en' : 'zh'
}
