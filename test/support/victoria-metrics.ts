import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { type ServerProcess, serverProcess } from './server-process.ts'
import { which } from './tools.ts'

export const VM_USER = { username: 'u', password: 'p' }

export interface VictoriaMetrics extends ServerProcess {
  /** Every stored sample of the series that match, duplicates dropped as queries do; times in ms. */
  export(match: string): Promise<{ metric: Record<string, string>; values: number[]; timestamps: number[] }[]>
  /** An instant query at `time` (ms). */
  query(promql: string, time: number): Promise<{ metric: Record<string, string>; value: number }[]>
}

/** VictoriaMetrics as jifang needs it: samples of a repeated write are stored once. `dir` is kept by the caller. */
export async function startVictoriaMetrics(dir: string, { auth = false } = {}): Promise<VictoriaMetrics> {
  const program = which('victoria-metrics')
  if (!program) throw new Error('victoria-metrics is not installed')
  await mkdir(dir, { recursive: true })
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const headers: Record<string, string> = auth
    ? { authorization: `Basic ${Buffer.from(`${VM_USER.username}:${VM_USER.password}`).toString('base64')}` }
    : {}
  const args = [
    `-storageDataPath=${join(dir, 'data')}`,
    `-httpListenAddr=127.0.0.1:${port}`,
    '-retentionPeriod=1y',
    '-dedup.minScrapeInterval=1ms',
  ]
  if (auth) args.push(`-httpAuth.username=${VM_USER.username}`, `-httpAuth.password=${VM_USER.password}`)
  const get = async (path: string, parameters: Record<string, string>) => {
    await fetch(`${url}/internal/force_flush`, { headers })
    const answer = await fetch(`${url}${path}?${new URLSearchParams(parameters)}`, { headers })
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
    return answer.text()
  }
  const server = serverProcess({
    program,
    args,
    url,
    logFile: join(dir, 'victoria-metrics.log'),
    ready: async () => (await fetch(`${url}/health`, { headers })).ok,
  })
  await server.start()
  return {
    ...server,
    async export(match) {
      const text = await get('/api/v1/export', { 'match[]': match, reduce_mem_usage: '0' })
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line))
    },
    async query(promql, time) {
      const parsed = JSON.parse(await get('/api/v1/query', { query: promql, time: String(time / 1000) })) as {
        data: { result: { metric: Record<string, string>; value: [number, string] }[] }
      }
      return parsed.data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }))
    },
  }
}
