// Calls of the management API. The custom header is what no foreign form can send.

/** The daemon said no, in its own words: a stable code and a sentence. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message)
  }
}

export async function call<T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<T> {
  let answer: Response
  try {
    answer = await fetch(`mesh/v1/${path}`, {
      method,
      headers: { 'x-mesh-console': '1', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  } catch {
    throw new Refused(0, 'unreachable', 'the node does not answer')
  }
  const text = await answer.text()
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    json = undefined
  }
  if (answer.ok) return json as T
  const error = (json as { error?: { code?: string; message?: string } } | undefined)?.error
  throw new Refused(answer.status, error?.code ?? `status_${answer.status}`, error?.message ?? `status ${answer.status}`)
}
