/** `jifang sms` alone, as its own process. */
import { command } from '../../cli/sms.ts'

await command().exitOverride().parseAsync(process.argv.slice(2), { from: 'user' })
