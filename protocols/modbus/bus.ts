import { createSharedPool, type Lease } from '../../core/lifecycle/shared.ts'
import { ProbeError } from '../../core/model/reason.ts'
import { type LineAddress, lineAddress, lineKey, lineName } from '../line/address.ts'
import { limited } from '../line/line.ts'
import { createTurns } from '../line/turns.ts'
import { type ModbusConnection, openModbus } from './connection.ts'
import { ModbusException, modbusFailure } from './failure.ts'
import type { ModbusOptions } from './options.ts'
import type { FunctionCode } from './value.ts'

export interface RequestLimits {
  readonly timeoutMs: number
  readonly retries: number
  readonly gapMs: number
}

/** A gateway or serial bus with one connection and one request at a time, however many checks use it. Everything throws ProbeError. */
export interface ModbusBus {
  readonly name: string
  /** Registers, or bits as 0 and 1, `count` of them. */
  read(unit: number, fc: FunctionCode, start: number, count: number, limits: RequestLimits, signal: AbortSignal): Promise<readonly number[]>
  /** FC5. Not repeated when it is not answered. */
  writeCoil(unit: number, address: number, on: boolean, limits: RequestLimits, signal: AbortSignal): Promise<void>
  /** FC6. */
  writeRegister(unit: number, address: number, value: number, limits: RequestLimits, signal: AbortSignal): Promise<void>
  close(): void
}

const pool = createSharedPool<ModbusBus>((bus) => bus.close())

/** The bus that the options name, shared within one program. ProbeError('config') when they name none. */
export function leaseBus(owner: object, options: ModbusOptions, deviceAddress: string | undefined): Lease<ModbusBus> {
  const address = lineAddress(options, deviceAddress, { port: 502, baud: 9600 })
  const framing = options.framing ?? (address.medium === 'serial' ? 'rtu' : 'tcp')
  if (address.medium === 'serial' && framing === 'tcp') throw new ProbeError('config', 'framing: tcp needs tcp:, a serial port speaks rtu')
  return pool.lease(owner, `${framing} ${lineKey(address)}`, () => createBus(address, framing))
}

export function createBus(address: LineAddress, framing: 'tcp' | 'rtu'): ModbusBus {
  const name = lineName(address)
  const turns = createTurns(name)
  let connection: ModbusConnection | null = null
  /** Failures in a row. */
  let silences = 0

  async function opened(signal: AbortSignal): Promise<ModbusConnection> {
    if (connection?.open) return connection
    connection?.close()
    connection = await openModbus(address, framing, signal)
    return connection
  }

  /**
   * What still comes after a silence must not be taken for the next answer. Frames of Modbus TCP carry numbers that tell them apart,
   * so one dead unit behind a gateway costs no connection; but what does not understand us twice in a row starts anew.
   */
  function afterFailure(failure: ProbeError): void {
    if (failure instanceof ModbusException) return
    silences++
    if (framing === 'tcp' && failure.reason === 'timeout' && silences < 2 && connection?.open) return
    connection?.close()
    connection = null
    silences = 0
  }

  async function once<T>(unit: number, limits: RequestLimits, signal: AbortSignal, ask: (on: ModbusConnection) => Promise<T>): Promise<T> {
    const limit = limited(limits.timeoutMs, signal)
    try {
      const on = await opened(limit.signal)
      on.client.setID(unit)
      on.client.setTimeout(limits.timeoutMs)
      const answer = await answered(ask(on), limit.signal, name)
      silences = 0
      return answer
    } catch (error) {
      const failure = modbusFailure(error, `${name} unit ${unit}`)
      afterFailure(failure)
      throw failure
    } finally {
      limit.close()
      if (limits.gapMs > 0) await new Promise((resolve) => setTimeout(resolve, limits.gapMs))
    }
  }

  async function request<T>(
    unit: number,
    limits: RequestLimits,
    signal: AbortSignal,
    ask: (on: ModbusConnection) => Promise<T>,
  ): Promise<T> {
    for (let left = limits.retries; ; left--) {
      try {
        return await turns.take(signal, () => once(unit, limits, signal, ask))
      } catch (error) {
        if (left <= 0 || signal.aborted || error instanceof ModbusException) throw error
      }
    }
  }

  return {
    name,
    read: (unit, fc, start, count, limits, signal) =>
      request(unit, limits, signal, async ({ client }) => {
        if (fc === 1) return bits(await client.readCoils(start, count), count)
        if (fc === 2) return bits(await client.readDiscreteInputs(start, count), count)
        return (fc === 3 ? await client.readHoldingRegisters(start, count) : await client.readInputRegisters(start, count)).data
      }),
    writeCoil: (unit, address, on, limits, signal) =>
      request(unit, { ...limits, retries: 0 }, signal, async ({ client }) => {
        await client.writeCoil(address, on)
      }),
    writeRegister: (unit, address, value, limits, signal) =>
      request(unit, { ...limits, retries: 0 }, signal, async ({ client }) => {
        await client.writeRegister(address, value)
      }),
    close() {
      connection?.close()
      connection = null
    },
  }
}

const bits = ({ data }: { data: readonly boolean[] }, count: number): number[] => data.slice(0, count).map((bit) => (bit ? 1 : 0))

/** The library never settles a request whose connection died under it. */
function answered<T>(asking: Promise<T>, signal: AbortSignal, name: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = (): void => reject(new ProbeError('timeout', `${name}: no answer`))
    if (signal.aborted) late()
    signal.addEventListener('abort', late, { once: true })
    asking.then(resolve, reject).finally(() => signal.removeEventListener('abort', late))
  })
}
