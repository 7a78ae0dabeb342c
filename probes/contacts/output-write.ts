import type { Counters } from '../../core/lifecycle/counters.ts'
import { ProbeError } from '../../core/model/reason.ts'
import { limited } from '../../protocols/line/line.ts'
import { leaseBus } from '../../protocols/modbus/bus.ts'
import type { ModbusOptions } from '../../protocols/modbus/options.ts'
import type { SnmpAccess } from '../../protocols/snmp/access.ts'
import { openSnmpDevice } from '../../protocols/snmp/device.ts'
import type { OutputOptions, Via } from './options.ts'
import { wayOf } from './readers.ts'
import { leaseStationSockets } from './snmp-reader.ts'

/** A switchable point and the way to its station. */
export interface OutputPlace {
  readonly via: Via
  readonly output: OutputOptions
  readonly address: string | undefined
  readonly counters: Counters
}

const WRITE_MS = 5_000

/** Switches one output. ProbeError('permission') where writing is not protected or not allowed, else what the protocol says. */
export async function writeOutput(place: OutputPlace, on: boolean, signal: AbortSignal): Promise<void> {
  const { via, output } = place
  const value = Number(on ? output.on : output.off)
  const limit = limited(WRITE_MS, signal)
  try {
    const way = wayOf(via)
    if (way === 'snmp' && via.snmp) await writeSnmp(place, via.snmp, value, limit.signal)
    else if (way === 'modbus' && via.modbus) await writeModbus(place, via.modbus, value, limit.signal)
    else throw new ProbeError('permission', 'outputs are switched over snmp or modbus only')
  } finally {
    limit.close()
  }
}

async function writeSnmp(
  { output, address, counters }: OutputPlace,
  access: SnmpAccess,
  value: number,
  signal: AbortSignal,
): Promise<void> {
  if (output.oid === undefined) throw new ProbeError('config', 'the output needs an oid')
  if (address === undefined) throw new ProbeError('config', 'the station needs an address')
  const sockets = leaseStationSockets({ counters })
  const device = openSnmpDevice({ address, access, sockets: sockets.value })
  try {
    await device.set(output.oid.replace(/^\./, ''), value, signal)
  } finally {
    device.close()
    sockets.release()
  }
}

async function writeModbus(
  { output, address, counters }: OutputPlace,
  options: ModbusOptions,
  value: number,
  signal: AbortSignal,
): Promise<void> {
  if (!output.write) throw new ProbeError('permission', 'Modbus has no protection: the output needs `write: true` to be switched')
  const place = output.coil ?? output.register
  if (place === undefined) throw new ProbeError('config', 'the output needs a coil or a register')
  const target = place - (options.one_based ? 1 : 0)
  const unit = Number(output.unit ?? options.unit)
  const limits = { timeoutMs: options.request_timeout, retries: 0, gapMs: options.gap }
  const lease = leaseBus(counters, options, address)
  try {
    if (output.coil === undefined) await lease.value.writeRegister(unit, target, value & 0xffff, limits, signal)
    else await lease.value.writeCoil(unit, target, value !== 0, limits, signal)
  } finally {
    lease.release()
  }
}
