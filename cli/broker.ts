import { resolve } from 'node:path'
import { Command } from 'commander'
import { mosquittoAcl } from '../broker/acl.ts'
import { formatListen } from '../core/config/listen.ts'
import { agentsOf } from '../core/inventory/slice.ts'
import { kinds } from '../probes/kinds.ts'
import { extraTopics } from './broker-users.ts'
import { type LoadedConfig, loadConfig } from './load-config.ts'
import { type PlaceOptions, placesOf, withPlaces } from './options.ts'
import { configFor } from './service.ts'

export function command(): Command {
  const broker = new Command('broker').description('help with a mosquitto broker')
  broker.addCommand(
    withPlaces(new Command('config'))
      .description('print mosquitto.conf (default), or the acl_file, for this site')
      .option('--acl', 'print the acl_file')
      .action(async (options: PlaceOptions & { acl?: boolean }) => {
        const config = await configFor(placesOf(options).configDir, loadConfig)
        if (!config) return
        process.stdout.write(options.acl ? acl(config) : mosquittoConf(config))
      }),
  )
  return broker
}

const collectorUser = (config: LoadedConfig): string => config.settings.mqtt.username ?? `collector-${config.settings.collector.id}`

const acl = (config: LoadedConfig): string =>
  mosquittoAcl({ site: config.site, collectors: [collectorUser(config)], extra: extraTopics(config) })

/** A configuration in which the broker forgets what it may and refuses what it must. Passwords are set with mosquitto_passwd. */
function mosquittoConf(config: LoadedConfig): string {
  const users = [collectorUser(config), ...agentsOf(config.inventory, kinds)]
  return `# mosquitto.conf for the site ${config.site}
listener ${config.settings.mqtt.listen.port} ${config.settings.mqtt.listen.host}
allow_anonymous false
password_file /etc/mosquitto/jifang.passwd
acl_file /etc/mosquitto/jifang.acl
# jifang keeps what matters on its own disks; the broker may forget
persistence false
max_inflight_messages 100
max_queued_messages 10000
# Users (each asks for its password):
${users.map((user, at) => `#   mosquitto_passwd ${at === 0 ? '-c ' : ''}/etc/mosquitto/jifang.passwd ${user}`).join('\n')}
# The acl_file:
#   jifang broker config --acl --config ${resolve(config.dir)} > /etc/mosquitto/jifang.acl
# Then in jifang.yaml: mqtt: { url: mqtt://${formatListen(config.settings.mqtt.listen)}, username: ${users[0]}, password: "\${file:mqtt.password}" }
`
}
