/** How a field is written on the wire; one type per measurement.field, for ever (InfluxDB refuses a second one). */
export type FieldType = 'float' | 'int' | 'string'

type Fields = Readonly<Record<string, FieldType>>

/** Fields that are not floats. A number that is not listed here is a float, a text is a string. */
const TYPED: Readonly<Record<string, Fields>> = {
  check: { up: 'int', reason: 'string', assumed: 'int' },
  mem: {
    total: 'int',
    used: 'int',
    free: 'int',
    available: 'int',
    buffered: 'int',
    cached: 'int',
    slab: 'int',
    shared: 'int',
    sreclaimable: 'int',
    sunreclaim: 'int',
    active: 'int',
    inactive: 'int',
    dirty: 'int',
    write_back: 'int',
    committed_as: 'int',
    commit_limit: 'int',
    huge_pages_total: 'int',
    huge_pages_free: 'int',
  },
  swap: { total: 'int', used: 'int', free: 'int', in: 'int', out: 'int' },
  disk: { total: 'int', used: 'int', free: 'int', inodes_total: 'int', inodes_used: 'int', inodes_free: 'int', read_only: 'int' },
  diskio: {
    reads: 'int',
    merged_reads: 'int',
    merged_writes: 'int',
    writes: 'int',
    read_bytes: 'int',
    write_bytes: 'int',
    read_time: 'int',
    write_time: 'int',
    io_time: 'int',
    weighted_io_time: 'int',
    iops_in_progress: 'int',
  },
  net: {
    bytes_sent: 'int',
    bytes_recv: 'int',
    packets_sent: 'int',
    packets_recv: 'int',
    err_in: 'int',
    err_out: 'int',
    drop_in: 'int',
    drop_out: 'int',
    up: 'int',
  },
  system: { uptime: 'int', n_cpus: 'int', n_users: 'int' },
  processes: {
    total: 'int',
    running: 'int',
    sleeping: 'int',
    blocked: 'int',
    zombies: 'int',
    stopped: 'int',
    idle: 'int',
    unknown: 'int',
    total_threads: 'int',
  },
  process: { running: 'int', count: 'int' },
  host_info: { cores: 'int', memory_bytes: 'int' },
  kernel: { boot_time: 'int', context_switches: 'int', interrupts: 'int', processes_forked: 'int' },
  ping: { packets_transmitted: 'int', packets_received: 'int', result_code: 'int', ttl: 'int' },
  net_response: { result_code: 'int', result_type: 'string', string_found: 'int' },
  http_response: {
    http_response_code: 'int',
    content_length: 'int',
    result_code: 'int',
    result_type: 'string',
    response_string_match: 'int',
    response_status_code_match: 'int',
  },
  ipmi_sensor: { status: 'int' },
  ipmi_device: { product_id: 'int' },
  event: { record_id: 'int', count: 'int' },
  x509_cert: { age: 'int', expiry: 'int', startdate: 'int', enddate: 'int', verification_code: 'int' },
}

/** Suffixes that make a field an integer in every measurement. */
const INT_SUFFIX = /(_code|_count|_bits|running|_total_count)$/

/** The wire type of a numeric field; strings are always `string`, booleans are written as 0|1 integers. */
export function fieldType(measurement: string, field: string): FieldType {
  const known = TYPED[measurement]?.[field]
  if (known) return known
  return INT_SUFFIX.test(field) ? 'int' : 'float'
}
