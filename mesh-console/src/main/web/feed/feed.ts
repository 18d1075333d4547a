// The one connection of this page to its daemon: an event stream that begins with everything and goes on with what
// changed. It resumes where it stopped, notices a dead line by the missing beat, and is closed while nobody looks.

import { lineKey, merged, NO_GROUPS, type Document, type LogLine } from './entities'
import { change, current } from './store'

/** The daemon beats every 5 s; two missed ones and a little. */
const SILENCE_MILLIS_MAX = 12_000
/** A glance at another tab costs no reconnection. */
const HIDDEN_MILLIS_MAX = 30_000
const RETRY_MILLIS = [1_000, 2_000, 4_000, 8_000, 10_000]
const LOG_LINES_MAX = 1_000

let lastId = ''
let stop: AbortController | undefined
let timer: number | undefined
let heardMillis = 0
let hiddenTimer: number | undefined
const knownLines = new Set<string>()

export function startFeed() {
  document.addEventListener('visibilitychange', () => {
    clearTimeout(hiddenTimer)
    if (document.hidden) hiddenTimer = window.setTimeout(pause, HIDDEN_MILLIS_MAX)
    else if (current().link.state === 'paused') retryNow()
  })
  setInterval(() => {
    if (current().link.state === 'live' && Date.now() - heardMillis > SILENCE_MILLIS_MAX) stop?.abort()
  }, 1_000)
  void connect()
}

export function retryNow() {
  clearTimeout(timer)
  void connect()
}

function pause() {
  clearTimeout(timer)
  change({ link: { ...current().link, state: 'paused' } })
  stop?.abort()
}

async function connect() {
  stop?.abort()
  const mine = (stop = new AbortController())
  const before = current().link
  if (before.state !== 'connecting') change({ link: { ...before, state: 'connecting' } })
  try {
    const answer = await fetch('mesh/v1/events?log=1', {
      headers: lastId ? { accept: 'text/event-stream', 'last-event-id': lastId } : { accept: 'text/event-stream' },
      cache: 'no-store',
      signal: mine.signal,
    })
    if (!answer.ok || !answer.body) throw new Error(`status ${answer.status}`)
    await read(answer.body, mine)
  } catch {
    // Every way to lose the line ends the same: below.
  }
  mine.abort()
  if (stop !== mine || current().link.state === 'paused') return
  const failures = current().link.failures + 1
  const waitMillis = RETRY_MILLIS[Math.min(failures, RETRY_MILLIS.length) - 1]!
  timer = window.setTimeout(() => void connect(), waitMillis)
  change({
    link: {
      state: 'waiting',
      failures,
      lostMillis: current().link.lostMillis ?? Date.now(),
      retryMillis: Date.now() + waitMillis,
    },
  })
}

async function read(body: ReadableStream<Uint8Array>, mine: AbortController) {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  for (;;) {
    const { value, done } = await reader.read()
    if (done || stop !== mine) return
    heardMillis = Date.now()
    if (current().link.state === 'connecting') change({ link: { state: 'live', failures: 0 } })
    const blocks = (rest + decoder.decode(value, { stream: true })).split('\n\n')
    rest = blocks.pop()!
    const lines: LogLine[] = []
    for (const block of blocks) taken(block, lines)
    if (lines.length > 0) logged(lines)
  }
}

/** One event of the stream; a block of comments alone is the beat and needed nothing but to arrive. */
function taken(block: string, lines: LogLine[]) {
  let event = ''
  let data = ''
  let id = ''
  for (const line of block.split('\n')) {
    if (line.startsWith('event:')) event = line.slice(6).trim()
    else if (line.startsWith('data:')) data += line.slice(5).trim()
    else if (line.startsWith('id:')) id = line.slice(3).trim()
  }
  if (event === 'state' || event === 'delta') {
    const said = JSON.parse(data) as Document
    change({
      ...merged(event === 'state' ? NO_GROUPS : current(), said.entities),
      atMillis: said.atMillis,
      skewMillis: said.atMillis - Date.now(),
    })
    if (id) lastId = id
  } else if (event === 'log') {
    lines.push(JSON.parse(data) as LogLine)
  }
}

/** After a reconnection the daemon says its last lines again; those that stand here already are let go. */
function logged(lines: LogLine[]) {
  const fresh = lines.filter(line => !knownLines.has(lineKey(line)))
  if (fresh.length === 0) return
  for (const line of fresh) knownLines.add(lineKey(line))
  const all = [...current().log, ...fresh]
  for (const line of all.slice(0, -LOG_LINES_MAX)) knownLines.delete(lineKey(line))
  change({ log: all.slice(-LOG_LINES_MAX) })
}
