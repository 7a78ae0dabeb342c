import { describe, expect, it } from 'vitest'
import { read } from './shipped-profiles.ts'

describe('switches: redundancy, transceivers, power over Ethernet', () => {
  it.each([
    [
      'Cisco: vPC, HSRP, stack power, cellular, light in watts',
      'cisco-cluster',
      `~9.9.807.1.2.1.1.2.10|2|3
~9.9.807.1.2.1.1.3.10|2|2
~9.9.807.1.1.2.1.2.10|2|3
~9.9.807.1.4.2.1.4.10.24|2|3
~9.9.106.1.2.1.1.15.5.1|2|6
1.3.6.1.2.1.31.1.1.1.1.5|4|Vl5
~9.9.500.1.3.2.1.5.1001.1|2|2
~9.9.817.1.1.1.1.1.1.9|2|-98
~9.9.661.1.1.1.8.9|2|5
~9.9.661.1.3.1.1.6.9|2|3
~9.9.91.1.1.1.1.1.40|2|6
~9.9.91.1.1.1.1.2.40|2|7
~9.9.91.1.1.1.1.3.40|2|0
~9.9.91.1.1.1.1.4.40|2|100
~9.9.91.1.1.1.1.5.40|2|1
1.3.6.1.2.1.47.1.1.1.1.2.40|4|Te0/0/0/1 Rx`,
      [
        'sensor vPC domain 10 state=3 alarm',
        'sensor vPC domain 10 dual_active=2 normal',
        'sensor vPC keepalive 10 state=3 fault',
        'sensor vPC 24 state=3 normal',
        'sensor HSRP Vl5 1 state=6 normal',
        'sensor power stack port 1001.1 link=2 alarm',
        'sensor 9 rsrp_dbm=-98',
        'sensor 9 connection=5 normal',
        'sensor 9 state=3 normal',
        'sensor Te0/0/0/1 Rx power_dbm=-10',
      ],
    ],
    [
      'VRRP: by interface and router',
      'vrrp',
      `1.3.6.1.2.1.68.1.3.1.3.7.20|2|3
1.3.6.1.2.1.31.1.1.1.1.7|4|lan`,
      ['sensor VRRP lan 20 state=3 normal'],
    ],
    [
      'Huawei: four lanes in a text, microwatts of old releases, power over Ethernet, boards',
      'huawei-vrp',
      `1.3.6.1.2.1.1.2.0|6|~2011.2.23.500
1.3.6.1.2.1.1.1.0|4|Huawei Versatile Routing Platform
~2011.5.25.31.1.1.3.1.5.100|2|38
~2011.5.25.31.1.1.3.1.6.100|2|3300
~2011.5.25.31.1.1.3.1.7.100|2|6
~2011.5.25.31.1.1.3.1.8.100|2|400
~2011.5.25.31.1.1.3.1.9.100|2|500
~2011.5.25.31.1.1.3.1.5.101|2|40
~2011.5.25.31.1.1.3.1.6.101|2|3301
~2011.5.25.31.1.1.3.1.8.101|2|32
~2011.5.25.31.1.1.3.1.9.101|2|-120
~2011.5.25.31.1.1.3.1.31.101|4|37.88,39.15,39.84,37.82
~2011.5.25.31.1.1.3.1.32.101|4|114,32,-90,-228
~2011.5.25.195.3.1.2.12|4|GigabitEthernet0/0/7
~2011.5.25.195.3.1.10.12|2|4200
~2011.5.25.195.3.1.14.12|4|53.5
~2011.5.25.31.1.1.1.1.2.9|2|3
1.3.6.1.2.1.47.1.1.1.1.5.9|2|9
1.3.6.1.2.1.47.1.1.1.1.7.9|4|LPU 1`,
      [
        'sensor 100 bias_ampere=0.006',
        'sensor 100 rx_power_dbm=-3.97940008672',
        'sensor 101 rx_power_dbm=0.32',
        'sensor 101 tx_power_dbm=-1.2',
        'sensor 101 rx_power_dbm=1.14',
        'sensor 101 rx_power_dbm=-2.28',
        'sensor poe GigabitEthernet0/0/7 power_watt=4.2',
        'sensor poe GigabitEthernet0/0/7 voltage_volt=53.5',
        'sensor LPU 1 operation=3 normal',
      ],
    ],
    [
      'Comware: IRF ports and boards, lanes, supply',
      'h3c-comware',
      `1.3.6.1.2.1.1.2.0|6|~25506.11.1.172
~25506.2.91.3.1.1.8|2|2
~25506.2.91.4.1.3.1.2|2|3
~25506.2.70.1.2.1.3.49.2|2|-345
~25506.2.6.1.3.1.1.3.5|66|112000
~25506.2.14.1.1.5.1.3|2|6400`,
      [
        'sensor irf board 8 role=2 normal',
        'sensor irf port 1.2 state=3 alarm',
        'sensor 49 rx_power_dbm=-3.45',
        'sensor 5 power_watt=112',
        'sensor poe port 1.3 power_watt=6.4',
      ],
    ],
    [
      'Moxa of the newest generation: everything is a text',
      'moxa-eds4000',
      `~8691.602.8.6.2.1.1.2.1|2|1
~8691.602.8.6.2.1.1.2.2|2|0
~8691.603.5.3.2.1.1.1.5.9|4|41.2
~8691.603.5.3.2.1.1.1.9.9|4|-7.4
~8691.608.2.2.1.4.0|2|31
~8691.608.2.2.1.6.1.4.3|4|120
~8691.608.2.2.1.6.1.6.3|4|5.8`,
      [
        'sensor power input 1 state=1 normal',
        'sensor power input 2 state=0 alarm',
        'sensor sfp 9 temperature_celsius=41.2',
        'sensor sfp 9 rx_power_dbm=-7.4',
        'sensor poe power_watt=31',
        'sensor poe port 3 current_ampere=0.12',
        'sensor poe port 3 power_watt=5.8',
      ],
    ],
    [
      'Allied Telesis: a table for every quantity of a transceiver',
      'allied-telesis',
      `1.3.6.1.2.1.1.2.0|6|~207.1.14.99
~207.8.4.4.3.28.1.1.1.3.5049.1|2|36125
~207.8.4.4.3.28.1.2.1.3.5049.1|2|33012
~207.8.4.4.3.28.1.5.1.3.5049.1|2|1000`,
      ['sensor 5049 temperature_celsius=36.125', 'sensor 5049 voltage_volt=3.3012', 'sensor 5049 rx_power_dbm=-10'],
    ],
    [
      'Hirschmann HiOS: fans, transceivers, power over Ethernet',
      'hirschmann',
      `1.3.6.1.2.1.1.2.0|6|~248.11.2.1.30
~248.11.13.1.1.3.1.2.1.1.2|2|3
~248.11.10.1.7.2.1.6.9|4|-11.3
~248.11.12.1.1.3.1.2.4|2|3100`,
      ['sensor fan 1.1.2 state=3 fault', 'sensor port 9 rx_power_dbm=-11.3', 'sensor poe port 4 power_watt=3.1'],
    ],
    [
      'ProCurve: VSF member and power of a port',
      'procurve',
      `1.3.6.1.2.1.1.2.0|6|~11.2.3.7.11.160
~11.2.14.11.5.1.116.1.3.1.9.2|2|8
~11.2.14.11.1.9.1.1.1.2.1.5|2|499
~11.2.14.11.1.9.1.1.1.3.1.5|2|1800`,
      ['sensor VSF member 2 state=8 fault', 'sensor poe port 1.5 voltage_volt=49.9', 'sensor poe port 1.5 power_watt=1.8'],
    ],
    [
      'Edgecore: below the family, whatever the model',
      'edgecore-models',
      `1.3.6.1.2.1.1.2.0|6|~259.10.1.24.104
~259.10.1.24.1.1.11.1.3.1.1|2|43
~259.10.1.24.1.1.9.1.3.1.2|2|2
~259.10.1.24.1.1.9.1.6.1.2|2|4800`,
      ['sensor unit 1 temperature 1 temperature_celsius=43', 'sensor unit 1 fan 2 state=2 fault', 'sensor unit 1 fan 2 fan_rpm=4800'],
    ],
  ])('%s', async (_, name, lines, expected) => {
    const values = await read(name, lines)
    for (const value of expected) expect(values).toContain(value)
  })
})

