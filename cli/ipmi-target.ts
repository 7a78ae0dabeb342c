import { readFile } from 'node:fs/promises'
import { type Command, InvalidArgumentError } from 'commander'
import { systemClock } from '../core/lifecycle/clock.ts'
import { silentLog } from '../core/log/log.ts'
import { createIpmiClient, type IpmiClient } from '../protocols/ipmi/client.ts'
import { PRIVILEGE, type Privilege } from '../protocols/ipmi/credentials.ts'
import { chooseSuites } from '../protocols/ipmi/login.ts'
import { createUdpHub } from '../protocols/ipmi/udp.ts'

/** How `jifang ipmi …` reaches a BMC. The password never stands in an argument: other users of the machine can read those. */
export interface IpmiTargetOptions {
  readonly user?: string
  readonly passwordFile?: string
  readonly port: number
  readonly suites: readonly number[]
  readonly allowWeak?: boolean
  readonly ipmi: 'auto' | '2.0' | '1.5'
  readonly privilege: Privilege
  readonly window: number
  readonly timeout: number
  readonly json?: boolean
}

export const whole = (low: number, high: number) => (text: string) => {
  const number = Number(text)
  if (!Number.isInteger(number) || number < low || number > high)
    throw new InvalidArgumentError(`must be a whole number from ${low} to ${high}`)
  return number
}

const oneOf =
  <T extends string>(words: readonly T[]) =>
  (text: string): T => {
    const word = words.find((known) => known === text)
    if (!word) throw new InvalidArgumentError(`must be ${words.join(', ')}`)
    return word
  }

const suites = (text: string): number[] => text.split(',').map((id) => whole(0, 17)(id))

export function withIpmiTarget(command: Command): Command {
  return command
    .argument('<address>', 'name or IP of the management controller')
    .option('-U, --user <name>', 'user name (default: IPMI_USERNAME)')
    .option('--password-file <file>', 'first line is the password (default: IPMI_PASSWORD in the environment)')
    .option('-p, --port <port>', 'UDP port', whole(1, 65535), 623)
    .option('-C, --suites <list>', 'cipher suites in order of preference', suites, [17, 3])
    .option('--allow-weak', 'allow cipher suites that protect nothing')
    .option('--ipmi <version>', 'auto, 2.0 or 1.5', oneOf(['auto', '2.0', '1.5']), 'auto')
    .option('-L, --privilege <level>', 'user, operator or administrator', oneOf(Object.keys(PRIVILEGE) as Privilege[]), 'user')
    .option('--window <count>', 'requests at once', whole(1, 4), 1)
    .option('--timeout <seconds>', 'for the whole command', whole(1, 600), 60)
    .option('--json', 'print JSON')
}

/** Opens a client, gives it to `work`, and closes its session whatever happens. */
export async function withIpmi<T>(
  address: string,
  options: IpmiTargetOptions,
  work: (client: IpmiClient, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const client = createIpmiClient(
    {
      address,
      port: options.port,
      username: options.user ?? process.env.IPMI_USERNAME ?? '',
      password: await password(options.passwordFile),
      privilege: options.privilege,
      suites: chooseSuites(options.suites, options.allowWeak === true),
      version: options.ipmi,
      window: options.window,
    },
    { hub: createUdpHub(), clock: systemClock, log: silentLog },
  )
  try {
    return await work(client, AbortSignal.timeout(options.timeout * 1000))
  } finally {
    await client.close()
  }
}

async function password(file: string | undefined): Promise<string> {
  if (file === undefined) return process.env.IPMI_PASSWORD ?? ''
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new Error(`cannot read the password file ${file}`, { cause: error })
  })
  return text.split(/\r?\n/)[0] ?? ''
}
