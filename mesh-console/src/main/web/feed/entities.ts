// What the daemon says, as it says it (docs/api.md). Whatever can be unknown is absent then, never 0; times are epoch
// milliseconds of the daemon's clock, sizes are bytes.

export interface Self {
  id?: string
  name: string
  version: string
  role?: string
  state?: string
  meshId?: string
  meshName?: string
  apiPort?: number
  apiUrl?: string
  consoleUrl?: string
  startedMillis?: number
  offline?: boolean
  /** The command that lets another machine join, if this node may admit one. */
  joinCommand?: string
  queue?: number
  requests?: { answered?: number; failed?: number; left?: number }
  refused?: Record<string, number>
  memoryBytes?: number
  memoryTotalBytes?: number
  memorySource?: string
}

export type NodeState = 'self' | 'alive' | 'suspect' | 'lost'

export interface MeshNode {
  id: string
  name: string
  role?: string
  state: NodeState
  /** Of its llama.cpp. */
  version?: string
  memoryBytes?: number
  memoryUsedBytes?: number
  models?: string[]
  rttMillis?: number
  path?: 'self' | 'lan' | 'public' | 'punched' | 'relay'
  via?: string
  clients?: number
  heardMillis?: number
  lostMillis?: number
}

export interface Share {
  node: string
  units?: number
  share?: number
  bytes?: number
}

export interface Progress {
  phase?: string
  doneBytes?: number
  totalBytes?: number
}

export interface Model {
  name: string
  state: string
  reason?: string
  detail?: string
  mode?: string
  /** What can be asked of it, as its hosts say: chat, vision, …; absent until one has said so. */
  skills?: string[]
  hosts?: string[]
  split?: Share[]
  contextTokens?: number
  slots?: number
  sizeBytes?: number
  needBytes?: number
  haveBytes?: number
  demandPerMinute?: number
  /** Requests that its hosts work on now. */
  outstanding?: number
  tokensPerSecond?: number
  loading?: Progress
  heardMillis?: number
}

export interface Operation extends Progress {
  id: string
  kind: string
  subject: string
  bytesPerSecond?: number
  sinceMillis?: number
  /** Set when it failed; it stays a minute with it. */
  reason?: string
  state?: string
}

export interface Attempt {
  node: string
  route?: string
  why?: string
  outcome: string
  millis?: number
}

export interface Relayed {
  id: string
  startedMillis: number
  path: string
  askedBy?: string
  model: string
  node: string
  route: string
  why?: string
  stream?: boolean
  status: number
  ending: string
  queuedMillis?: number
  firstByteMillis?: number
  totalMillis?: number
  promptTokens?: number
  cachedTokens?: number
  answerTokens?: number
  requestBytes?: number
  responseBytes?: number
  attempts?: Attempt[]
}

export interface Listing {
  published?: boolean
  relays?: Record<string, unknown>[]
}

export interface LogLine {
  atMillis: number
  level: string
  event: string
  [key: string]: unknown
}

/** Tells a line from every other; the daemon numbers them. */
export function lineKey(line: LogLine): string {
  return typeof line.number === 'number' ? `${line.atMillis} ${line.number}` : JSON.stringify(line)
}

/** Every entity by its kind; one group is replaced when one of its entities changes, the others keep their identity. */
export interface Groups {
  self: Self | undefined
  listing: Listing | undefined
  node: Record<string, MeshNode>
  model: Record<string, Model>
  operation: Record<string, Operation>
  request: Record<string, Relayed>
}

export const NO_GROUPS: Groups = {
  self: undefined,
  listing: undefined,
  node: {},
  model: {},
  operation: {},
  request: {},
}

export interface Document {
  version: number
  atMillis: number
  entities: Record<string, unknown>
}

/** What results when `changed` is laid over `groups`; null takes away. Kinds that a newer daemon invents are let go. */
export function merged(groups: Groups, changed: Record<string, unknown>): Groups {
  const next: Groups = { ...groups }
  const copied = new Set<string>()
  for (const [key, value] of Object.entries(changed)) {
    const slash = key.indexOf('/')
    const kind = slash < 0 ? key : key.slice(0, slash)
    if (slash < 0) {
      if (kind === 'self' || kind === 'listing') (next as unknown as Record<string, unknown>)[kind] = value ?? undefined
      continue
    }
    if (kind !== 'node' && kind !== 'model' && kind !== 'operation' && kind !== 'request') continue
    if (!copied.has(kind)) {
      ;(next as unknown as Record<string, unknown>)[kind] = { ...next[kind] }
      copied.add(kind)
    }
    const group = next[kind] as Record<string, unknown>
    if (value === null) delete group[key.slice(slash + 1)]
    else group[key.slice(slash + 1)] = value
  }
  return next
}
