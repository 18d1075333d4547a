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

/** Of a turn; what is on it lies beside the conversations and is not carried with them. */
export interface Picture {
  id: string
  width: number
  height: number
}

export interface Turn {
  id: string
  /** Of the turn before it; '' begins a conversation. */
  parent: string
  role: 'user' | 'assistant'
  text: string
  pictures?: Picture[]
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

/** A turn that is read, and which of the branches at its place it is. */
export interface Place {
  turn: Turn
  at: number
  of: number
}

/** What is read, from the first turn on. */
export function places(conversation: Conversation): Place[] {
  const byParent = new Map<string, Turn[]>()
  for (const turn of conversation.turns) {
    const beside = byParent.get(turn.parent)
    if (beside) beside.push(turn)
    else byParent.set(turn.parent, [turn])
  }
  const read = new Map<string, Place>()
  for (let parent = ''; ; ) {
    const branches = byParent.get(parent) ?? []
    const turn = branches.find(each => each.id === conversation.chosen[parent]) ?? branches.at(-1)
    if (!turn || read.has(turn.id)) return [...read.values()]
    read.set(turn.id, { turn, at: branches.indexOf(turn), of: branches.length })
    parent = turn.id
  }
}

export function path(conversation: Conversation): Turn[] {
  return places(conversation).map(place => place.turn)
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
    title: conversation.title || titleOf(turn.text) || (turn.pictures ? 'A picture' : ''),
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
