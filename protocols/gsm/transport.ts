/** A byte pipe to a modem. Writes are not awaited: a serial port that was unplugged never answers them, so the conversation keeps its own deadlines. */
export interface Transport {
  write(bytes: Buffer): void
  /** One listener each; set before anything is written. */
  onData(listener: (bytes: Buffer) => void): void
  /** Called once, with the reason, when the line is gone; not after `close`. */
  onClose(listener: (reason: Error) => void): void
  close(): Promise<void>
}

/** Opens the device at a speed; rejects with the system's error (ENOENT, EACCES, EBUSY). */
export type OpenTransport = (device: string, baud: number) => Promise<Transport>
