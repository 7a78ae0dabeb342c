import type { Context } from 'hono'
import { HttpProblem } from './deps.ts'

/** The JSON object of a request; {} for an empty body, HttpProblem 400 for anything else. */
export async function readBody(c: Context): Promise<Record<string, unknown>> {
  const text = await c.req.text()
  if (text.trim() === '') return {}
  try {
    const body: unknown = JSON.parse(text)
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>
  } catch {
    // told below, together with valid JSON that is no object
  }
  throw new HttpProblem(400, 'the body must be a JSON object')
}
