// `npm test`: from a fresh clone to the whole suite. Installs Debian packages when root, builds, runs vitest, and closes with one plain line.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { prepare } from '../packaging/prepare.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

/** program looked for → Debian package that brings it */
const PACKAGES = {
  mosquitto: 'mosquitto',
  mosquitto_pub: 'mosquitto-clients',
  influxd: 'influxdb',
  'victoria-metrics': 'victoria-metrics',
  snmpd: 'snmpd',
  snmpbulkwalk: 'snmp',
  ipmi_sim: 'openipmi',
  ipmitool: 'ipmitool',
  'ipmi-sensors': 'freeipmi-tools',
  smsd: 'smstools',
  socat: 'socat',
  mbpoll: 'mbpoll',
  'pymodbus.server': 'python3-pymodbus',
  'pyserial-miniterm': 'python3-serial-asyncio',
  fping: 'fping',
  ping: 'iputils-ping',
  chromium: 'chromium',
  upsd: 'nut-server',
  'snmp-ups': 'nut-snmp',
  upsc: 'nut-client',
  'prometheus-snmp-exporter': 'prometheus-snmp-exporter',
  free: 'procps',
  'systemd-nspawn': 'systemd-container',
}
const FOLDERS = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin', '/lib/nut']
const installed = (program) => FOLDERS.some((folder) => existsSync(join(folder, program)))

function installTools() {
  const absent = Object.keys(PACKAGES).filter((program) => !installed(program))
  if (absent.length === 0) return
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) {
    console.error(`not installed, their tests are skipped: ${absent.join(' ')}`)
    return
  }
  const names = [...new Set(absent.map((program) => PACKAGES[program])), 'fonts-wqy-microhei']
  console.error(`installing what the tests need: ${names.join(' ')} …`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  spawnSync('apt-get', ['update', '-qq'], { env, stdio: ['ignore', 'ignore', 'inherit'] })
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names], { env, stdio: ['ignore', 'ignore', 'inherit'] })
}

prepare()
installTools()
const folder = mkdtempSync(join(tmpdir(), 'jifang-report-'))
const outputFile = join(folder, 'report.json')
const vitest = join(root, 'node_modules/vitest/vitest.mjs')
const args = [vitest, 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${outputFile}`, ...process.argv.slice(2)]
const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
const report = existsSync(outputFile) ? JSON.parse(readFileSync(outputFile, 'utf8')) : null
rmSync(folder, { recursive: true, force: true })
if (!report) {
  console.error('vitest wrote no report')
  process.exit(status || 1)
}
const brokenFiles = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length
const failed = report.numFailedTests + brokenFiles
console.log(`${report.numPassedTests} passed, ${failed} failed, ${report.numPendingTests + report.numTodoTests} skipped`)
process.exit(failed > 0 || report.numPassedTests === 0 ? 1 : (status ?? 1))
