// One question to the API on the console's own origin, and its answer as it comes. Every way for a stream to end is told
// apart: whole, at its limit, by an error that the mesh names, and cut off, which is an error as well.

export interface Message {
  role: 'system' | 'user' | 'assistant'
  content: string | Part[]
}

export type Part = { type: 'text'; text: string } | { type: 'image_url'; image_url: { url: string } }

export interface Question {
  model: string
  messages: Message[]
  /** By which the mesh finds the node that has the beginning of this conversation in memory. */
  session: string
  temperature?: number
}

export interface Head {
  node?: string
  model?: string
  route?: string
  why?: string
  requestId?: string
  queuedMillis?: number
}

export type Piece =
  | { kind: 'head'; head: Head }
  /** A comment of the stream: where in the queue, how long. */
  | { kind: 'waiting'; words: string }
  | { kind: 'text'; text: string }
  | { kind: 'thought'; text: string }
  | { kind: 'counted'; promptTokens?: number; answerTokens?: number }
  | { kind: 'ended'; isAtLimit: boolean }

/** The mesh, or the line to it, said no: before the first word or in the middle of the answer. */
export class Broken extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly retrySeconds?: number,
  ) {
    super(message)
  }
}

interface Chunk {
  choices?: { delta?: { content?: string | null; reasoning_content?: string | null }; finish_reason?: string | null }[]
  usage?: { prompt_tokens?: number; completion_tokens?: number }
  error?: { code?: string; message?: string } | string
}

export async function* ask(question: Question, signal: AbortSignal): AsyncGenerator<Piece> {
  const answer = await sent(question, signal)
  if (!answer.ok) throw await refused(answer)
  yield { kind: 'head', head: headOf(answer.headers) }
  let isDone = false
  let isAtLimit = false
  for await (const block of blocks(answer, signal)) {
    const data = dataOf(block)
    if (data === undefined) {
      const words = commentOf(block)
      if (words) yield { kind: 'waiting', words }
      continue
    }
    if (data === '[DONE]') {
      isDone = true
      continue
    }
    const chunk = parsed(data)
    if (chunk.error) {
      const error = typeof chunk.error === 'string' ? { message: chunk.error } : chunk.error
      throw new Broken(error.code ?? 'stream_failed', error.message ?? 'the answer broke off')
    }
    const choice = chunk.choices?.[0]
    if (choice?.delta?.reasoning_content) yield { kind: 'thought', text: choice.delta.reasoning_content }
    if (choice?.delta?.content) yield { kind: 'text', text: choice.delta.content }
    if (choice?.finish_reason === 'length') isAtLimit = true
    if (chunk.usage)
      yield {
        kind: 'counted',
        ...(chunk.usage.prompt_tokens === undefined ? {} : { promptTokens: chunk.usage.prompt_tokens }),
        ...(chunk.usage.completion_tokens === undefined ? {} : { answerTokens: chunk.usage.completion_tokens }),
      }
  }
  if (!isDone) throw new Broken('cut_off', 'the answer stopped before its end')
  yield { kind: 'ended', isAtLimit }
}

async function sent({ model, messages, session, temperature }: Question, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch('v1/chat/completions', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-session-affinity': session, 'x-mesh-console': '1' },
      body: JSON.stringify({
        model,
        messages,
        stream: true,
        stream_options: { include_usage: true },
        ...(temperature === undefined ? {} : { temperature }),
      }),
      signal,
    })
  } catch (thrown) {
    signal.throwIfAborted()
    throw new Broken('unreachable', 'the node does not answer')
  }
}

async function refused(answer: Response): Promise<Broken> {
  const text = await answer.text().catch(() => '')
  let error: { code?: string; message?: string } | undefined
  try {
    error = (JSON.parse(text) as { error?: { code?: string; message?: string } }).error
  } catch {
    error = undefined
  }
  const retry = Number(answer.headers.get('retry-after') ?? NaN)
  return new Broken(
    error?.code ?? `status_${answer.status}`,
    error?.message ?? `status ${answer.status}`,
    Number.isFinite(retry) ? retry : undefined,
  )
}

function headOf(headers: Headers): Head {
  const head: Head = {}
  const said = (name: string) => headers.get(name) || undefined
  const node = said('x-mesh-node')
  const model = said('x-mesh-model')
  const route = said('x-mesh-route')
  const why = said('x-mesh-why')
  const requestId = said('x-request-id')
  const queued = Number(said('x-mesh-queued-ms') ?? NaN)
  if (node) head.node = node
  if (model) head.model = model
  if (route) head.route = route
  if (why) head.why = why
  if (requestId) head.requestId = requestId
  if (Number.isFinite(queued)) head.queuedMillis = queued
  return head
}

async function* blocks(answer: Response, signal: AbortSignal): AsyncGenerator<string> {
  const reader = answer.body!.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for (;;) {
      const { value, done } = await reader.read().catch(() => {
        signal.throwIfAborted()
        throw new Broken('cut_off', 'the line broke before the answer was whole')
      })
      if (done) {
        if (rest.trim()) yield rest
        return
      }
      const parts = (rest + decoder.decode(value, { stream: true })).replaceAll('\r\n', '\n').split('\n\n')
      rest = parts.pop()!
      yield* parts
    }
  } finally {
    // Whoever stops listening ends the generation, wherever it runs.
    reader.cancel().catch(() => undefined)
  }
}

function dataOf(block: string): string | undefined {
  const lines = block.split('\n').filter(line => line.startsWith('data:'))
  return lines.length === 0 ? undefined : lines.map(line => line.slice(5).trim()).join('\n')
}

function commentOf(block: string): string {
  return block
    .split('\n')
    .filter(line => line.startsWith(':'))
    .map(line => line.slice(1).trim())
    .join(' ')
}

function parsed(data: string): Chunk {
  try {
    return JSON.parse(data) as Chunk
  } catch {
    throw new Broken('odd_answer', 'the answer is no JSON')
  }
}
