// Conversations, kept in this browser alone: a tree of turns each, since every edit and every second try is a branch of
// its own, and which branch is read. Plain values; whoever changes one makes a new one.

export interface Answer {
  /** What the mesh said in its headers; absent where it said nothing. */
  model?: string
  node?: string
  route?: string
  why?: string
  requestId?: string
  queuedMillis?: number
  firstMillis?: number
  writtenMillis?: number
  promptTokens?: number
  answerTokens?: number
  thought?: string
  /** How it ended: by itself, at its limit, on Stop, or on an error whose code stands here. */
  ending?: 'whole' | 'length' | 'stopped' | 'failed'
  error?: { code: string; message: string; retrySeconds?: number }
}

export interface Turn {
  id: string
  /** Of the turn before it; '' begins a conversation. */
  parent: string
  role: 'user' | 'assistant'
  text: string
  answer?: Answer
}

export interface Conversation {
  id: string
  title: string
  madeMillis: number
  changedMillis: number
  model: string
  system: string
  turns: Turn[]
  /** After each turn the one that is read on; the newest where nothing was chosen. */
  chosen: Record<string, string>
}

const TITLE_CHARS_MAX = 60

export function started(model: string): Conversation {
  const now = Date.now()
  return { id: freshId(), title: '', madeMillis: now, changedMillis: now, model, system: '', turns: [], chosen: {} }
}

export function freshId(): string {
  return crypto.randomUUID()
}

export function after(conversation: Conversation, parent: string): Turn[] {
  return conversation.turns.filter(turn => turn.parent === parent)
}

/** The turns that are read, from the first on. */
export function path(conversation: Conversation): Turn[] {
  const byParent = new Map<string, Turn[]>()
  for (const turn of conversation.turns) byParent.set(turn.parent, [...(byParent.get(turn.parent) ?? []), turn])
  const read: Turn[] = []
  for (let at = ''; ; ) {
    const branches = byParent.get(at) ?? []
    const next = branches.find(turn => turn.id === conversation.chosen[at]) ?? branches.at(-1)
    if (!next || read.includes(next)) return read
    read.push(next)
    at = next.id
  }
}

/** What came before a turn, oldest first. */
export function before(conversation: Conversation, turn: Turn): Turn[] {
  const found: Turn[] = []
  for (let parent = turn.parent; parent !== ''; ) {
    const each = conversation.turns.find(one => one.id === parent)
    if (!each || found.includes(each)) break
    found.unshift(each)
    parent = each.parent
  }
  return found
}

export function withTurn(conversation: Conversation, turn: Turn): Conversation {
  return {
    ...conversation,
    title: conversation.title || titleOf(turn.text),
    changedMillis: Date.now(),
    turns: [...conversation.turns, turn],
    chosen: { ...conversation.chosen, [turn.parent]: turn.id },
  }
}

export function withChanged(conversation: Conversation, turn: Turn): Conversation {
  return { ...conversation, changedMillis: Date.now(), turns: conversation.turns.map(each => (each.id === turn.id ? turn : each)) }
}

export function titleOf(text: string): string {
  const words = text.trim().replace(/\s+/g, ' ')
  return words.length > TITLE_CHARS_MAX ? words.slice(0, TITLE_CHARS_MAX - 1) + '…' : words
}

/** What a file from elsewhere holds, if it is ours: every field is looked at, since anybody can have written it. */
export function imported(text: string): Conversation[] {
  const said = JSON.parse(text) as { conversations?: unknown }
  if (!Array.isArray(said.conversations)) throw new Error('no conversations in it')
  return said.conversations.map(each => {
    const { id, title, madeMillis, changedMillis, model, system, turns, chosen } = each as Record<string, unknown>
    if (typeof id !== 'string' || !Array.isArray(turns)) throw new Error('a conversation without turns')
    return {
      id,
      title: String(title ?? ''),
      madeMillis: Number(madeMillis) || Date.now(),
      changedMillis: Number(changedMillis) || Date.now(),
      model: String(model ?? 'auto'),
      system: String(system ?? ''),
      turns: turns.map(turnOf),
      chosen: Object.fromEntries(Object.entries((chosen as object) ?? {}).map(([from, to]) => [from, String(to)])),
    }
  })
}

function turnOf(said: unknown): Turn {
  const { id, parent, role, text, answer } = said as Record<string, unknown>
  if (typeof id !== 'string' || typeof text !== 'string') throw new Error('a turn without text')
  const turn: Turn = { id, parent: String(parent ?? ''), role: role === 'user' ? 'user' : 'assistant', text }
  if (!answer || typeof answer !== 'object') return turn
  const kept: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(answer)) if (typeof value === 'string' || typeof value === 'number') kept[key] = value
  const { code, message } = ((answer as Answer).error ?? {}) as Record<string, unknown>
  if (typeof code === 'string' && typeof message === 'string') kept['error'] = { code, message }
  return { ...turn, answer: kept as Answer }
}