describe('gateways, sensors of intrusions, hosts, recorders', () => {
  it.each([
    [
      'McAfee intrusion sensor: hardware and channels',
      'mcafee-nsm',
      `~8962.2.1.2.1.7.2.0|2|1
~8962.2.1.2.1.7.3.0|2|1
~8962.2.1.2.1.1.11.0|2|15`,
      ['sensor fans state=1 fault', 'sensor power supply 1 state=1 normal', 'sensor alert channel state=15 alarm'],
    ],
    [
      'Stormshield: health of each part',
      'stormshield',
      `1.3.6.1.2.1.1.2.0|6|~11256.2.0
~11256.1.16.2.1.5.0|4|Good
~11256.1.16.2.1.6.0|4|Major`,
      ['sensor firewall 0 power_supply=0 normal', 'sensor firewall 0 fan=2 fault'],
    ],
    [
      'FortiADC: states as texts',
      'fortinet-appliances',
      `~12356.112.6.4.2.1.1.2.1|4|Fan1
~12356.112.6.4.2.1.1.3.1|2|5200
~12356.112.6.4.2.1.1.4.1|4|OK`,
      ['sensor Fan1 fan_rpm=5200', 'sensor Fan1 state=0 normal'],
    ],
    [
      'Riverbed: health in steps of ten thousand',
      'riverbed',
      `1.3.6.1.2.1.1.2.0|6|~17163.1.1
~17163.1.1.2.7.0|2|30000
~17163.1.1.2.9.0|66|34`,
      ['sensor health state=30000 alarm', 'sensor system temperature_celsius=34'],
    ],
    [
      'DPtech: load, temperatures, sessions',
      'dptech',
      `1.3.6.1.2.1.1.2.0|6|~31648.1.1
~31648.3.15.3.0|2|12
~31648.3.15.4.0|2|51
~31648.3.15.9.0|2|8021`,
      ['snmp_cpu all load_percent=12', 'sensor cpu temperature_celsius=51', 'firewall sessions=8021'],
    ],
    [
      'HP-UX: load in hundredths, file systems in blocks',
      'hp-ux',
      `1.3.6.1.2.1.1.2.0|6|~11.2.3.2.3
~11.2.3.1.1.3.0|2|57
~11.2.3.1.2.2.1.4.1.2|2|1000
~11.2.3.1.2.2.1.5.1.2|2|250
~11.2.3.1.2.2.1.7.1.2|2|8192
~11.2.3.1.2.2.1.10.1.2|4|/var`,
      ['snmp_load 1 load=0.57', 'snmp_storage /var total_bytes=8192000', 'snmp_storage /var available_bytes=2048000'],
    ],
    [
      'Dahua: load and volumes',
      'dahua',
      `1.3.6.1.2.1.1.2.0|6|~1004849.3.2.10
~1004849.2.1.3.0|2|6
~1004849.2.1.2.8.0|2|1
~1004849.2.4.1.1.4.0|4|/dev/sda
~1004849.2.4.1.1.6.0|2|91`,
      ['snmp_cpu all load_percent=6', 'sensor device state=1 normal', 'sensor /dev/sda used_percent=91'],
    ],
    [
      '2N: an account that lost its registrar',
      'intercom-2n',
      `1.3.6.1.2.1.1.2.0|6|~6530.11
~6530.11.6.1.2.1|4|101
~6530.11.6.1.3.1|2|0`,
      ['sensor SIP account 101 state=0 alarm'],
    ],
    [
      'D-Link: transceiver texts, light in milliwatts as the box is set',
      'dlink',
      `~171.12.72.1.3.0|2|1
~171.12.72.2.1.1.1.2.25|4|41.5
~171.12.72.2.1.1.1.3.25|4|3.25
~171.12.72.2.1.1.1.5.25|4|0.1000
~171.12.72.2.1.1.1.6.25|4|-7.5
~171.14.72.1.4.1.1.1.26|2|38250
~171.14.72.1.4.1.1.7.26|2|331`,
      [
        'sensor port 25 temperature_celsius=41.5',
        'sensor port 25 voltage_volt=3.25',
        'sensor port 25 tx_power_dbm=-10',
        'sensor port 25 rx_power_dbm=-7.5',
        'sensor port 26 temperature_celsius=38.25',
        'sensor port 26 voltage_volt=3.31',
      ],
    ],
    [
      'Zyxel: transceiver by port and kind',
      'zyxel',
      `~890.1.15.3.84.1.2.1.6.49.1|2|3612
~890.1.15.3.84.1.2.1.6.49.2|2|329
~890.1.15.3.84.1.2.1.6.49.5|2|-815`,
      ['sensor port 49 temperature_celsius=36.12', 'sensor port 49 voltage_volt=3.29', 'sensor port 49 rx_power_dbm=-8.15'],
    ],
    [
      'Clavister: the unit of a value is a word',
      'clavister',
      `~5089.1.2.1.1.0|66|12
~5089.1.2.1.11.1.2.1|4|SysFan
~5089.1.2.1.11.1.3.1|66|5200
~5089.1.2.1.11.1.4.1|4|RPM
~5089.1.2.1.11.1.2.2|4|CPU Temp
~5089.1.2.1.11.1.3.2|66|48
~5089.1.2.1.11.1.4.2|4|C`,
      ['snmp_cpu all load_percent=12', 'sensor SysFan fan_rpm=5200', 'sensor CPU Temp temperature_celsius=48'],
    ],
    [
      'Acme Packet: environment',
      'acme-packet',
      `~9148.3.3.1.2.1.1.3.1|4|2.5V
~9148.3.3.1.2.1.1.4.1|2|2502
~9148.3.3.1.4.1.1.4.2|66|75
~9148.3.3.1.5.1.1.4.1|2|8`,
      ['sensor 2.5V voltage_volt=2.502', 'sensor fan 2 fan_percent=75', 'sensor power supply 1 state=8 fault'],
    ],
    [
      'JunosE: named after the entity',
      'junose',
      `~4874.2.2.2.1.9.4.1.2.1|2|3
~4874.2.2.2.1.9.4.1.3.1|2|34
~4874.2.2.2.1.9.4.1.4.1|2|12
1.3.6.1.2.1.47.1.1.1.1.2.12|4|slot 0
~4874.2.2.2.1.8.2.1.2.1|2|3`,
      ['sensor slot 0 temperature_celsius=34', 'sensor slot 0 state=3 normal', 'sensor power 1 state=3 fault'],
    ],
    [
      'ADVA: modules and cards',
      'adva',
      `~2544.1.11.11.1.2.1.1.1.5.1|2|265
~2544.1.11.11.1.2.1.1.1.7.1|2|48200
~2544.1.12.3.1.26.1.6.1.1.1|2|41`,
      ['sensor module 1 temperature_celsius=26.5', 'sensor module 1 input_volt=48.2', 'sensor GE114 1.1.1 temperature_celsius=41'],
    ],
    [
      'Radio links: Siklu and Mimosa',
      'radio-links',
      `~31926.1.1.0|2|52300
~31926.1.2.0|2|38
~31926.2.1.1.17.1|2|1
~31926.2.1.1.19.1|2|-47
~43356.2.1.2.6.1.1.3.1|2|-512`,
      [
        'sensor system voltage_volt=52.3',
        'sensor system temperature_celsius=38',
        'sensor radio 1 state=1 normal',
        'sensor radio 1 rssi_dbm=-47',
        'sensor chain 1 rx_power_dbm=-51.2',
      ],
    ],
    [
      'SAF Integra: supply in thousandths, free processor',
      'radio-links',
      `~7571.100.1.1.7.2.2.3.0|2|-41
~7571.100.1.1.7.2.2.12.0|2|1
~7571.100.1.1.7.2.4.5.0|2|54100
~7571.100.1.1.7.2.4.7.0|2|21500
~7571.100.1.1.7.2.4.10.0|2|80`,
      [
        'sensor radio rx_power_dbm=-41',
        'sensor radio rx_level=1 normal',
        'sensor supply voltage_volt=54.1',
        'sensor supply power_watt=21.5',
        'snmp_cpu all load_percent=20',
      ],
    ],
    [
      'Cradlepoint: modem',
      'cradlepoint',
      `~20992.1.2.2.1.2.1|4|LTE internal
~20992.1.2.2.1.4.1|2|-71
~20992.1.2.2.1.5.1|2|1
~20992.1.2.2.1.13.1|2|12`,
      ['sensor LTE internal rssi_dbm=-71', 'sensor LTE internal state=1 normal', 'sensor LTE internal sinr_db=12'],
    ],
    [
      'MRV: chassis and ports',
      'mrv',
      `~629.200.6.1.1.7.1|2|4
~629.200.6.1.1.12.1|2|2
~629.200.6.1.1.15.1|2|31
~629.200.8.1.1.31.1.2.3|2|-2569
~629.200.8.1.1.33.1.2.3|2|46863
~629.200.8.1.1.66.1.2.3|2|2`,
      [
        'sensor chassis 1 power supply 1 state=4 normal',
        'sensor chassis 1 fan 2 state=2 fault',
        'sensor chassis 1 temperature_celsius=31',
        'sensor port 1.2.3 tx_power_dbm=-2.569',
        'sensor port 1.2.3 bias_ampere=0.046863',
        'sensor port 1.2.3 rx_level=2 fault',
      ],
    ],
    ['Phoenix Contact: supply inputs', 'phoenix-fl', '~4346.11.11.1.6.0|2|5', ['sensor supply inputs state=5 normal']],
    [
      'Avocent ACS: supplies of a console server',
      'avocent-acs',
      `~10418.16.2.1.8.2.0|2|1
~10418.16.2.1.8.3.0|2|2`,
      ['sensor power supply 1 state=1 normal', 'sensor power supply 2 state=2 fault'],
    ],
    [
      'Cyberoam: the older MIB with the date',
      'sophos',
      `~21067.2.1.2.3.1.0|2|7
~21067.2.1.2.4.2.0|65|33
~21067.2.1.2.5.2.0|65|61
~21067.2.1.2.11.5.0|2|1`,
      [
        'snmp_cpu all load_percent=7',
        'snmp_storage disk used_percent=33',
        'snmp_memory ram used_percent=61',
        'sensor service http state=1 normal',
      ],
    ],
    [
      'Cyberoam: the newer MIB',
      'sophos',
      `~21067.2.1.2.2.1.0|2|7
~21067.2.1.2.3.2.0|65|33
~21067.2.1.2.4.2.0|65|61`,
      ['snmp_cpu all load_percent=7', 'snmp_storage disk used_percent=33', 'snmp_memory ram used_percent=61'],
    ],
    [
      'Meraki: devices of the cloud',
      'meraki',
      `~29671.1.1.4.1.2.0.24.10.1.2.3|4|attic
~29671.1.1.4.1.3.0.24.10.1.2.3|2|0
~29671.1.1.4.1.5.0.24.10.1.2.3|2|12`,
      ['sensor attic state=0 fault', 'sensor attic clients=12'],
    ],
    [
      'Enterasys: chassis',
      'cabletron',
      `~52.4.1.1.8.1.2.0|2|6
~52.4.1.1.8.1.12.1.2.3|2|5`,
      ['sensor chassis state=6 fault', 'sensor fan 3 state=5 fault'],
    ],
    [
      'Cable modem: tenths of dBmV and dB',
      'access-lines',
      `1.3.6.1.2.1.10.127.1.1.1.1.6.3|2|-12
1.3.6.1.2.1.10.127.1.1.4.1.5.3|2|376`,
      ['dsl 3 power_dbmv=-1.2', 'dsl 3 snr_db=37.6'],
    ],
    [
      'Arista: light in watts is told in dBm too',
      'entity-sensors',
      `1.3.6.1.2.1.99.1.1.1.1.7|2|6
1.3.6.1.2.1.99.1.1.1.2.7|2|7
1.3.6.1.2.1.99.1.1.1.3.7|2|0
1.3.6.1.2.1.99.1.1.1.4.7|2|1000
1.3.6.1.2.1.99.1.1.1.5.7|2|1
1.3.6.1.2.1.47.1.1.1.1.7.7|4|DOM RX Power Ethernet1`,
      ['sensor DOM RX Power Ethernet1 power_watt=0.001', 'sensor DOM RX Power Ethernet1 power_dbm=0'],
    ],
  ])('%s', async (_, name, lines, expected) => {
    const values = await read(name, lines)
    for (const value of expected) expect(values).toContain(value)
  })
})
