import { isIPv4 } from 'node:net'
import * as v from 'valibot'
import { durationBetween } from '../config/duration.ts'
import { nameText } from '../config/settings-schema.ts'

const DAY = 86_400_000
const text = v.pipe(v.string(), v.nonEmpty('must not be empty'))
const about = <S extends v.GenericSchema>(schema: S, words: string) => v.pipe(schema, v.description(words))

const interval = durationBetween(1000, 7 * DAY)
const timeout = durationBetween(100, 600_000)
const poller = v.union([nameText, v.pipe(v.array(nameText), v.nonEmpty('must name at least one agent'))])

/** Host name, IPv4 or IPv6 address, without port. */
const address = v.pipe(
  v.string(),
  v.regex(
    /^([A-Za-z0-9_]([A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?|[0-9a-fA-F:]*:[0-9a-fA-F:.%a-z0-9]*)$/,
    'must be a host name or IP address, without port or URL',
  ),
  v.check((text) => !/^[\d.]+$/.test(text) || isIPv4(text), 'is no IPv4 address: it has four numbers of up to 255'),
)

/** Keys that every check has, whatever its kind. */
export const commonCheckEntries = {
  kind: about(v.string(), 'What is run: host, ping, tcp, http, snmp, ipmi …'),
  name: about(v.exactOptional(nameText), 'Unique within the device. Default: the kind.'),
  interval: about(v.exactOptional(interval), 'How often. Default: `defaults.interval`, else the kind’s own.'),
  timeout: about(v.exactOptional(timeout), 'Deadline of one run; shorter than the interval.'),
  address: about(v.exactOptional(address), 'Host name or IP address, when it is not the device’s.'),
  enabled: about(v.optional(v.boolean(), true), 'false: not run.'),
}

/** Top of devices.yaml; its devices are validated one by one. */
export const inventorySchema = v.strictObject({
  site: about(nameText, 'Name of the site; part of every MQTT topic.'),
  defaults: about(
    v.optional(
      v.strictObject({
        interval: about(
          v.exactOptional(interval),
          'Of checks that give none. Kinds that must be quicker than 10 s by nature (contacts) keep their own.',
        ),
        poller: about(v.exactOptional(poller), 'Agents that run remote checks: the first of them that is alive.'),
      }),
      {},
    ),
    'For all devices.',
  ),
  devices: about(v.array(v.unknown()), 'Everything that is watched.'),
})

/** One device, ranges expanded; its checks and alarms are validated by kind and by the rules. */
export const deviceSchema = v.strictObject({
  name: about(nameText, 'Unique. `[01-06]` makes a range of devices: every range in the entry goes in step.'),
  title: about(v.exactOptional(text), 'For people. Default: the name.'),
  short: about(v.exactOptional(v.pipe(text, v.maxLength(16))), 'For SMS. Default: the title.'),
  class: about(nameText, 'What it is; default rules come with it.'),
  enabled: about(v.optional(v.boolean(), true), 'false: known, but not watched.'),
  location: about(v.exactOptional(v.strictObject({ room: v.exactOptional(text), cabinet: v.exactOptional(text) })), 'Where it stands.'),
  department: about(v.exactOptional(text), '`key`: a department with the short response time.'),
  contract: about(v.exactOptional(text), 'Numbers in the contract.'),
  vendor: v.exactOptional(text),
  model: v.exactOptional(text),
  note: about(v.exactOptional(text), 'Anything worth knowing.'),
  address: about(v.exactOptional(address), 'Host name or IP address, without port.'),
  depends_on: about(
    v.optional(
      v.union([v.string(), v.array(v.union([v.string(), v.pipe(v.array(v.string()), v.nonEmpty('must name at least one device'))]))]),
      [],
    ),
    'Devices whose loss explains a loss here: any of the outer list, all of an inner list.',
  ),
  poller: about(v.exactOptional(poller), 'Agents that run its remote checks: the first of them that is alive.'),
  checks: about(v.optional(v.array(v.unknown()), []), 'What is measured.'),
  alarms: about(v.optional(v.record(v.string(), v.unknown()), {}), 'Rules by name: levels to replace here, or false.'),
})
